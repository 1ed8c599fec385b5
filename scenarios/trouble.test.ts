import { describe, expect, test } from "vitest";
import { Audience } from "./audience.ts";
import { About } from "./checkers/about.ts";
import type { AckRecord, DeliverRecord, FaultRecord, HistoryRecord, OperationRecord } from "./history.ts";
import type { Evidence, Plan } from "./plan.ts";
import { findScenario } from "./registry.ts";
import { isTroubleSeen, signsOf } from "./trouble.ts";

const base = findScenario("S-CONV-04")!.plan!("0x1");

function isSeen(trouble: readonly Evidence[], ...history: readonly HistoryRecord[]): boolean {
  const plan: Plan = { ...base, trouble };
  const isThere = isTroubleSeen(plan, history);
  expect(isTroubleSeen(plan, keptFor(trouble, history))).toBe(isThere);
  return isThere;
}

/** As a judge does, which looks for the evidence in nothing else. */
function keptFor(trouble: readonly Evidence[], history: readonly HistoryRecord[]): readonly HistoryRecord[] {
  const kept: HistoryRecord[] = [];
  const audience = new Audience();
  for (const topic of signsOf(trouble)) audience.addTo(topic, (record) => void kept.push(record));
  for (const record of history) audience.tell(record, record.type, new About());
  return kept;
}

function fault(step: number, stage: FaultRecord["stage"], at = 50): FaultRecord {
  return { type: "fault", at, step, stage };
}

function op(device: string, process: number, outcome: OperationRecord["outcome"], more: Partial<OperationRecord> = {}) {
  return { type: "op", at: 10, device, group: "main", f: "push", outcome, process, ...more } satisfies OperationRecord;
}

function ack(device: string, blob: string, at: number, group = "main"): AckRecord {
  return { type: "ack", at, device, group, relay: "relay", epoch: "e1", blob, cursor: 1, chain: "" };
}

function deliver(device: string, blob: string, at: number, cursor = 1): DeliverRecord {
  const where = { device, group: "main", relay: "relay", epoch: "e1" };
  return {
    type: "deliver",
    at,
    ...where,
    index: 0,
    cursor,
    blob,
    op: null,
    digest: "",
    sizeBytes: 0,
    sender: "",
    sequence: 1,
  };
}

function notified(device: string, cursor: number, epoch = "e1"): HistoryRecord {
  return { type: "notified", at: 5, device, group: "main", relay: "relay", epoch, by: "Welcome", cursor };
}

test("no evidence asked for: nothing can be missing", () => {
  expect(isSeen([])).toBe(true);
});

test("all evidence must be there", () => {
  const both: Evidence[] = [
    { see: "observed", step: 1 },
    { see: "observed", step: 2 },
  ];
  expect(isSeen(both, fault(1, "observed"))).toBe(false);
  expect(isSeen(both, fault(2, "observed"), fault(1, "observed"))).toBe(true);
});

describe("observed", () => {
  const evidence: Evidence[] = [{ see: "observed", step: 3 }];
  test("the fault acted", () => expect(isSeen(evidence, fault(3, "issued"), fault(3, "observed"))).toBe(true));
  test("it was only issued, healed or refused", () => {
    expect(isSeen(evidence, fault(3, "issued"), fault(3, "healed"), fault(3, "unsupported"))).toBe(false);
  });
  test("another acted", () => expect(isSeen(evidence, fault(4, "observed"))).toBe(false));
});

