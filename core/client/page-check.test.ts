import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeHex } from "../bytes.ts";
import { portableSuite as suite } from "../crypto/portable.ts";
import type { Position } from "../ids.ts";
import { START } from "../ids.ts";
import { ChainHasher } from "../log/chain.ts";
import type { PulledBlob, PullResponse } from "../wire/messages.ts";
import { checkPage } from "./page-check.ts";

const hasher = new ChainHasher(suite);
const SENDER = new Uint8Array(32).fill(9);

/** Cursors 1 to 8 as an honest relay has them. */
const BLOBS: PulledBlob[] = Array.from({ length: 8 }, (_, i) => ({
  cursor: i + 1,
  blobId: new Uint8Array(16).fill(i + 1),
  sender: SENDER,
  payload: new Uint8Array(i).fill(i),
  timestampMs: 0,
}));
const LOG: Position[] = [START];
for (const { cursor, blobId, payload } of BLOBS) {
  LOG.push({ cursor, chain: hasher.next(LOG[cursor - 1]!.chain, cursor, blobId, suite.hash(payload)) });
}
const chainAt = (cursor: number): Uint8Array => LOG[cursor]!.chain;

/** The page (after, through], with the cursors of `gone` told as gone. */
function page(
  after: number,
  through: number,
  gone: readonly (readonly [from: number, to: number])[] = [],
): PullResponse {
  const isGone = (cursor: number): boolean => gone.some(([from, to]) => from <= cursor && cursor <= to);
  return {
    type: "PullResponse",
    after,
    through,
    blobs: BLOBS.filter(({ cursor }) => cursor > after && cursor <= through && !isGone(cursor)),
    gone: gone.map(([from, to]) => ({ from, to, why: "expired", chain: chainAt(to) })),
    chain: chainAt(through),
    hasMore: through < 8,
    max: 8,
  };
}
const hashesOf = ({ blobs }: PullResponse) => blobs.map(({ payload }) => suite.hash(payload));
const check = (from: number, response: PullResponse) => checkPage(hasher, LOG[from]!, response, hashesOf(response));
function refusal(from: number, response: PullResponse): unknown {
  const checked = check(from, response);
  return checked.ok ? "believed" : checked.error;
}

describe("a page", () => {
  it("is believed when every cursor is a blob or gone, and leads to the position at its end", () => {
    for (const response of [
      page(2, 5),
      page(2, 8),
      page(2, 6, [[3, 4]]),
      page(2, 6, [
        [3, 3],
        [5, 6],
      ]),
      page(2, 4, [[3, 4]]),
    ]) {
      const checked = check(2, response);
      expect(checked.ok && checked.value.cursor).toBe(response.through);
      expect(checked.ok && encodeHex(checked.value.chain)).toBe(encodeHex(chainAt(response.through)));
    }
  });

  it("may say that nothing is new", () => {
    expect(check(8, page(8, 8))).toEqual({ ok: true, value: LOG[8] });
    expect(check(0, { ...page(0, 0), hasMore: false, max: 0 })).toEqual({ ok: true, value: START });
  });

  it("keeps no hold of the frame that it came in", () => {
    const response = page(7, 8);
    const chain = response.chain.slice();
    const checked = check(7, { ...response, blobs: [], gone: [{ from: 8, to: 8, why: "expired", chain }], chain });
    chain.fill(0);
    expect(checked).toEqual({ ok: true, value: LOG[8] });
  });

  it("answers another question: refused", () => {
    expect(refusal(3, page(2, 5))).toEqual({ type: "WrongAfter", after: 2 });
    expect(refusal(1, page(2, 5))).toEqual({ type: "WrongAfter", after: 2 });
  });

  it("leaves a cursor out: refused, at the start, in the middle and at the end", () => {
    const without = (cursor: number): PullResponse => {
      const response = page(2, 5);
      return { ...response, blobs: response.blobs.filter((blob) => blob.cursor !== cursor) };
    };
    for (const cursor of [3, 4, 5]) expect(refusal(2, without(cursor))).toEqual({ type: "Hole", cursor });
    expect(refusal(2, { ...page(2, 6, [[3, 4]]), gone: [] })).toEqual({ type: "Hole", cursor: 3 });
  });

  it("brings other bytes, another blob, or another order: refused by its chain", () => {
    const good = page(2, 5);
    const [first, second, third] = good.blobs as [PulledBlob, PulledBlob, PulledBlob];
    const swapped = [first, { ...third, cursor: 4 }, { ...second, cursor: 5 }];
    for (const blobs of [
      [first, { ...second, payload: Uint8Array.of(1) }, third],
      [first, { ...second, blobId: SENDER.slice(16) }, third],
      swapped,
    ]) {
      expect(refusal(2, { ...good, blobs })).toEqual({ type: "WrongChain", cursor: 5 });
    }
  });

  it("claims another chain at its end, or in a gone range: refused", () => {
    expect(refusal(2, { ...page(2, 5), chain: chainAt(4) })).toEqual({ type: "WrongChain", cursor: 5 });
    const ranged = page(2, 6, [[3, 4]]);
    const gone = ranged.gone.map((range) => ({ ...range, chain: chainAt(1) }));
    expect(refusal(2, { ...ranged, gone })).toEqual({ type: "WrongChain", cursor: 6 });
  });

  it("fits a log that is not the one seen so far: refused", () => {
    const elsewhere = { cursor: 2, chain: chainAt(1) };
    for (const response of [page(2, 5), { ...page(2, 2), hasMore: true }]) {
      expect(checkPage(hasher, elsewhere, response, hashesOf(response)).ok).toBe(false);
    }
  });

  it("contradicts itself about what remains: refused", () => {
    expect(refusal(2, { ...page(2, 5), hasMore: false })).toEqual({ type: "WrongMore" });
    expect(refusal(2, { ...page(2, 8), hasMore: true })).toEqual({ type: "WrongMore" });
    expect(refusal(2, page(2, 2))).toEqual({ type: "WrongMore" });
  });

  it("is refused however one blob is dropped, exchanged or altered", () => {
    const spoil = fc.constantFrom("drop", "exchange", "alter");
    fc.assert(
      fc.property(fc.nat(6), fc.integer({ min: 2, max: 8 }), fc.nat(), spoil, (after, length, which, how) => {
        const good = page(after, Math.min(8, after + length));
        expect(check(after, good).ok).toBe(true);
        const blobs = [...good.blobs];
        const at = which % blobs.length;
        const blob = blobs[at]!;
        if (how === "drop") blobs.splice(at, 1);
        else if (how === "alter") blobs[at] = { ...blob, payload: Uint8Array.of(...blob.payload, 1) };
        else blobs[at] = { ...blobs[(at + 1) % blobs.length]!, cursor: blob.cursor };
        expect(check(after, { ...good, blobs }).ok).toBe(false);
      }),
      { numRuns: 100 },
    );
  });
});
