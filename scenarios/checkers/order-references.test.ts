/** Checkers of order against comparing all pairs, on random small histories; and pages that are cut in two. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Checker } from "../checker.ts";
import type { AckRecord, DeliverRecord, DurableStateRecord, HistoryRecord, OperationRecord } from "../history.ts";
import { startJudge } from "../judge.ts";
import { EPOCH, ExampleHistory, exampleId, examplePlan, GROUP, RELAY } from "./example-history.ts";
import { exactlyOnce } from "./exactly-once.ts";
import { checkers } from "./index.ts";
import { maxCursor } from "./max-cursor.ts";
import { paging } from "./paging.ts";
import { prefixAgreement } from "./prefix-agreement.ts";
import { realTime } from "./real-time.ts";
import { sentLog } from "./sent-log.ts";
import { sessionGuarantees } from "./session-guarantees.ts";

function kinds(records: readonly HistoryRecord[], ...using: readonly Checker[]): string[] {
  const running = startJudge(examplePlan(), using);
  for (const record of records) running.observe(record);
  return running.finish().findings.map(({ kind }) => kind);
}

/** Whether two records of one log, in this order, are so. */
function somePair<R extends { readonly relay?: string; readonly epoch?: string }>(
  records: readonly R[],
  is: (before: R, after: R) => boolean,
): boolean {
  return records.some((a, i) =>
    records.some((b, j) => i < j && a.relay === b.relay && a.epoch === b.epoch && is(a, b)),
  );
}

const place = fc.record({
  device: fc.constantFrom("alice", "bob"),
  group: fc.constant(GROUP),
  relay: fc.constantFrom("r1", "r2"),
  epoch: fc.constantFrom("e1", "e2"),
});
const cursor = fc.integer({ min: 1, max: 6 });

const deliveries: fc.Arbitrary<DeliverRecord[]> = fc
  .array(fc.tuple(place, cursor, fc.integer({ min: 1, max: 5 }), fc.constantFrom("aa", "bb"), fc.nat({ max: 9 })), {
    maxLength: 14,
  })
  .map((drawn) => {
    const rows = new Map<string, number>();
    return drawn.map(([where, at, sequence, sender, blob]) => {
      const index = rows.get(where.device) ?? 0;
      rows.set(where.device, index + 1);
      const content = { op: null, digest: "", sizeBytes: 0, sender, sequence };
      return { type: "deliver", at: 0, ...where, index, cursor: at, blob: `b${blob}`, ...content };
    });
  });

test("exactly-once agrees with comparing all pairs", () => {
  fc.assert(
    fc.property(deliveries, (records) => {
      const isTwice = records.some((a, i) =>
        records.some((b, j) => i < j && a.device === b.device && a.blob === b.blob),
      );
      expect(kinds(records, exactlyOnce).length > 0).toBe(isTwice);
    }),
  );
});

test("monotonic reads agree with comparing all pairs", () => {
  fc.assert(
    fc.property(deliveries, (records) => {
      const isBack = somePair(records, (a, b) => a.device === b.device && a.cursor >= b.cursor);
      expect(kinds(records, sessionGuarantees).includes("read-backwards")).toBe(isBack);
    }),
  );
});

test("monotonic writes agree with comparing all pairs", () => {
  fc.assert(
    fc.property(deliveries, (drawn) => {
      // Read in the order of cursors, so that nothing else is wrong.
      const records = drawn.map((record, i) => ({ ...record, cursor: i + 1 }));
      const isReordered = somePair(
        records,
        (a, b) => a.device === b.device && a.sender === b.sender && a.sequence > b.sequence,
      );
      expect(kinds(records, sessionGuarantees).includes("writes-reordered")).toBe(isReordered);
    }),
  );
});

test("prefix-agreement agrees with comparing all pairs", () => {
  const state = fc
    .tuple(place, fc.integer({ min: 0, max: 5 }), fc.nat({ max: 12 }))
    .map(([where, at, noise]): DurableStateRecord => {
      // Mostly the right chain, so that some histories hold.
      const chain = noise === 0 ? "other" : `chain${at}`;
      return { type: "durable-state", at: 0, ...where, why: "commit", cursor: at, chain, inbox: 0 };
    });
  fc.assert(
    fc.property(fc.array(state, { maxLength: 14 }), (records) => {
      const isOther = somePair(records, (a, b) => a.cursor === b.cursor && a.cursor > 0 && a.chain !== b.chain);
      expect(kinds(records, prefixAgreement).includes("chains-differ")).toBe(isOther);
    }),
  );
});

type Act = { readonly ack: AckRecord } | { readonly pull: OperationRecord } | { readonly ends: number };