describe("open", () => {
  const evidence: Evidence[] = [{ see: "open", step: 3, f: "push", device: "a" }];
  test("a push without an answer yet", () => {
    expect(isSeen(evidence, op("a", 1, "invoke"), fault(3, "issued"), op("a", 1, "ok"))).toBe(true);
  });
  test("one answered, another not", () => {
    const history = [op("a", 1, "invoke"), op("a", 2, "invoke"), op("a", 1, "ok"), fault(3, "issued")];
    expect(isSeen(evidence, ...history)).toBe(true);
  });
  test.each(["ok", "fail", "info"] as const)("completed before, as %s", (outcome) => {
    expect(isSeen(evidence, op("a", 1, "invoke"), op("a", 1, outcome), fault(3, "issued"))).toBe(false);
  });
  test("begun after", () => expect(isSeen(evidence, fault(3, "issued"), op("a", 1, "invoke"))).toBe(false));
  test("of another device, another kind, at another step or stage", () => {
    expect(isSeen(evidence, op("b", 1, "invoke"), fault(3, "issued"))).toBe(false);
    expect(isSeen(evidence, op("a", 1, "invoke", { f: "pull" }), fault(3, "issued"))).toBe(false);
    expect(isSeen(evidence, op("a", 1, "invoke"), fault(4, "issued"))).toBe(false);
    expect(isSeen(evidence, op("a", 1, "invoke"), fault(3, "observed"))).toBe(false);
  });
  test("any device will do where none is named", () => {
    const any: Evidence[] = [{ see: "open", step: 3, f: "connect" }];
    expect(isSeen(any, op("b", 1, "invoke", { f: "connect" }), fault(3, "issued"))).toBe(true);
  });
});

describe("overlap", () => {
  const evidence: Evidence[] = [{ see: "overlap", devices: 2 }];
  test("two devices at one moment", () => {
    expect(isSeen(evidence, op("a", 1, "invoke"), op("b", 2, "invoke"))).toBe(true);
  });
  test("one after the other", () => {
    expect(isSeen(evidence, op("a", 1, "invoke"), op("a", 1, "ok"), op("b", 2, "invoke"))).toBe(false);
  });
  test("two pushes of one device are one device", () => {
    expect(isSeen(evidence, op("a", 1, "invoke"), op("a", 2, "invoke"))).toBe(false);
    const ended = [op("a", 1, "invoke"), op("a", 2, "invoke"), op("a", 1, "ok")];
    expect(isSeen(evidence, ...ended, op("b", 3, "invoke"))).toBe(true);
    expect(isSeen(evidence, ...ended, op("a", 2, "info"), op("b", 3, "invoke"))).toBe(false);
  });
  test("two groups have nothing to do with each other, and pulls do not count", () => {
    expect(isSeen(evidence, op("a", 1, "invoke"), op("x", 2, "invoke", { group: "beside" }))).toBe(false);
    expect(isSeen(evidence, op("a", 1, "invoke"), op("b", 2, "invoke", { f: "pull" }))).toBe(false);
  });
  test("a completion without an invoke, or twice, ends nothing", () => {
    const twice = [op("a", 1, "invoke"), op("a", 1, "ok"), op("a", 1, "ok"), op("b", 9, "ok")];
    expect(isSeen(evidence, ...twice, op("a", 2, "invoke"), op("b", 3, "invoke"))).toBe(true);
  });
});

describe("missed", () => {
  const evidence: Evidence[] = [{ see: "missed", device: "b", blobs: 2 }];
  test("delivered late, or never", () => {
    expect(isSeen(evidence, ack("a", "1", 100), ack("a", "2", 100), deliver("b", "1", 1101))).toBe(true);
  });
  test("heard of within a second", () => {
    const history = [ack("a", "1", 100), ack("a", "2", 100), deliver("b", "1", 1100), deliver("b", "2", 5000)];
    expect(isSeen(evidence, ...history)).toBe(false);
  });
  test("its own, another group's, and one blob twice do not count", () => {
    expect(isSeen(evidence, ack("a", "1", 1), ack("b", "2", 1))).toBe(false);
    expect(isSeen(evidence, ack("a", "1", 1), ack("x", "2", 1, "beside"))).toBe(false);
    expect(isSeen(evidence, ack("a", "1", 1), ack("a", "1", 9))).toBe(false);
  });
  test("a delivery elsewhere is none", () => {
    expect(isSeen(evidence, ack("a", "1", 1), ack("a", "2", 1), deliver("a", "1", 2), deliver("a", "2", 2))).toBe(true);
  });
});

describe("acked", () => {
  const evidence: Evidence[] = [{ see: "acked", blobs: 2 }];
  test("enough", () => expect(isSeen(evidence, ack("a", "1", 1), ack("b", "2", 2))).toBe(true));
  test("too few, one of them twice", () => expect(isSeen(evidence, ack("a", "1", 1), ack("a", "1", 2))).toBe(false));
});

