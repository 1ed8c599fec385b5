import { describe, expect, test } from "vitest";
import type { HistoryRecord } from "./history.ts";
import { isRefusedThenAcked, isRegrown, isRenewed, isToldLost } from "./trouble-relay.ts";

const where = { group: "main", relay: "relay" } as const;
const issued: HistoryRecord = { type: "fault", at: 50, step: 3, stage: "issued" };

function connect(device: string, epoch: string): HistoryRecord {
  return { type: "op", at: 10, device, ...where, f: "connect", outcome: "ok", process: 1, epoch, max: 0 };
}
function ack(blob: string, cursor: number, epoch = "e1", device = "a"): HistoryRecord {
  return { type: "ack", at: 10, device, ...where, epoch, blob, cursor, chain: "" };
}
function refused(blob: string, code = 2002, retryable = true, device = "a"): HistoryRecord {
  return { type: "refused", at: 10, device, ...where, blob, code, retryable };
}
function lost(from: number, to: number, device = "b"): HistoryRecord {
  return { type: "lost", at: 10, device, ...where, epoch: "e1", from, to, why: "expired" };
}
function deliver(cursor: number, device = "b", epoch = "e1"): HistoryRecord {
  const blob = { blob: "x", op: null, digest: "", sizeBytes: 0, sender: "", sequence: 1 };
  return { type: "deliver", at: 10, device, ...where, index: 0, epoch, cursor, ...blob };
}

describe("renewed", () => {
  test("another epoch after the fault, met by anyone of the group", () => {
    expect(isRenewed(3, [connect("a", "e1"), issued, connect("b", "e2")])).toBe(true);
    expect(isRenewed(3, [connect("a", "e1"), issued, connect("a", "e1")])).toBe(false);
    expect(isRenewed(3, [connect("a", "e1"), connect("a", "e2"), issued, connect("a", "e2")])).toBe(false);
    expect(isRenewed(3, [issued, connect("a", "e2")])).toBe(false);
  });
});

describe("regrown", () => {
  test("the same cursor of the same epoch for another blob, after the fault", () => {
    expect(isRegrown(3, [ack("x", 4), issued, ack("y", 4)])).toBe(true);
    expect(isRegrown(3, [ack("x", 4), issued, ack("x", 4)])).toBe(false);
    expect(isRegrown(3, [ack("x", 4), issued, ack("y", 4, "e2")])).toBe(false);
    expect(isRegrown(3, [ack("x", 4), ack("y", 4), issued])).toBe(false);
  });
});

describe("refused", () => {
  test("for now, with this code, and acknowledged later", () => {
    expect(isRefusedThenAcked("a", 2002, [refused("x"), ack("x", 1)])).toBe(true);
    expect(isRefusedThenAcked("a", 2002, [ack("x", 1), refused("x")])).toBe(false);
    expect(isRefusedThenAcked("a", 2002, [refused("x"), ack("y", 1)])).toBe(false);
    expect(isRefusedThenAcked("a", 2002, [refused("x", 2000), ack("x", 1)])).toBe(false);
    expect(isRefusedThenAcked("a", 2002, [refused("x", 2002, false), ack("x", 1)])).toBe(false);
    expect(isRefusedThenAcked("b", 2002, [refused("x"), ack("x", 1)])).toBe(false);
  });
});

describe("told-lost", () => {
  test("and something from behind the loss, in either order", () => {
    expect(isToldLost("b", [deliver(3), lost(1, 2)])).toBe(true);
    expect(isToldLost("b", [lost(1, 2), deliver(3)])).toBe(true);
    expect(isToldLost("b", [deliver(2), lost(3, 4)])).toBe(false);
    expect(isToldLost("b", [lost(1, 2), deliver(3, "a")])).toBe(false);
    expect(isToldLost("b", [lost(1, 2), deliver(3, "b", "e2")])).toBe(false);
    expect(isToldLost("b", [deliver(3)])).toBe(false);
  });
});
