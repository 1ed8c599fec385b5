import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { portableSuite as suite } from "../crypto/portable.ts";
import type { Chain } from "../ids.ts";
import { GENESIS } from "../ids.ts";
import { ChainHasher } from "./chain.ts";
import { readRows } from "./read-rows.ts";
import type { LogHead, LogRow } from "./row.ts";

const hasher = new ChainHasher(suite);
const EPOCH = new Uint8Array(16).fill(1);

function createRows(count: number): LogRow[] {
  const rows: LogRow[] = [];
  let chain = GENESIS;
  for (let cursor = 1; cursor <= count; cursor++) {
    const payload = new Uint8Array(10).fill(cursor);
    const [blobId, payloadHash] = [new Uint8Array(16).fill(cursor), suite.hash(payload)];
    chain = hasher.next(chain, cursor, blobId, payloadHash);
    const times = { timestampMs: 1000, expiresAtMs: 9999 };
    rows.push({ cursor, chain, blobId, payloadHash, sender: GENESIS, ...times, sizeBytes: 10, payload, gone: null });
  }
  return rows;
}

type Field = "chain" | "blobId" | "payloadHash";

/** The rows with one bit of these fields turned over. */
function rotten(rows: readonly LogRow[], cursor: number, fields: readonly Field[]): LogRow[] {
  return rows.map((row) => {
    if (row.cursor !== cursor) return row;
    const copy = { ...row };
    for (const field of fields) {
      const bytes = row[field].slice();
      bytes[5]! ^= 0x10;
      copy[field] = bytes;
    }
    return copy;
  });
}

const chainOf = (rows: readonly LogRow[], cursor: number): Chain => (cursor === 0 ? GENESIS : rows[cursor - 1]!.chain);

/** What is read behind `after` of rows as they are kept, of a log whose end is known. */
function read(good: readonly LogRow[], kept: readonly LogRow[], after: number): LogRow[] {
  const max = { cursor: good.length, chain: chainOf(good, good.length) };
  const head: LogHead = { epoch: EPOCH, max, trimmed: { cursor: 0, chain: GENESIS }, floor: 1, heldBytes: 0 };
  const before = kept[after - 1];
  const chainAnew = (): Chain | undefined => before && hasher.ofRow(chainOf(kept, after - 1), before);
  return [...readRows(hasher, head, kept.slice(after), { chain: chainOf(kept, after), chainAnew })];
}

describe("rows that are read again", () => {
  it("are what they were when nothing rotted", () => {
    const rows = createRows(4);
    for (const after of [0, 1, 4]) expect(read(rows, rows, after)).toEqual(rows.slice(after));
  });

  it("of which one rotted: its blob alone is gone, or nothing when only its chain did; from wherever one reads", () => {
    const field = fc.constantFrom<Field>("chain", "blobId", "payloadHash");
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.nat(5), fc.nat(6), field, (count, at, from, what) => {
        const rows = createRows(count);
        const cursor = 1 + (at % count);
        const after = from % (count + 1);
        const isLost = what !== "chain";
        const found = read(rows, rotten(rows, cursor, [what]), after);
        expect(found.map((row) => row.chain)).toEqual(rows.slice(after).map((row) => row.chain));
        const gone = found.filter((row) => row.payload === null);
        expect(gone.map((row) => [row.cursor, row.gone])).toEqual(isLost && cursor > after ? [[cursor, "rotted"]] : []);
      }),
    );
  });

  it("of which one has neither its chain nor its blob any more: it and the next are gone, and the chain goes on", () => {
    const rows = createRows(5);
    const found = read(rows, rotten(rows, 2, ["chain", "blobId"]), 0);
    expect(found.map((row) => row.gone)).toEqual([null, "rotted", "rotted", null, null]);
    expect(found.slice(2).map((row) => row.chain)).toEqual(rows.slice(2).map((row) => row.chain));
  });

  it("are as many as are asked for, and whoever gives them is told when no more are", () => {
    const rows = createRows(3);
    let [given, isOver] = [0, false];
    function* counted(): Generator<LogRow> {
      try {
        for (const row of rows) {
          given++;
          yield row;
        }
      } finally {
        isOver = true;
      }
    }
    const head: LogHead = {
      epoch: EPOCH,
      max: { cursor: 3, chain: chainOf(rows, 3) },
      trimmed: { cursor: 0, chain: GENESIS },
      floor: 1,
      heldBytes: 0,
    };
    for (const row of readRows(hasher, head, counted(), { chain: GENESIS, chainAnew: () => undefined })) {
      expect(row.cursor).toBe(1);
      break;
    }
    expect([given, isOver]).toEqual([1, true]);
  });
});

it("rows of which no more are read end before one that needs the next to be judged", () => {
  const rows = createRows(4);
  const max = { cursor: 4, chain: chainOf(rows, 4) };
  const head: LogHead = { epoch: EPOCH, max, trimmed: { cursor: 0, chain: GENESIS }, floor: 1, heldBytes: 0 };
  const kept = rotten(rows, 3, ["chain"]).slice(0, 3);
  const found = [...readRows(hasher, head, kept, { chain: GENESIS, chainAnew: () => undefined })];
  expect(found).toEqual(rows.slice(0, 2));
});

it("rows behind one whose blob rotted are judged by the chain that it keeps, not by what it says", () => {
  const rows = createRows(4);
  const kept = rotten(rotten(rows, 2, ["blobId"]), 3, ["chain"]);
  expect(read(rows, kept, 2).map((row) => [row.cursor, row.gone])).toEqual([
    [3, null],
    [4, null],
  ]);
});
