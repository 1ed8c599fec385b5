import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GENESIS } from "../ids.ts";
import type { Chain } from "../ids.ts";
import { FRAME_BYTES_MAX, PAGE_GONE_RANGES_MAX, PAYLOAD_BYTES_MAX } from "../limits.ts";
import { MessageCodec } from "../wire/codec.ts";
import type { GoneWhy } from "../wire/messages.ts";
import type { Page } from "./page.ts";
import { BLOB_OVERHEAD_BYTES, decidePage } from "./page.ts";
import type { LogHead, LogRow } from "./row.ts";

const EPOCH = new Uint8Array(16).fill(1);
const SENDER = new Uint8Array(32).fill(2);
const PLENTY = { limit: 1000, bytesMax: FRAME_BYTES_MAX };

/** A chain that tells its cursor. */
function chainAt(cursor: number): Chain {
  return cursor === 0 ? GENESIS : Uint8Array.from({ length: 32 }, (_, i) => (i < 4 ? cursor >> (8 * i) : 0xcc) & 0xff);
}

/** What a row is: the size of its payload, or why it is gone. */
type Kind = number | GoneWhy;

/** Rows behind `trimmed` forgotten ones. */
class Log {
  readonly head: LogHead;
  readonly rows: readonly LogRow[];
  readonly rotten = new Set<number>();

  constructor(kinds: readonly Kind[], trimmed = 0) {
    this.rows = kinds.map((kind, i): LogRow => {
      const cursor = trimmed + i + 1;
      return {
        cursor,
        chain: chainAt(cursor),
        blobId: new Uint8Array(16).fill(cursor & 0xff),
        payloadHash: GENESIS,
        sender: SENDER,
        timestampMs: 1000 + cursor,
        expiresAtMs: 9999,
        sizeBytes: typeof kind === "number" ? kind : 10,
        payload: typeof kind === "number" ? new Uint8Array(kind) : null,
        gone: typeof kind === "number" ? null : kind,
      };
    });
    const max = trimmed + kinds.length;
    const held = this.rows.find((row) => row.payload !== null);
    this.head = {
      epoch: EPOCH,
      max: { cursor: max, chain: chainAt(max) },
      trimmed: { cursor: trimmed, chain: chainAt(trimmed) },
      floor: held?.cursor ?? max + 1,
      heldBytes: 0,
    };
  }

  page(after: number, { limit, bytesMax } = PLENTY): Page | undefined {
    const { trimmed } = this.head;
    const above = this.rows.filter((row) => row.cursor > after);
    const isWhole = (row: LogRow): boolean => !this.rotten.has(row.cursor);
    return decidePage(this.head, above, chainAt(Math.max(after, trimmed.cursor)), { after, limit, bytesMax }, isWhole);
  }
}

const cursors = (page: Page): number[] => page.blobs.map((blob) => blob.cursor);
const ranges = (page: Page): string[] => page.gone.map(({ from, to, why }) => `${from}-${to} ${why}`);

