/**
 * What every store of a relay must do, as named cases that throw on failure: pure code, run by a test file on each
 * implementation. The decisions are `core/log`'s and tested there; these cases hold what a store can get wrong around
 * them: to load what it wrote, to keep groups apart, to see earlier operations of one transaction in later ones, to
 * forget acknowledgements of an old epoch, and to answer the same after a restart of the process. The cases about
 * devices, invites and deletion are in `store-conformance-members.ts`, those about bit rot in `store-conformance-rot.ts`.
 */
import type { ConformanceCase } from "../crypto/suite-conformance.ts";
import type { CryptoSuite } from "../crypto/suite.ts";
import { GENESIS, START } from "../ids.ts";
import type { Page } from "../log/page.ts";
import {
  admission,
  ALICE,
  append,
  BOB,
  check,
  checkSame,
  Desk,
  EPOCH,
  expectType,
  GROUP,
  NOBODY,
  NOW_MS,
  OTHER_GROUP,
  RETENTION_S,
  sample,
  SECOND_EPOCH,
  TTL_S,
  type Answer,
  type Cases,
  type ConformanceStore,
} from "./conformance-desk.ts";
import { MEMBER_CASES } from "./store-conformance-members.ts";
import { ROT_CASES } from "./store-conformance-rot.ts";
import type { RelayOperation } from "./store.ts";

export type { ConformanceStore } from "./conformance-desk.ts";

const DAY_MS = 24 * 3600 * 1000;
const FORGOTTEN_MS = NOW_MS + (TTL_S + RETENTION_S) * 1000;

export function relayStoreConformance(suite: CryptoSuite, open: () => ConformanceStore): ConformanceCase[] {
  const cases: Cases = {
    ...IDENTITY_AND_ADMISSION,
    ...APPENDING,
    ...PAGING,
    ...RETENTION,
    ...MEMBER_CASES,
    ...ROT_CASES,
  };
  return Object.entries(cases).map(([name, run]) => ({ name, run: () => run(new Desk(suite, open())) }));
}

const IDENTITY_AND_ADMISSION: Cases = {
  "load: the first key that was drawn is kept, over restarts": (desk) => {
    checkSame(desk.load(sample(32, 1)), sample(32, 1), "the first");
    checkSame(desk.load(sample(32, 2)), sample(32, 1), "not the second");
    desk.reopen();
    checkSame(desk.load(sample(32, 3)), sample(32, 1), "after a restart");
  },
  "admit: an unknown group begins in the fresh epoch, with an empty log": (desk) => {
    const { head, pending, isRenewed } = desk.admit();
    const empty = { epoch: EPOCH, max: START, trimmed: START, floor: 1, heldBytes: 0 };
    checkSame([head, pending, isRenewed], [empty, 0, false], "a new group");
    checkSame(desk.page(), { ...emptyPage(0), chain: GENESIS }, "its log");
  },
  "admit: a known group keeps its epoch, over restarts": (desk) => {
    desk.admit();
    checkSame(desk.admit(BOB, NOBODY, GROUP, SECOND_EPOCH).head.epoch, EPOCH, "for another device");
    desk.reopen();
    checkSame(desk.admit(BOB, NOBODY, GROUP, SECOND_EPOCH).head.epoch, EPOCH, "after a restart");
  },
  "admit: no more groups than may be, while those that are there go on": (desk) => {
    desk.admit();
    desk.admit(ALICE, NOBODY, OTHER_GROUP);
    const third = admission(ALICE, NOBODY, sample(32, 3), EPOCH);
    checkSame(desk.run([third])[0]!.type, "full", "a third group");
    checkSame(desk.admit(BOB).head.epoch, EPOCH, "a known group");
    checkSame(desk.run([third])[0]!.type, "full", "the third group again");
  },
  "admit: tells the head, and how many blobs lie above the claim": (desk) => {
    const items = desk.fill(3);
    const at = { epoch: EPOCH, contiguous: desk.positionAfter(items.slice(0, 2)), highest: desk.positionAfter(items) };
    for (const restart of [false, true]) {
      if (restart) desk.reopen();
      const { head, pending, isRenewed } = desk.admit(ALICE, at);
      checkSame([head.max, head.heldBytes, head.floor], [desk.positionAfter(items), 30, 1], "head");
      checkSame([pending, isRenewed], [1, false], "pending");
    }
    checkSame(desk.admit(BOB).pending, 3, "for a device that has nothing");
  },
  "admit: a claim beyond the log renews the epoch and keeps the rows, over restarts": (desk) => {
    const items = desk.fill(2);
    const beyond = { cursor: 3, chain: sample(32, 99) };
    const claim = { epoch: EPOCH, contiguous: desk.positionAfter(items), highest: beyond };
    const { head, isRenewed, pending } = desk.admit(ALICE, claim, GROUP, SECOND_EPOCH);
    checkSame([head.epoch, isRenewed, pending], [SECOND_EPOCH, true, 2], "renewed");
    desk.reopen();
    checkSame(desk.admit(BOB, NOBODY, GROUP, EPOCH).head, { ...head }, "after a restart");
    checkSame(desk.page()?.blobs.length, 2, "rows");
    const answer = desk.push([items[0]!, desk.item(3)]).answers;
    checkSame(
      answer.map((one) => one.type === "accepted" && one.epoch),
      [SECOND_EPOCH, SECOND_EPOCH],
      "answers",
    );
  },
  "admit: a claim with another chain renews the epoch of that group only": (desk) => {
    desk.fill(2);
    desk.admit(ALICE, NOBODY, OTHER_GROUP);
    const forged = { cursor: 1, chain: sample(32, 99) };
    const claim = { epoch: EPOCH, contiguous: forged, highest: forged };
    checkSame(desk.admit(BOB, claim, GROUP, SECOND_EPOCH).isRenewed, true, "renewed");
    checkSame(desk.admit(BOB, NOBODY, OTHER_GROUP, SECOND_EPOCH).head.epoch, EPOCH, "the other group");
  },
};

