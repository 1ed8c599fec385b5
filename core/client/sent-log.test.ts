import { describe, expect, it } from "vitest";
import { encodeHex } from "../bytes.ts";
import { SentLog } from "./sent-log.ts";
import type { SentRow } from "./store.ts";

function row(sequence: number): SentRow {
  const bytes = new Uint8Array(32).fill(sequence);
  return { sequence, blobId: bytes.slice(16), payload: bytes, payloadHash: bytes, ttlS: 0, expiresAtMs: 0 };
}
const hex = (sequence: number): string => encodeHex(row(sequence).blobId);

/** A log with these rows, the first `sent` of them on their way since millisecond 10, 20, 30 … */
function logOf(rows: number, sent = 0): SentLog {
  const log = new SentLog();
  for (let sequence = 1; sequence <= rows; sequence++) log.add(row(sequence));
  for (let n = 1; n <= sent; n++) log.sent(log.nextToSend()!, 10 * n);
  return log;
}
const next = (log: SentLog): number | undefined => log.nextToSend()?.row.sequence;

describe("the sent log", () => {
  it("sends first things first, each once", () => {
    const log = logOf(2);
    expect([log.size, log.inFlight, next(log)]).toEqual([2, 0, 1]);
    log.sent(log.nextToSend()!, 5);
    expect([log.inFlight, next(log)]).toEqual([1, 2]);
    log.sent(log.nextToSend()!, 6);
    expect([log.inFlight, next(log)]).toEqual([2, undefined]);
  });

  it("lets a row go after its answer, whatever the order of answers", () => {
    const log = logOf(3, 2);
    log.remove(log.get(hex(2))!);
    expect([log.size, log.inFlight, next(log)]).toEqual([2, 1, 3]);
    log.remove(log.get(hex(3))!);
    expect([log.size, log.inFlight, log.get(hex(3))]).toEqual([1, 1, undefined]);
  });

  it("counts a row out once, however often it is removed or held", () => {
    const log = logOf(2, 2);
    const entry = log.get(hex(1))!;
    log.hold(entry);
    log.hold(entry);
    expect(log.inFlight).toBe(1);
    log.remove(entry);
    log.remove(entry);
    expect([log.size, log.inFlight]).toEqual([1, 1]);
  });

  it("puts a held row back before those that were never sent", () => {
    const log = logOf(3, 2);
    log.hold(log.get(hex(1))!);
    expect(next(log)).toBe(1);
  });

  it("puts everything back in line when the connection is gone, and remembers that it may have arrived", () => {
    const log = logOf(3, 2);
    log.holdAll();
    expect([log.inFlight, next(log), log.oldestSentMs()]).toEqual([0, 1, undefined]);
    expect([...log.rows()].map((entry) => entry.wasSent)).toEqual([true, true, false]);
  });

  it("takes rows of an earlier life of the process as sent", () => {
    const log = new SentLog();
    log.load([row(4), row(5)]);
    expect([...log.rows()].map(({ row: { sequence }, wasSent }) => [sequence, wasSent])).toEqual([
      [4, true],
      [5, true],
    ]);
    expect([log.size, log.inFlight, next(log)]).toEqual([2, 0, 4]);
  });

  it("keeps what it knows of a row when the rows of a new epoch are loaded", () => {
    const log = logOf(2, 1);
    log.load([row(0), row(1), row(2)]);
    expect([...log.rows()].map((entry) => entry.wasSent)).toEqual([true, true, false]);
    expect([log.inFlight, next(log)]).toEqual([0, 0]);
  });

  it("knows how long the oldest push has waited for its answer", () => {
    const log = logOf(3, 2);
    expect(log.oldestSentMs()).toBe(10);
    log.remove(log.get(hex(1))!);
    expect(log.oldestSentMs()).toBe(20);
    log.remove(log.get(hex(2))!);
    expect(log.oldestSentMs()).toBeUndefined();
  });

  it("knows it also when an earlier row was refused and is sent again later", () => {
    const log = logOf(2, 2);
    log.hold(log.get(hex(1))!);
    log.sent(log.nextToSend()!, 5000);
    expect(log.oldestSentMs()).toBe(20);
  });
});