describe("a page", () => {
  it("of an empty log says that there is nothing", () => {
    const page = new Log([]).page(0)!;
    expect(page).toEqual({ after: 0, through: 0, blobs: [], gone: [], chain: GENESIS, hasMore: false, max: 0 });
  });

  it("brings each blob as it was accepted, and the chain at its end", () => {
    const log = new Log([3, 4]);
    const { payload, blobId } = log.rows[1]!;
    const page = log.page(1)!;
    expect(page.blobs).toEqual([{ cursor: 2, blobId, sender: SENDER, payload, timestampMs: 1002 }]);
    expect(page).toMatchObject({ after: 1, through: 2, chain: chainAt(2), hasMore: false, max: 2 });
  });

  it("is refused when asked for what lies beyond the log, and empty at its very end", () => {
    const log = new Log([1, 1]);
    expect(log.page(3)).toBeUndefined();
    expect(log.page(2)).toMatchObject({ after: 2, through: 2, blobs: [], gone: [], chain: chainAt(2), hasMore: false });
  });

  it("stops at the limit, and says so", () => {
    const log = new Log([1, 1, 1]);
    expect(log.page(0, { limit: 2, bytesMax: 10_000 })).toMatchObject({ through: 2, hasMore: true, max: 3 });
    expect(log.page(0, { limit: 3, bytesMax: 10_000 })).toMatchObject({ through: 3, hasMore: false });
  });

  it("stops where the budget would be overdrawn, and uses it up to the last byte", () => {
    const log = new Log([100, 50, 50]);
    const two = 150 + 2 * BLOB_OVERHEAD_BYTES;
    expect(cursors(log.page(0, { limit: 10, bytesMax: two })!)).toEqual([1, 2]);
    expect(cursors(log.page(0, { limit: 10, bytesMax: two - 1 })!)).toEqual([1]);
  });

  it("calls what rotted gone, in one range with its like, and goes on behind it", () => {
    const log = new Log([1, 1, 1, "expired", 1]);
    for (const cursor of [2, 3]) log.rotten.add(cursor);
    const page = log.page(0)!;
    expect([cursors(page), ranges(page)]).toEqual([
      [1, 5],
      ["2-3 rotted", "4-4 expired"],
    ]);
    expect(page).toMatchObject({ through: 5, chain: chainAt(5), hasMore: false });
  });

  it("looks at no payload that it does not bring", () => {
    const log = new Log([1, 1]);
    log.rotten.add(2);
    expect(log.page(0, { limit: 1, bytesMax: 10_000 })).toMatchObject({ through: 1, gone: [], hasMore: true });
  });

  it("brings the first blob whatever the limit and the budget", () => {
    const log = new Log([5000, 1]);
    for (const limit of [0, 1]) expect(cursors(log.page(0, { limit, bytesMax: 0 })!)).toEqual([1]);
  });

  it("tells cursors that are gone as ranges, one per reason, with the chain at their end", () => {
    const page = new Log(["expired", "expired", 1, "acknowledged", "expired", "deleted", 1]).page(0)!;
    expect(ranges(page)).toEqual(["1-2 expired", "4-4 acknowledged", "5-5 expired", "6-6 deleted"]);
    expect(page.gone.map((range) => range.chain)).toEqual([2, 4, 5, 6].map(chainAt));
    expect(cursors(page)).toEqual([3, 7]);
  });

  it("counts gone rows against no limit, and goes on behind the last blob that fits", () => {
    const page = new Log([1, "expired", "expired", 1]).page(0, { limit: 1, bytesMax: 1000 })!;
    expect([cursors(page), ranges(page), page.through]).toEqual([[1], ["2-3 expired"], 3]);
  });

  it("tells what was trimmed as expired, in one range with what follows", () => {
    const log = new Log(["expired", 1], 3);
    expect(ranges(log.page(0)!)).toEqual(["1-4 expired"]);
    expect(ranges(log.page(2)!)).toEqual(["3-4 expired"]);
    expect(ranges(log.page(3)!)).toEqual(["4-4 expired"]);
    expect(ranges(new Log(["acknowledged", 1], 3).page(0)!)).toEqual(["1-3 expired", "4-4 acknowledged"]);
    expect(new Log([], 3).page(1)).toMatchObject({ through: 3, chain: chainAt(3), hasMore: false });
  });

  it("has a bounded number of ranges, and makes progress all the same", () => {
    const kinds = Array.from({ length: 3 * PAGE_GONE_RANGES_MAX }, (_, i) => (i % 2 === 0 ? "expired" : "deleted"));
    const log = new Log(kinds as Kind[], 1);
    const pages = [];
    for (let after = 0; after < log.head.max.cursor; after = pages.at(-1)!.through) pages.push(log.page(after)!);
    expect(pages.map((page) => page.gone.length)).toEqual([128, 128, 128]);
    expect(pages.map((page) => page.hasMore)).toEqual([true, true, false]);
  });

  it("fits into a frame at its fullest: the largest payload between as many ranges as there may be", () => {
    const goneRows = Array.from({ length: 200 }, (_, i) => (i % 2 === 0 ? "expired" : "deleted")) as Kind[];
    const before = 100;
    const log = new Log([...goneRows.slice(0, before), PAYLOAD_BYTES_MAX, ...goneRows], 2 ** 40);
    const page = log.page(2 ** 40)!;
    expect([page.blobs.length, page.gone.length]).toEqual([1, PAGE_GONE_RANGES_MAX]);
    expect(new MessageCodec().encode({ type: "PullResponse", ...page }).length).toBeLessThanOrEqual(FRAME_BYTES_MAX);
  });

  it("fits into a frame when many blobs use up the largest budget", () => {
    for (const size of [0, 1, 900, 1200, 40_000]) {
      const page = new Log(Array.from({ length: 1200 }, () => size)).page(0)!;
      const frame = new MessageCodec().encode({ type: "PullResponse", ...page });
      expect(frame.length).toBeLessThanOrEqual(FRAME_BYTES_MAX);
      expect(page.blobs.length).toBeLessThanOrEqual(1000);
    }
  });

  it("after page, whatever limits and budgets are asked for, gives one stream of blobs and gone cursors", () => {
    const kind = fc.oneof(
      fc.integer({ min: 0, max: 300 }),
      fc.constantFrom<GoneWhy>("expired", "acknowledged", "deleted"),
    );
    const ask = fc.record({ limit: fc.integer({ min: 1, max: 5 }), bytesMax: fc.integer({ min: 0, max: 900 }) });
    fc.assert(
      fc.property(
        fc.array(kind, { maxLength: 40 }),
        fc.nat(4),
        fc.array(ask, { minLength: 1, maxLength: 8 }),
        (kinds, trimmed, asks) => {
          const log = new Log(kinds, trimmed);
          const max = log.head.max.cursor;
          const seen = new Map<number, string>();
          let after = 0;
          for (let turn = 0; after < max; turn++) {
            const page = log.page(after, asks[turn % asks.length]!)!;
            expect(page.after).toBe(after);
            expect(page.through).toBeGreaterThan(after);
            expect(page.hasMore).toBe(page.through < max);
            expect(page.max).toBe(max);
            expect(page.chain).toEqual(chainAt(page.through));
            for (const { cursor, payload } of page.blobs) seen.set(cursor, `${payload.length} bytes`);
            for (const [i, { from, to, why, chain }] of page.gone.entries()) {
              const next = page.gone[i + 1];
              expect(
                next !== undefined && next.from === to + 1 && next.why === why,
                "ranges that belong together",
              ).toBe(false);
              expect(chain).toEqual(chainAt(to));
              for (let cursor = from; cursor <= to; cursor++) seen.set(cursor, why);
            }
            expect(seen.size, "every cursor up to here, once").toBe(page.through);
            after = page.through;
          }
          const expected = [
            ...Array<string>(trimmed).fill("expired"),
            ...kinds.map((k) => (typeof k === "number" ? `${k} bytes` : k)),
          ];
          expect([...seen].sort(([a], [b]) => a - b).map(([, what]) => what)).toEqual(expected);
        },
      ),
      { numRuns: 150 },
    );
  });
});
