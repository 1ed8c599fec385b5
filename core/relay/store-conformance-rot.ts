/**
 * What a store of a relay must do about bits that turn over on its disk: a payload is lost at most, and told; the chain
 * stays what it was, wherever in a log it happens. Part of `store-conformance.ts`.
 */
import type { Page } from "../log/page.ts";
import { BOB, checkSame, EPOCH, NOW_MS, RETENTION_S, TTL_S, type Cases, type Desk } from "./conformance-desk.ts";

export const ROT_CASES: Cases = Object.fromEntries(
  [1, 2, 3].flatMap((at) => [
    ...(["payload", "payloadHash", "blobId"] as const).map(
      (field) =>
        [
          `page: a rotten ${field} at ${at} of 3 is gone, its neighbours come, and the chain is unbroken`,
          (desk: Desk) => checkBlobLost(desk, at, field),
        ] as const,
    ),
    [
      `a rotten chain at ${at} of 3 costs nothing: pages, claims, repeated pushes and what is trimmed`,
      (desk: Desk) => checkChainMended(desk, at),
    ] as const,
  ]),
);

function checkBlobLost(desk: Desk, at: number, field: "payload" | "payloadHash" | "blobId"): void {
  const items = desk.fill(3);
  desk.rot(items[at - 1]!.blobId, field);
  for (const restart of [false, true]) {
    if (restart) desk.reopen();
    const page = desk.page()!;
    const { chain } = desk.positionAfter(items.slice(0, at));
    const neighbours = [1, 2, 3].filter((cursor) => cursor !== at);
    checkSame(cursorsOf(page), neighbours, "neighbours");
    checkSame(page.gone, [{ from: at, to: at, why: "rotted", chain }], "what is gone");
    checkSame([page.through, page.chain], [3, desk.positionAfter(items).chain], "its end");
    // Whoever pushes a blob again is answered as before, though nothing is left to compare it with.
    if (field !== "payloadHash") continue;
    const [answer] = desk.push([items[at - 1]!]).answers;
    checkSame(answer?.type === "accepted" && [answer.cursor, answer.chain], [at, chain], "a repeated push");
  }
}

function checkChainMended(desk: Desk, at: number): void {
  const items = desk.fill(3);
  const { chain } = desk.positionAfter(items.slice(0, at));
  const end = desk.positionAfter(items).chain;
  desk.rot(items[at - 1]!.blobId, "chain");
  for (const after of [0, 1, 2, 3]) {
    const page = desk.page(after)!;
    checkSame(cursorsOf(page), [1, 2, 3].slice(after), `blobs after ${after}`);
    checkSame([page.gone, page.chain], [[], end], `the rest after ${after}`);
  }
  checkSame(desk.page(at - 1, 1)!.chain, chain, "where a page ends");
  const position = { cursor: at, chain };
  const claim = { epoch: EPOCH, contiguous: position, highest: position };
  checkSame(desk.admit(BOB, claim).isRenewed, false, "a right claim is no sign of lost data");
  const [answer] = desk.push([items[at - 1]!]).answers;
  checkSame(answer?.type === "accepted" && [answer.cursor, answer.chain], [at, chain], "a repeated push");
  desk.sweep(NOW_MS + 1000 * (TTL_S + RETENTION_S));
  checkSame(desk.page()!.gone, [{ from: 1, to: 3, why: "expired", chain: end }], "what is trimmed");
}

const cursorsOf = (page: Page): readonly number[] => page.blobs.map(({ cursor }) => cursor);