describe("polled", () => {
  const evidence: Evidence[] = [{ see: "polled" }];
  test("taken in with no hint, with too low a hint, or with another's", () => {
    expect(isSeen(evidence, deliver("b", "1", 10, 1))).toBe(true);
    expect(isSeen(evidence, notified("b", 1), deliver("b", "1", 10, 2))).toBe(true);
    expect(isSeen(evidence, notified("a", 9), deliver("b", "1", 10, 2))).toBe(true);
    expect(isSeen(evidence, notified("b", 9, "e0"), deliver("b", "1", 10, 2))).toBe(true);
  });
  test("told before", () => expect(isSeen(evidence, notified("b", 2), deliver("b", "1", 10, 2))).toBe(false));
  test("a lower hint after a higher one takes nothing back", () => {
    expect(isSeen(evidence, notified("b", 5), notified("b", 1), deliver("b", "1", 10, 4))).toBe(false);
  });
  test("told only afterwards", () => expect(isSeen(evidence, deliver("b", "1", 10, 2), notified("b", 2))).toBe(true));
});

describe("several relays", () => {
  const at = (relay: string, blob: string, atMs: number): AckRecord => ({ ...ack("a", blob, atMs), relay });

  test("landed: the first acknowledgement came from that relay while the fault was on", () => {
    const landed: Evidence[] = [{ see: "landed", step: 1, relay: "spare" }];
    expect(isSeen(landed, fault(1, "issued"), at("spare", "b1", 60))).toBe(true);
    expect(isSeen(landed, at("spare", "b1", 40), fault(1, "issued"))).toBe(false);
    expect(isSeen(landed, fault(1, "issued"), fault(1, "healed"), at("spare", "b1", 60))).toBe(false);
    expect(isSeen(landed, at("relay", "b1", 40), fault(1, "issued"), at("spare", "b1", 60))).toBe(false);
    expect(isSeen(landed, fault(2, "issued"), at("spare", "b1", 60))).toBe(false);
  });

  test("copy-owed: another relay had acknowledged when the fault came, this one had not", () => {
    const owed: Evidence[] = [{ see: "copy-owed", step: 1, relay: "spare" }];
    expect(isSeen(owed, at("relay", "b1", 40), fault(1, "issued"))).toBe(true);
    expect(isSeen(owed, at("relay", "b1", 40), at("spare", "b1", 45), fault(1, "issued"))).toBe(false);
    expect(isSeen(owed, at("spare", "b1", 40), at("relay", "b1", 45), fault(1, "issued"))).toBe(false);
    expect(isSeen(owed, fault(1, "issued"), at("relay", "b1", 60))).toBe(false);
  });

  test("sooner: a second or more between the two", () => {
    const sooner: Evidence[] = [{ see: "sooner", relay: "spare", than: "relay" }];
    expect(isSeen(sooner, at("spare", "b1", 40), at("relay", "b1", 1040))).toBe(true);
    expect(isSeen(sooner, at("spare", "b1", 40), at("relay", "b1", 1039))).toBe(false);
    expect(isSeen(sooner, at("relay", "b1", 40), at("spare", "b1", 2000))).toBe(false);
    expect(isSeen(sooner, at("spare", "b1", 40), at("relay", "b2", 2000))).toBe(false);
  });

  test("relays-failed: this device said so", () => {
    const failed: Evidence[] = [{ see: "relays-failed", device: "a" }];
    expect(isSeen(failed, { type: "relays-failed", at: 9, device: "a", group: "main" })).toBe(true);
    expect(isSeen(failed, { type: "relays-failed", at: 9, device: "b", group: "main" })).toBe(false);
    expect(isSeen(failed)).toBe(false);
  });
});

