import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeHex } from "../bytes.ts";
import { portableSuite as suite } from "../crypto/portable.ts";
import { GENESIS } from "../ids.ts";
import type { AppendDecision, AppendItem } from "./append.ts";
import { decideAppend } from "./append.ts";
import { ChainHasher } from "./chain.ts";
import type { LogHead, LogRow } from "./row.ts";
import { createHead } from "./row.ts";

const EPOCH = new Uint8Array(16).fill(0xe0);
const SENDER = new Uint8Array(32).fill(0xde);
const NOW = 1_700_000_000_000;
const DAY_S = 24 * 3600;
const PLENTY = { totalBytes: 0, totalBytesMax: 1e12 };
const hasher = new ChainHasher(suite);

function push(id: number, text = `payload ${id}`, ttlS = 60): AppendItem {
  const payload = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  return { blobId: new Uint8Array(16).fill(id), payload, payloadHash: suite.hash(payload), ttlS };
}

/** A log that is kept in memory, as a store would keep it. */
class Log {
  head: LogHead = createHead(EPOCH);
  readonly rows: LogRow[] = [];

  append(items: readonly AppendItem[], heldBytesMax = 1_000_000, wallMs = NOW): AppendDecision {
    const known = new Map(this.rows.map((row) => [encodeHex(row.blobId), row]));
    const request = { sender: SENDER, items, wallMs, defaultTtlS: DAY_S, heldBytesMax, ...PLENTY };
    const decision = decideAppend(hasher, this.head, (blob) => known.get(encodeHex(blob)), request);
    this.head = decision.head;
    this.rows.push(...decision.rows);
    return decision;
  }
}

const types = (decision: AppendDecision): string[] => decision.answers.map(({ type }) => type);

