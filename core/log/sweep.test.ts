import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LogHead, LogRow } from "./row.ts";
import type { SweepDecision } from "./sweep.ts";
import { decideSweep } from "./sweep.ts";

const EPOCH = new Uint8Array(16).fill(1);
const RETENTION_S = 100;
const chainAt = (cursor: number): Uint8Array => new Uint8Array(32).fill(cursor);

/** A log whose rows expire at the given times, ten bytes each. */
class Log {
  head: LogHead;
  rows: LogRow[];

  constructor(expiresAtMs: readonly number[]) {
    this.rows = expiresAtMs.map((at, i) => ({
      cursor: i + 1,
      chain: chainAt(i + 1),
      blobId: new Uint8Array(16).fill(i + 1),
      payloadHash: chainAt(i + 1),
      sender: chainAt(0),
      timestampMs: 0,
      expiresAtMs: at,
      sizeBytes: 10 + i,
      payload: new Uint8Array(10 + i),
      gone: null,
    }));
    const max = { cursor: expiresAtMs.length, chain: chainAt(expiresAtMs.length) };
    const heldBytes = this.rows.reduce((sum, row) => sum + row.sizeBytes, 0);
    this.head = { epoch: EPOCH, max, trimmed: { cursor: 0, chain: new Uint8Array(32) }, floor: 1, heldBytes };
  }

  /** As a store does it: payloads go, then rows up to what is trimmed. */
  sweep(wallMs: number, acknowledgedByAll = 0, acknowledgedRetentionS = 0): SweepDecision {
    const request = { wallMs, dedupeRetentionS: RETENTION_S, acknowledgedByAll, acknowledgedRetentionS };
    const decision = decideSweep(this.head, this.rows, chainAt, request);
    const why = new Map(decision.gone.map((gone) => [gone.cursor, gone.why]));
    this.rows = this.rows
      .map((row) => (why.has(row.cursor) ? { ...row, payload: null, gone: why.get(row.cursor)! } : row))
      .filter((row) => row.cursor > decision.head.trimmed.cursor);
    this.head = decision.head;
    return decision;
  }

  get heldBytes(): number {
    return this.rows.reduce((sum, row) => sum + (row.payload?.length ?? 0), 0);
  }
}

const told = (decision: SweepDecision): string[] => decision.gone.map(({ cursor, why }) => `${cursor} ${why}`);

describe("a sweep", () => {
  it("leaves alone what is neither expired nor acknowledged by all", () => {
    const log = new Log([1000, 2000]);
    const before = log.head;
    expect(told(log.sweep(999))).toEqual([]);
    expect(log.head).toEqual(before);
  });

  it("takes payloads whose ttl is over, from that very millisecond on", () => {
    const log = new Log([3000, 1000, 2000]);
    expect(told(log.sweep(1000))).toEqual(["2 expired"]);
    expect(told(log.sweep(2000))).toEqual(["3 expired"]);
    expect(log.head).toMatchObject({ floor: 1, heldBytes: 10, max: { cursor: 3 }, trimmed: { cursor: 0 } });
  });

  it("takes what every known device has acknowledged, and says that reason even when the ttl is over too", () => {
    const log = new Log([500, 2000, 2000]);
    expect(told(log.sweep(1000, 2))).toEqual(["1 acknowledged", "2 acknowledged"]);
    expect(log.head).toMatchObject({ floor: 3, heldBytes: 12 });
  });

  it("tells each row once", () => {
    const log = new Log([1000, 1000]);
    expect(told(log.sweep(1000))).toEqual(["1 expired", "2 expired"]);
    expect(told(log.sweep(1001, 2))).toEqual([]);
    expect(log.heldBytes).toBe(log.head.heldBytes);
  });

  it("never lowers the max cursor; with nothing held the floor is behind it", () => {
    const log = new Log([1000, 1000]);
    const { max } = log.head;
    log.sweep(5000, 2);
    expect(log.head).toMatchObject({ max, floor: 3, heldBytes: 0 });
    log.sweep(10_000_000);
    expect(log.head).toMatchObject({ max, floor: 3, heldBytes: 0, trimmed: { cursor: 2 } });
  });

  it("forgets a row only after its ttl and the dedupe retention", () => {
    const log = new Log([1000]);
    log.sweep(1000 + RETENTION_S * 1000 - 1, 1);
    expect(log.head.trimmed.cursor).toBe(0);
    log.sweep(1000 + RETENTION_S * 1000, 1);
    expect(log.head.trimmed).toEqual({ cursor: 1, chain: chainAt(1) });
  });

  it("forgets a prefix only: a younger row holds all that follow it", () => {
    const late = 1000 + RETENTION_S * 1000;
    const log = new Log([1000, 900_000, 1000]);
    log.sweep(late);
    expect(log.head).toMatchObject({ trimmed: { cursor: 1 }, floor: 2 });
    expect(log.rows.map((row) => row.cursor)).toEqual([2, 3]);
    log.sweep(900_000 + RETENTION_S * 1000);
    expect(log.head).toMatchObject({ trimmed: { cursor: 3 }, floor: 4 });
  });

  it("keeps for its retention what was acknowledged before its ttl", () => {
    const log = new Log([1000]);
    log.sweep(0, 1);
    expect(log.head).toMatchObject({ heldBytes: 0, trimmed: { cursor: 0 } });
  });

  it("does nothing worse when the wall clock goes back", () => {
    const log = new Log([1000, 2000]);
    log.sweep(1500);
    const before = log.head;
    expect(told(log.sweep(10))).toEqual([]);
    expect(log.head).toEqual(before);
  });

  it("after sweep counts held bytes exactly, keeps the floor at the oldest payload, and loses no live row", () => {
    const step = fc.record({ wallMs: fc.integer({ min: 0, max: 300_000 }), acknowledged: fc.nat(9) });
    fc.assert(
      fc.property(fc.array(fc.nat(200_000), { maxLength: 8 }), fc.array(step, { maxLength: 6 }), (times, steps) => {
        const log = new Log(times);
        const { max } = log.head;
        const gone = new Set<number>();
        for (const { wallMs, acknowledged } of steps) {
          const before = log.head;
          for (const { cursor } of log.sweep(wallMs, acknowledged).gone) {
            expect(gone.has(cursor)).toBe(false);
            expect(wallMs >= times[cursor - 1]! || cursor <= acknowledged).toBe(true);
            gone.add(cursor);
          }
          expect(log.head.max).toBe(max);
          expect(log.head.heldBytes).toBe(log.heldBytes);
          expect(log.head.floor).toBe(log.rows.find((row) => row.payload !== null)?.cursor ?? max.cursor + 1);
          expect(log.head.trimmed.cursor).toBeGreaterThanOrEqual(before.trimmed.cursor);
          for (let cursor = before.trimmed.cursor + 1; cursor <= log.head.trimmed.cursor; cursor++) {
            expect(gone.has(cursor)).toBe(true);
            expect(wallMs).toBeGreaterThanOrEqual(times[cursor - 1]! + RETENTION_S * 1000);
          }
          for (const { cursor, expiresAtMs, payload } of log.rows) {
            if (payload !== null) expect(expiresAtMs > wallMs && cursor > acknowledged).toBe(true);
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});