/** Acknowledgements, and pulls that are answered some time after they began. */
const acts: fc.Arbitrary<HistoryRecord[]> = fc
  .array(
    fc.oneof(
      fc.tuple(place, cursor).map(([where, at]): Act => {
        return { ack: { type: "ack", at: 0, ...where, blob: `b${at}`, cursor: at, chain: "" } };
      }),
      fc.tuple(place, cursor, fc.integer({ min: 0, max: 2 })).map(([where, through, more]): Act => {
        const page = { after: 0, through, max: through + more, blobs: through, hasMore: more > 0, gone: [] };
        return { pull: { type: "op", at: 0, ...where, f: "pull", outcome: "ok", process: 0, ...page } };
      }),
      fc.nat({ max: 3 }).map((ends): Act => ({ ends })),
    ),
    { maxLength: 16 },
  )
  .map((drawn) => {
    const records: HistoryRecord[] = [];
    const open: OperationRecord[] = [];
    drawn.forEach((act, process) => {
      if ("ack" in act) records.push(act.ack);
      else if ("ends" in act) records.push(...open.splice(act.ends, 1));
      else if (!open.some((each) => isSameReader(each, act.pull))) {
        const { device, group, relay, epoch } = act.pull;
        const where = { device, group, relay: relay!, epoch: epoch! };
        records.push({ type: "op", at: 0, ...where, f: "pull", outcome: "invoke", process, after: 0 });
        open.push({ ...act.pull, process });
      }
    });
    return [...records, ...open];
  });

function isSameReader(a: OperationRecord, b: OperationRecord): boolean {
  return a.device === b.device && a.relay === b.relay && a.epoch === b.epoch;
}

/** Each answered pull with everything that was acknowledged there before it began. */
function answered(
  records: readonly HistoryRecord[],
): { readonly pull: OperationRecord; readonly acked: readonly number[] }[] {
  return records.flatMap((pull) => {
    if (pull.type !== "op" || pull.outcome !== "ok") return [];
    const began = records.findIndex((each) => each.type === "op" && each.process === pull.process);
    const acked = records
      .slice(0, began)
      .flatMap((each) =>
        each.type === "ack" && each.relay === pull.relay && each.epoch === pull.epoch ? each.cursor : [],
      );
    return [{ pull, acked }];
  });
}

test("real-time and max-cursor agree with looking at everything that came before", () => {
  fc.assert(
    fc.property(acts, (records) => {
      const pulls = answered(records);
      const isMissed = pulls.some(({ pull, acked }) => !pull.hasMore! && acked.some((each) => each > pull.through!));
      expect(kinds(records, realTime).includes("acknowledged-not-in-range")).toBe(isMissed);
      const isLow = pulls.some(({ pull, acked }) => acked.some((each) => each > pull.max!));
      const isFallen = pulls.some(({ pull }, i) =>
        pulls.slice(0, i).some((before) => isSameReader(before.pull, pull) && before.pull.max! > pull.max!),
      );
      const found = kinds(records, maxCursor);
      expect([found.includes("max-below-ack"), found.includes("max-fell")]).toEqual([isLow, isFallen]);
    }),
    { numRuns: 300 },
  );
});

test("paging agrees with counting cursor by cursor", () => {
  const range = fc
    .tuple(cursor, fc.integer({ min: 0, max: 2 }))
    .map(([from, more]) => ({ from, to: from + more, why: "expired" }));
  const page = fc.record({
    after: fc.integer({ min: 0, max: 3 }),
    more: fc.integer({ min: 0, max: 4 }),
    blobs: fc.integer({ min: 0, max: 5 }),
    max: fc.integer({ min: 0, max: 9 }),
    hasMore: fc.boolean(),
    gone: fc.array(range, { maxLength: 1 }),
  });
  fc.assert(
    fc.property(page, ({ more, ...rest }) => {
      const through = rest.after + more;
      const cursors = Array.from({ length: more }, (_, i) => rest.after + i + 1);
      const gone = rest.gone.filter(({ from, to }) => from > rest.after && to <= through);
      const isGone = (at: number): boolean => gone.some(({ from, to }) => from <= at && at <= to);
      const expected = [];
      if (cursors.filter((at) => !isGone(at)).length !== rest.blobs) expected.push("page-unaccounted");
      if (rest.hasMore !== through < rest.max) expected.push("has-more-untrue");
      if (rest.hasMore && cursors.length === 0) expected.push("page-stands-still");
      const where = { device: "bob", group: GROUP, relay: RELAY, epoch: EPOCH } as const;
      const pull = {
        type: "op",
        at: 0,
        ...where,
        f: "pull",
        outcome: "ok",
        process: 1,
        ...rest,
        gone,
        through,
      } as const;
      expect(kinds([pull], paging)).toEqual(expected);
    }),
  );
});