const APPENDING: Cases = {
  "append: cursors, chain and head go on from batch to batch, over restarts": (desk) => {
    const items = [1, 2, 3].map((number) => desk.item(number));
    desk.admit();
    const first = desk.push(items.slice(0, 2));
    desk.reopen();
    const second = desk.push(items.slice(2));
    const expected = items.map(({ blobId }, i) => {
      const { cursor, chain } = desk.positionAfter(items.slice(0, i + 1));
      return { type: "accepted", blobId, cursor, chain, epoch: EPOCH, isNew: true };
    });
    checkSame([...first.answers, ...second.answers], expected, "answers");
    checkSame([first.max, second.max], [2, 3], "max");
    checkSame(desk.admit(BOB).head.max, desk.positionAfter(items), "head");
  },
  "append: a repetition gets the first answer and adds nothing, over restarts": (desk) => {
    const items = desk.fill(2);
    const position = desk.positionAfter(items.slice(0, 1));
    for (const restart of [false, true]) {
      if (restart) desk.reopen();
      const { answers, max } = desk.push([items[0]!, { ...items[1]!, payloadHash: sample(32, 5) }]);
      const { blobId } = items[0]!;
      const accepted = { type: "accepted", blobId, ...position, epoch: EPOCH, isNew: false };
      checkSame(answers, [accepted, { type: "conflict", blobId: items[1]!.blobId }], "answers");
      checkSame(max, 2, "max");
    }
    checkSame(desk.admit(BOB).head.heldBytes, 20, "held bytes");
  },
  "append: groups share neither cursors nor blob ids": (desk) => {
    const [item] = desk.fill(2);
    desk.admit(ALICE, NOBODY, OTHER_GROUP, SECOND_EPOCH);
    const { answers } = desk.push([item!], OTHER_GROUP);
    const { blobId } = item!;
    const accepted = { type: "accepted", blobId, ...desk.positionAfter([item!]), epoch: SECOND_EPOCH, isNew: true };
    checkSame(answers, [accepted], "in the other group");
    checkSame([desk.page()?.max, desk.page(0, 9, 1e6, OTHER_GROUP)?.max], [2, 1], "max of each");
  },
  "append: the quota is exact, and what was refused leaves nothing": (desk) => {
    desk.admit();
    const items = [desk.item(1, 60), desk.item(2, 50), desk.item(3, 40)];
    const types = (answer: Answer<"appended">): string[] => answer.answers.map(({ type }) => type);
    checkSame(types(desk.push(items, GROUP, 100)), ["accepted", "quota", "accepted"], "answers");
    desk.reopen();
    checkSame(types(desk.push([items[1]!], GROUP, 149)), ["quota"], "one byte short");
    checkSame(types(desk.push([items[1]!], GROUP, 150)), ["accepted"], "to the last byte");
    checkSame(
      desk.page()?.blobs.map(({ cursor }) => cursor),
      [1, 2, 3],
      "cursors without a hole",
    );
  },
  "append: the quota of all groups together is exact, over restarts and sweeps": (desk) => {
    desk.admit();
    desk.admit(ALICE, NOBODY, OTHER_GROUP);
    const push = (number: number, group: Uint8Array, totalBytesMax: number): unknown => {
      const answer = desk.one("appended", append([desk.item(number, 50)], group, 1e9, totalBytesMax)).answers[0]!;
      return answer.type === "quota" ? answer.of : answer.type;
    };
    checkSame(push(1, GROUP, 100), "accepted", "the first");
    checkSame(push(2, OTHER_GROUP, 100), "accepted", "to the last byte");
    desk.reopen();
    checkSame(push(3, GROUP, 149), "relay", "one byte short");
    desk.sweep(NOW_MS + TTL_S * 1000);
    desk.reopen();
    checkSame(push(3, GROUP, 50), "accepted", "after a sweep");
  },
  "append: later operations of a transaction see what earlier ones did": (desk) => {
    const [one, two] = [desk.item(1), desk.item(2)];
    const page: RelayOperation = { id: 0, type: "page", group: GROUP, after: 0, limit: 10, bytesMax: 1e6 };
    const admit = admission(ALICE, NOBODY, GROUP, EPOCH);
    const answers = desk.run([admit, append([one], GROUP), page, append([one, two], GROUP), page]);
    const pages = answers.map((answer) => (answer.type === "paged" ? answer.page?.blobs.length : answer.type));
    checkSame(pages, ["admitted", "appended", 1, "appended", 2], "answers");
    checkSame(expectType(answers[3], "appended").max, 2, "max");
    desk.reopen();
    checkSame(desk.page()?.blobs.length, 2, "after a restart");
  },
};