describe("what befell a device", () => {
  test("disconnected: this device, after the fault, for one of these reasons", () => {
    const lost = (device: string, why: string): HistoryRecord => ({
      type: "disconnected",
      at: 60,
      device,
      group: "main",
      relay: "relay",
      why,
    });
    const trouble: Evidence[] = [{ see: "disconnected", step: 1, device: "a", whys: ["silent", "closed"] }];
    expect(isSeen(trouble, fault(1, "issued"), lost("a", "silent"))).toBe(true);
    expect(isSeen(trouble, fault(1, "issued"), lost("a", "replaced"))).toBe(false);
    expect(isSeen(trouble, fault(1, "issued"), lost("b", "closed"))).toBe(false);
    expect(isSeen(trouble, lost("a", "silent"), fault(1, "issued"))).toBe(false);
  });

  test("waited: an acknowledgement so long after the push, or longer", () => {
    const trouble: Evidence[] = [{ see: "waited", device: "a", ms: 500 }];
    expect(isSeen(trouble, op("a", 1, "invoke"), op("a", 1, "ok", { at: 510 }))).toBe(true);
    expect(isSeen(trouble, op("a", 1, "invoke"), op("a", 1, "ok", { at: 509 }))).toBe(false);
    expect(isSeen(trouble, op("a", 1, "invoke"), op("a", 1, "fail", { at: 600 }))).toBe(false);
    expect(isSeen(trouble, op("b", 1, "invoke"), op("b", 1, "ok", { at: 600 }))).toBe(false);
  });

  test("failed: a refusal for good, and life after it", () => {
    const trouble: Evidence[] = [{ see: "failed", device: "a" }];
    const failed = [op("a", 1, "invoke"), op("a", 1, "fail")];
    expect(isSeen(trouble, ...failed, op("a", 2, "invoke"), op("a", 2, "ok"))).toBe(true);
    expect(isSeen(trouble, ...failed)).toBe(false);
    expect(isSeen(trouble, op("a", 2, "invoke"), op("a", 2, "ok"), ...failed)).toBe(false);
    expect(isSeen(trouble, ...failed, op("b", 2, "invoke"), op("b", 2, "ok"))).toBe(false);
  });

  test("crossed: an acknowledgement while the other waits for a page", () => {
    const trouble: Evidence[] = [{ see: "crossed", pusher: "a", puller: "b" }];
    const asks = op("b", 1, "invoke", { f: "pull" });
    const has = op("b", 1, "ok", { f: "pull" });
    expect(isSeen(trouble, asks, ack("a", "x", 11), has)).toBe(true);
    expect(isSeen(trouble, asks, has, ack("a", "x", 11))).toBe(false);
    expect(isSeen(trouble, asks, ack("b", "x", 11))).toBe(false);
  });

  test("quarantined: by this device", () => {
    const place = { group: "main", relay: "relay", epoch: "e1", cursor: 1, blob: "b", why: "tag" };
    const aside: HistoryRecord = { type: "quarantine", at: 1, device: "a", ...place };
    expect(isSeen([{ see: "quarantined", device: "a" }], aside)).toBe(true);
    expect(isSeen([{ see: "quarantined", device: "b" }], aside)).toBe(false);
  });
});

describe("what befell a relay, by what is kept of a history", () => {
  const welcome = (epoch: string): HistoryRecord => op("a", 1, "ok", { f: "connect", relay: "relay", epoch, max: 0 });

  test("renewed", () => {
    expect(isSeen([{ see: "renewed", step: 1 }], welcome("e1"), fault(1, "issued"), welcome("e2"))).toBe(true);
    expect(isSeen([{ see: "renewed", step: 1 }], welcome("e1"), fault(1, "issued"), welcome("e1"))).toBe(false);
  });
  test("regrown", () => {
    const evidence: Evidence[] = [{ see: "regrown", step: 1 }];
    expect(isSeen(evidence, ack("a", "x", 40), fault(1, "issued"), ack("a", "y", 60))).toBe(true);
    expect(isSeen(evidence, ack("a", "x", 40), fault(1, "issued"), ack("a", "x", 60))).toBe(false);
  });
  test("refused", () => {
    const where = { device: "a", group: "main", relay: "relay", blob: "x" } as const;
    const refused: HistoryRecord = { type: "refused", at: 1, ...where, code: 2002, retryable: true };
    expect(isSeen([{ see: "refused", device: "a", code: 2002 }], refused, ack("a", "x", 2))).toBe(true);
    expect(isSeen([{ see: "refused", device: "a", code: 2002 }], refused)).toBe(false);
  });
  test("told-lost", () => {
    const log = { device: "b", group: "main", relay: "relay", epoch: "e1" } as const;
    const lost: HistoryRecord = { type: "lost", at: 1, ...log, from: 1, to: 2, why: "expired" };
    expect(isSeen([{ see: "told-lost", device: "b" }], lost, deliver("b", "x", 2, 3))).toBe(true);
    expect(isSeen([{ see: "told-lost", device: "b" }], lost)).toBe(false);
  });
});