test("the order of a sent log agrees with comparing all pairs, whenever acknowledgements come", () => {
  const drawn = fc.array(fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 99 })), { maxLength: 9 });
  fc.assert(
    fc.property(drawn, (pairs) => {
      const bySequence = new Map(pairs);
      const where = { device: "alice", group: GROUP } as const;
      const sequences = [...bySequence.keys()];
      const records: HistoryRecord[] = sequences.map((sequence) => {
        const blob = exampleId("b", sequence);
        return { type: "queued", at: 0, ...where, process: sequence, op: exampleId("0", sequence), blob, sequence };
      });
      for (const [sequence, at] of bySequence) {
        const blob = exampleId("b", sequence);
        records.push({ type: "ack", at: 0, ...where, relay: RELAY, epoch: EPOCH, blob, cursor: at, chain: "" });
      }
      const isBroken = sequences.some((a) => sequences.some((b) => a < b && bySequence.get(a)! >= bySequence.get(b)!));
      expect(kinds(records, sentLog).includes("order-broken")).toBe(isBroken);
    }),
  );
});

/** The same run with every page cut into single cursors, as a smaller limit would. */
function cutPages(records: readonly HistoryRecord[]): HistoryRecord[] {
  let process = 10_000;
  const out: HistoryRecord[] = [];
  const begun = new Map<number, OperationRecord>();
  let cut: { readonly invoke: OperationRecord; readonly page: OperationRecord; inbox: number } | undefined;
  for (const record of records) {
    if (record.type === "op" && record.f === "pull" && record.outcome === "invoke") begun.set(record.process, record);
    if (record.type === "op" && record.f === "pull" && record.outcome === "ok" && record.through! > record.after! + 1) {
      const invoke = begun.get(record.process)!;
      const inbox = out.filter((each) => each.type === "deliver" && each.device === record.device).length;
      out.splice(out.indexOf(invoke), 1);
      cut = { invoke, page: record, inbox };
    } else if (cut !== undefined && (record.type === "deliver" || record.type === "lost")) {
      const { invoke, page } = cut;
      const at = record.type === "deliver" ? record.cursor : record.to;
      const gone = record.type === "lost" ? [{ from: at, to: at, why: record.why }] : [];
      const blobs = record.type === "lost" ? 0 : 1;
      const one = { process: process++, after: at - 1 };
      out.push({ ...invoke, ...one }, { ...page, ...one, through: at, blobs, gone, hasMore: at < page.max! }, record);
      if (record.type === "deliver") cut.inbox++;
      const { device, group, relay, epoch } = record;
      const chain = `${epoch}/${at}`;
      out.push({
        type: "durable-state",
        at: record.at,
        device,
        group,
        relay,
        epoch,
        why: "commit",
        cursor: at,
        chain,
        inbox: cut.inbox,
      });
    } else if (cut !== undefined && record.type === "durable-state") {
      // Its own commit came with its last cursor.
      cut = undefined;
    } else {
      out.push(record);
    }
  }
  return out;
}

/** Chains by their place, so that those of the new positions fit. */
function withPlainChains(records: readonly HistoryRecord[]): HistoryRecord[] {
  return records.map((record) =>
    "chain" in record && record.cursor > 0 ? { ...record, chain: `${record.epoch}/${record.cursor}` } : record,
  );
}

test("cutting pages into smaller ones changes no verdict", () => {
  const acted = fc.array(fc.tuple(fc.constantFrom("alice", "bob"), fc.constantFrom("push", "pull", "expire")), {
    maxLength: 14,
  });
  fc.assert(
    fc.property(acted, fc.nat({ max: 3 }), (steps, wrongs) => {
      const history = new ExampleHistory();
      let pushed = 0;
      for (const [device, what] of steps) {
        if (what === "push") {
          history.push(device);
          pushed++;
        } else if (what === "pull") history.pull(device);
        else if (pushed > 0) history.wait(4_000_000).expire(pushed);
      }
      history.end();
      if (wrongs & 1) history.write({ type: "seal", at: history.at, host: "bob", key: 2, nonce: 0 });
      const whole = withPlainChains(history.records);
      const digests = whole.flatMap((record, at) => (record.type === "deliver" ? [at] : []));
      if (wrongs & 2 && digests.length > 0) {
        whole[digests[0]!] = { ...(whole[digests[0]!] as DeliverRecord), digest: exampleId("d", 99) };
      }
      expect(kinds(cutPages(whole), ...checkers)).toEqual(kinds(whole, ...checkers));
    }),
  );
});