const PAGING: Cases = {
  "page: blobs come byte for byte as they were accepted, over restarts": (desk) => {
    const items = [desk.item(1, 0), desk.item(2, 70_000), desk.item(3, 1)];
    desk.admit();
    desk.push(items);
    const blobs = items.map(({ blobId, payload }, i) => {
      return { cursor: i + 1, blobId, sender: ALICE, payload, timestampMs: NOW_MS };
    });
    const { chain } = desk.positionAfter(items);
    const whole = { after: 0, through: 3, blobs, gone: [], chain, hasMore: false, max: 3 };
    checkSame(desk.page(), whole, "the log");
    desk.reopen();
    checkSame(desk.page(), whole, "after a restart");
  },
  "page: limits and budgets cut one stream, and every end has its chain": (desk) => {
    const items = desk.fill(7);
    for (const [limit, bytesMax] of [
      [1, 1e6],
      [3, 1e6],
      [1000, 0],
      [1000, 250],
    ] as const) {
      const cursors: number[] = [];
      for (let after = 0; after < 7;) {
        const page = desk.page(after, limit, bytesMax)!;
        check(page.through > after, "a page makes progress");
        checkSame(page.chain, desk.positionAfter(items.slice(0, page.through)).chain, "chain");
        cursors.push(...page.blobs.map(({ cursor }) => cursor));
        after = page.through;
      }
      checkSame(cursors, [1, 2, 3, 4, 5, 6, 7], "cursors");
    }
  },
  "page: at the end it is empty with the last chain, beyond the end there is none": (desk) => {
    const items = desk.fill(2);
    checkSame(desk.page(2), { ...emptyPage(2), chain: desk.positionAfter(items).chain }, "at the end");
    checkSame(desk.page(3), null, "beyond");
  },
};