describe("appending", () => {
  it("gives cursors 1, 2, 3 … without a hole, whatever is refused in between", () => {
    const log = new Log();
    const first = log.append([push(1), push(2)]);
    const second = log.append([push(1), push(1, "other bytes"), push(3)]);
    const third = log.append([push(4)]);
    expect(first.rows.map((row) => row.cursor)).toEqual([1, 2]);
    expect(types(second)).toEqual(["accepted", "conflict", "accepted"]);
    expect(log.rows.map((row) => row.cursor)).toEqual([1, 2, 3, 4]);
    expect(third.head.max).toEqual({ cursor: 4, chain: log.rows[3]!.chain });
    expect(log.head.floor).toBe(1);
  });

  it("writes down who sent it, when, how long it lives, and all of its bytes", () => {
    const item = push(1, "seven b", 90);
    const { rows, answers, head } = new Log().append([item]);
    expect(rows).toEqual([
      {
        cursor: 1,
        chain: hasher.next(GENESIS, 1, item.blobId, item.payloadHash),
        blobId: item.blobId,
        payloadHash: item.payloadHash,
        sender: SENDER,
        timestampMs: NOW,
        expiresAtMs: NOW + 90_000,
        sizeBytes: 7,
        payload: item.payload,
        gone: null,
      },
    ]);
    const { chain } = rows[0]!;
    expect(answers).toEqual([{ type: "accepted", blobId: item.blobId, cursor: 1, chain, epoch: EPOCH, isNew: true }]);
    expect(head.heldBytes).toBe(7);
  });

  it("takes the relay's default for a ttl of 0", () => {
    const { rows } = new Log().append([push(1, "x", 0), push(2, "x", 1)]);
    expect(rows.map((row) => row.expiresAtMs - NOW)).toEqual([DAY_S * 1000, 1000]);
  });

  it("chains every row to the one before it, also over batches", () => {
    const log = new Log();
    log.append([push(1), push(2)]);
    log.append([push(3)]);
    let chain = GENESIS;
    for (const row of log.rows) {
      chain = hasher.next(chain, row.cursor, row.blobId, row.payloadHash);
      expect(encodeHex(row.chain)).toBe(encodeHex(chain));
    }
  });

  it("answers a repetition as the first time, and adds nothing", () => {
    const log = new Log();
    const [first] = log.append([push(1, "same")]).answers;
    log.append([push(2)]);
    const before = log.head;
    const again = log.append([push(1, "same", 5)], 1_000_000, NOW + 1000);
    expect(again.answers).toEqual([{ ...first, isNew: false }]);
    expect(again.rows).toEqual([]);
    expect(log.head).toEqual(before);
  });

  it("knows a repetition within one batch, and other bytes under one id within one batch", () => {
    const log = new Log();
    const decision = log.append([push(1, "a"), push(2, "b"), push(1, "a"), push(2, "c")]);
    expect(types(decision)).toEqual(["accepted", "accepted", "accepted", "conflict"]);
    expect(decision.answers[2]).toEqual({ ...decision.answers[0], isNew: false });
    expect(log.rows.length).toBe(2);
    expect(log.head.heldBytes).toBe(2);
  });

  it("knows a blob whose payload is gone: the same bytes get the first answer, others are a conflict", () => {
    const log = new Log();
    const [first] = log.append([push(1, "gone")]).answers;
    log.rows[0] = { ...log.rows[0]!, payload: null, gone: "expired" };
    log.head = { ...log.head, heldBytes: 0, floor: 2 };
    const again = log.append([push(1, "gone"), push(1, "else")]);
    expect(again.answers[0]).toEqual({ ...first, isNew: false });
    expect(types(again)).toEqual(["accepted", "conflict"]);
    expect(log.head.heldBytes).toBe(0);
  });

  it("answers a repetition even where nothing more would fit", () => {
    const log = new Log();
    log.append([push(1, "12345")], 5);
    expect(types(log.append([push(1, "12345"), push(2, "1")], 5))).toEqual(["accepted", "quota"]);
  });

  it("fills the quota to its last byte; a smaller item still fits behind one that does not", () => {
    const log = new Log();
    const decision = log.append(
      [push(1, "1234"), push(2, "1234567"), push(3, "123456"), push(4, "1"), push(5, "")],
      10,
    );
    expect(types(decision)).toEqual(["accepted", "quota", "accepted", "quota", "accepted"]);
    expect(decision.rows.map((row) => row.cursor)).toEqual([1, 2, 3]);
    expect(log.head.heldBytes).toBe(10);
  });

  it("keeps no trace of what was over quota: it can come later", () => {
    const log = new Log();
    log.append([push(1, "too long")], 3);
    expect(types(log.append([push(1, "no")], 3))).toEqual(["accepted"]);
    expect(log.head.max.cursor).toBe(1);
  });

  it("gives the same rows, head and answers however a sequence of pushes is cut into batches", () => {
    const item = fc.record({ id: fc.integer({ min: 1, max: 6 }), text: fc.constantFrom("", "a", "bb", "cccc") });
    const cuts = fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 12 });
    fc.assert(
      fc.property(
        fc.array(item, { maxLength: 24 }),
        cuts,
        fc.integer({ min: 0, max: 16 }),
        (pushes, lengths, quota) => {
          const items = pushes.map(({ id, text }) => push(id, text));
          const whole = new Log();
          const answers = whole.append(items, quota).answers;
          const cut = new Log();
          const cutAnswers: unknown[] = [];
          const rest = [...items];
          for (const length of [...lengths, items.length]) {
            cutAnswers.push(...cut.append(rest.splice(0, length), quota).answers);
          }
          expect(cutAnswers).toEqual(answers);
          expect(cut.rows).toEqual(whole.rows);
          expect(cut.head).toEqual(whole.head);
        },
      ),
      { numRuns: 150 },
    );
  });

  it("refuses what all groups together have no room for, and says that it was they", () => {
    const log = new Log();
    const request = { sender: SENDER, wallMs: NOW, defaultTtlS: 1, heldBytesMax: 1000, totalBytesMax: 120 };
    const items = [push(1, "x".repeat(10)), push(2, "x".repeat(11)), push(3, "x".repeat(10))];
    const decision = decideAppend(hasher, log.head, () => undefined, { ...request, items, totalBytes: 100 });
    expect(decision.answers.map((answer) => (answer.type === "quota" ? answer.of : answer.type))).toEqual([
      "accepted",
      "relay",
      "accepted",
    ]);
    const small = { ...request, heldBytesMax: 9, items: [items[0]!], totalBytes: 119 };
    expect(decideAppend(hasher, log.head, () => undefined, small).answers).toMatchObject([{ of: "group" }]);
  });

  it("does not touch the head that it was given", () => {
    const head = Object.freeze(createHead(EPOCH));
    const request = { sender: SENDER, items: [push(1)], wallMs: NOW, defaultTtlS: 1, heldBytesMax: 100, ...PLENTY };
    decideAppend(hasher, head, () => undefined, request);
    expect(head).toEqual(createHead(EPOCH));
  });
});