const RETENTION: Cases = {
  "sweep: a payload goes at its ttl; its cursor, id and answer stay, over restarts": (desk) => {
    const items = desk.fill(2);
    const late = [desk.item(3, 10, 2 * TTL_S)];
    desk.push(late);
    checkSame(desk.sweep(NOW_MS + TTL_S * 1000 - 1), 0, "too early");
    checkSame(desk.sweep(NOW_MS + TTL_S * 1000), 2, "in time");
    checkSame(desk.sweep(NOW_MS + TTL_S * 1000), 0, "only once");
    for (const restart of [false, true]) {
      if (restart) desk.reopen();
      const page = desk.page()!;
      const { chain } = desk.positionAfter(items);
      checkSame(page.gone, [{ from: 1, to: 2, why: "expired", chain }], "gone");
      checkSame([page.blobs.length, page.through, page.max], [1, 3, 3], "page");
      const { head, pending } = desk.admit(BOB);
      checkSame([head.floor, head.heldBytes, head.max.cursor, pending], [3, 10, 3, 1], "head");
      const [answer] = desk.push([items[0]!]).answers;
      const { blobId } = items[0]!;
      const position = desk.positionAfter(items.slice(0, 1));
      checkSame(answer, { type: "accepted", blobId, ...position, epoch: EPOCH, isNew: false }, "a late repetition");
    }
  },
  "sweep: after the retention a prefix is forgotten, and a page still answers for it": (desk) => {
    const items = desk.fill(2);
    const late = desk.item(3, 10, 10 * TTL_S);
    desk.push([late]);
    desk.sweep(NOW_MS + TTL_S * 1000);
    desk.sweep(FORGOTTEN_MS);
    for (const restart of [false, true]) {
      if (restart) desk.reopen();
      const position = desk.positionAfter(items);
      checkSame(desk.admit(BOB).head.trimmed, position, "trimmed");
      checkSame(desk.page()?.gone, [{ from: 1, to: 2, why: "expired", chain: position.chain }], "from the start");
      checkSame(desk.page(1)?.gone, [{ from: 2, to: 2, why: "expired", chain: position.chain }], "from within");
      checkSame(
        desk.page(2)?.blobs.map(({ cursor }) => cursor),
        [3],
        "from its end",
      );
      const held = { epoch: EPOCH, contiguous: position, highest: desk.positionAfter([...items, late]) };
      checkSame([desk.admit(ALICE, held).isRenewed, desk.admit(ALICE, held).pending], [false, 1], "a claim at its end");
    }
    const [answer] = desk.push([items[0]!]).answers;
    check(answer?.type === "accepted" && answer.isNew && answer.cursor === 4, "a forgotten id is a new blob");
  },
  "sweep: what all known devices have acknowledged goes, and one that has not holds it": (desk) => {
    desk.fill(3);
    desk.admit(BOB);
    desk.acknowledge(ALICE, 3);
    checkSame(desk.sweep(NOW_MS), 0, "Bob has nothing yet");
    desk.acknowledge(BOB, 2);
    desk.acknowledge(BOB, 1);
    desk.reopen();
    checkSame(desk.sweep(NOW_MS), 2, "Bob has two, and goes back to none");
    checkSame(
      desk.page()?.gone.map(({ from, to, why }) => [from, to, why]),
      [[1, 2, "acknowledged"]],
      "gone",
    );
    desk.admit(sample(32, 13));
    desk.acknowledge(BOB, 3);
    checkSame(desk.sweep(NOW_MS), 0, "a third device has nothing yet");
  },
  "sweep: what all have acknowledged stays for a while": (desk) => {
    desk.fill(2);
    desk.acknowledge(ALICE, 2);
    checkSame(desk.sweep(NOW_MS + 59_999, 60), 0, "too early");
    desk.reopen();
    checkSame(desk.sweep(NOW_MS + 60_000, 60), 2, "in time");
  },
  "sweep: acknowledgements count for their group only": (desk) => {
    desk.fill(1);
    desk.admit(ALICE, NOBODY, OTHER_GROUP);
    desk.push([desk.item(1)], OTHER_GROUP);
    desk.acknowledge(ALICE, 1);
    checkSame(desk.sweep(NOW_MS), 1, "one of two");
    checkSame(desk.page(0, 9, 1e6, OTHER_GROUP)?.blobs.length, 1, "the other group's");
  },
  "sweep: acknowledgements of an old epoch count no more": (desk) => {
    const items = desk.fill(2);
    desk.acknowledge(ALICE, 2);
    const beyond = { cursor: 3, chain: sample(32, 99) };
    const claim = { epoch: EPOCH, contiguous: desk.positionAfter(items), highest: beyond };
    desk.admit(ALICE, claim, GROUP, SECOND_EPOCH);
    for (const restart of [false, true]) {
      if (restart) desk.reopen();
      checkSame(desk.sweep(NOW_MS), 0, "nothing is acknowledged");
    }
    desk.acknowledge(ALICE, 1);
    checkSame(desk.sweep(NOW_MS), 1, "acknowledged in the new epoch");
  },
  "sweep: the max cursor never falls, not even when everything is forgotten": (desk) => {
    const items = desk.fill(2);
    desk.sweep(FORGOTTEN_MS + DAY_MS);
    desk.reopen();
    const max = desk.positionAfter(items);
    const { head } = desk.admit(BOB);
    checkSame([head.max, head.trimmed, head.floor, head.heldBytes], [max, max, 3, 0], "head");
    const next = desk.item(3);
    checkSame(
      desk.push([next]).answers,
      [{ type: "accepted", blobId: next.blobId, ...desk.positionAfter([next], max), epoch: EPOCH, isNew: true }],
      "the next push",
    );
  },
};

function emptyPage(at: number): Omit<Page, "chain"> {
  return { after: at, through: at, blobs: [], gone: [], hasMore: false, max: at };
}
