/** Fast checkers against slow, obviously right ones on random small histories; and changes that change no verdict. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { startJudge } from "../judge.ts";
import type { Checker } from "../checker.ts";
import type { AckRecord, DeliverRecord, HistoryRecord, QuarantineRecord } from "../history.ts";
import { CanarySearch } from "./canary-search.ts";
import { CursorRanges } from "./cursor-ranges.ts";
import { cursorBinding } from "./cursor-binding.ts";
import { EPOCH, ExampleHistory, exampleChain, exampleId, examplePlan, GROUP, RELAY } from "./example-history.ts";
import { exactlyOnce } from "./exactly-once.ts";
import { checkers } from "./index.ts";
import { nonceUnique } from "./nonce-unique.ts";
import { prefixAgreement } from "./prefix-agreement.ts";
import { pushOnce } from "./push-once.ts";
import { zeroKnowledge } from "./zero-knowledge.ts";

/** All findings of these checkers, by kind; the count is exact up to the limit of one kind. */
function kinds(records: readonly HistoryRecord[], ...using: readonly Checker[]): string[] {
  const running = startJudge(examplePlan(), using);
  for (const record of records) running.observe(record);
  return running.finish().findings.map((finding) => `${finding.checker} ${finding.kind}`);
}

type Binding = AckRecord | DeliverRecord | QuarantineRecord;

const binding: fc.Arbitrary<Binding> = fc
  .record({
    type: fc.constantFrom("ack" as const, "deliver" as const, "quarantine" as const),
    device: fc.constantFrom("alice", "bob"),
    group: fc.constantFrom("g1", "g2"),
    relay: fc.constantFrom("r1", "r2"),
    epoch: fc.constantFrom("e1", "e2"),
    cursor: fc.integer({ min: 1, max: 6 }),
    noise: fc.integer({ min: 0, max: 20 }),
  })
  .map(({ type, noise, ...at }): Binding => {
    // Mostly the right blob, so that some histories hold.
    const blob = `blob${noise === 0 ? 99 : noise === 1 ? 3 : at.cursor}`;
    const place = { at: 0, ...at, blob };
    if (type === "ack") return { type, ...place, chain: "" };
    if (type === "quarantine") return { type, ...place, why: "" };
    return { type, ...place, index: 0, op: null, digest: "", sizeBytes: 0, sender: "", sequence: 1 };
  });

function isSameLog(a: Binding, b: Binding): boolean {
  return a.group === b.group && a.relay === b.relay && a.epoch === b.epoch;
}

function somePair(records: readonly Binding[], is: (a: Binding, b: Binding) => boolean): boolean {
  return records.some((a) => records.some((b) => isSameLog(a, b) && is(a, b)));
}

const bindings = fc.array(binding, { maxLength: 40 });

test("cursor-binding agrees with comparing all pairs", () => {
  fc.assert(
    fc.property(bindings, (records) => {
      const expected = somePair(records, (a, b) => a.cursor === b.cursor && a.blob !== b.blob);
      expect(kinds(records, cursorBinding).includes("cursor-binding cursor-reused")).toBe(expected);
    }),
  );
});

test("cursor-binding finds a hole exactly where a cursor was never named", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 9 })), fc.integer({ min: 0, max: 9 }), (seen, highest) => {
      const log = { device: "alice", group: GROUP, relay: RELAY, epoch: EPOCH } as const;
      const records: HistoryRecord[] = seen.map((cursor) => {
        return { type: "ack", at: 0, ...log, blob: exampleId("b", cursor), cursor, chain: "" };
      });
      records.push({ type: "durable-state", at: 0, ...log, why: "commit", cursor: highest, chain: "", inbox: 0 });
      records.push({ type: "phase", at: 0, phase: "end", frames: 0 });
      const isWhole = Array.from({ length: highest }, (_, i) => i + 1).every((cursor) => seen.includes(cursor));
      expect(kinds(records, cursorBinding)).toEqual(isWhole ? [] : ["cursor-binding cursor-hole"]);
    }),
  );
});

test("push-once agrees with comparing all pairs", () => {
  fc.assert(
    fc.property(bindings, (records) => {
      const told = records.filter((record) => record.type !== "quarantine");
      const expected = somePair(told, (a, b) => a.blob === b.blob && a.cursor !== b.cursor);
      expect(kinds(records, pushOnce).length > 0).toBe(expected);
    }),
  );
});

test("nonce-unique agrees with a set of all pairs of key and nonce", () => {
  const nonce = fc.oneof(fc.integer({ min: 0, max: 12 }), fc.constantFrom("aa", "bb", "cc", "1"));
  const seal = fc.record({
    type: fc.constant("seal" as const),
    at: fc.constant(0),
    host: fc.constantFrom("alice", "bob"),
    key: fc.integer({ min: 0, max: 2 }),
    nonce,
  });
  fc.assert(
    fc.property(fc.array(seal, { maxLength: 12, size: "max" }), (seals) => {
      const used = new Set(seals.map((each) => JSON.stringify([each.key, each.nonce])));
      const expected = seals.length - used.size;
      expect(kinds(seals, nonceUnique)).toHaveLength(Math.min(expected, 5));
    }),
  );
});

test("a counter that stands still is a nonce used twice", () => {
  const seal = { type: "seal", at: 0, host: "alice", key: 1 } as const;
  expect(
    kinds(
      [
        { ...seal, nonce: 4 },
        { ...seal, nonce: 5 },
      ],
      nonceUnique,
    ),
  ).toEqual([]);
  expect(
    kinds(
      [
        { ...seal, nonce: 5 },
        { ...seal, nonce: 5 },
      ],
      nonceUnique,
    ),
  ).toEqual(["nonce-unique nonce-reused"]);
});

/** Every form that is looked for, by the host's own encoders. */
function naiveForms(value: Uint8Array): string[] {
  const latin = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");
  const forms = [latin(value), latin(value.slice().reverse())];
  const hex = Buffer.from(value).toString("hex");
  forms.push(hex, hex.toUpperCase());
  for (let shift = 0; shift < 3; shift++) {
    for (const encoding of ["base64", "base64url"] as const) {
      // What stays the same whatever stands before and after.
      const texts = [0, 255].map((fill) =>
        Buffer.concat([Buffer.alloc(shift, fill), value, Buffer.alloc(3, fill)]).toString(encoding),
      );
      const from = Math.ceil((8 * shift) / 6);
      forms.push(texts[0]!.slice(from, Math.floor((8 * (shift + value.length)) / 6)));
    }
  }
  return forms;
}

const secret = fc.uint8Array({ minLength: 16, maxLength: 20 });
/** Few different bytes, so that near misses are common. */
const dull = fc
  .array(fc.constantFrom(0, 1, 65), { minLength: 16, maxLength: 18 })
  .map((bytes) => Uint8Array.from(bytes));

test("zero-knowledge agrees with looking for each form in each frame", () => {
  const frame = fc.record({
    before: fc.uint8Array({ maxLength: 9 }),
    after: fc.uint8Array({ maxLength: 9 }),
    secret: fc.nat(),
    form: fc.integer({ min: -1, max: 9 }),
    cut: fc.integer({ min: 0, max: 2 }),
  });
  const values = fc.array(fc.oneof(secret, dull), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(values, fc.array(frame, { maxLength: 6 }), (secrets, frames) => {
      const forms = secrets.map(naiveForms);
      const records: HistoryRecord[] = secrets.map((value) => {
        return { type: "secret", at: 0, what: "it", value: Buffer.from(value).toString("hex") };
      });
      let expected = false;
      for (const each of frames) {
        const text = each.form < 0 ? "" : forms[each.secret % forms.length]![each.form]!;
        const planted = Buffer.from(each.cut === 0 ? text.slice(0, -1) : text, "latin1");
        const bytes = Uint8Array.from(Buffer.concat([each.before, planted, each.after]));
        const read = Buffer.from(bytes).toString("latin1");
        expected ||= forms.flat().some((form) => read.includes(form));
        records.push({ type: "relay-view", at: 0, relay: RELAY, bytes });
      }
      expect(kinds(records, zeroKnowledge).length > 0).toBe(expected);
    }),
    { numRuns: 500 },
  );
});

test("a secret is found at every offset, also among thousands", () => {
  const search = new CanarySearch();
  const values = Array.from({ length: 3000 }, (_, i) => exampleId("c", i));
  values.forEach((value, i) => expect(search.add(value)).toBe(i));
  for (let at = 0; at <= 64; at++) {
    const bytes = new Uint8Array(80).fill(7);
    bytes.set(Buffer.from(values[at * 40]!, "hex"), at);
    expect(search.find(bytes)).toEqual({ canary: at * 40, form: "raw", offset: at });
  }
});

test("a secret is found in text at every place and alignment, and of several the one that begins first", () => {
  const search = new CanarySearch();
  const secrets = [exampleId("c", 1), exampleId("d", 2)] as const;
  for (const secret of secrets) search.add(secret);
  const [first, second] = [Buffer.from(secrets[0], "hex"), Buffer.from(secrets[1], "hex")];
  for (let before = 0; before <= 9; before++) {
    for (const encoding of ["hex", "base64", "base64url"] as const) {
      const text = `~${Buffer.concat([Buffer.alloc(before, 7), second, Buffer.alloc(3)]).toString(encoding)}`;
      const hit = search.find(Uint8Array.from(Buffer.concat([Buffer.from(text), first])));
      const offset = 1 + (encoding === "hex" ? 2 * before : Math.ceil((8 * before) / 6));
      expect(hit).toMatchObject({ canary: 1, offset });
    }
  }
});

test("cursor ranges agree with a set", () => {
  const range = fc.tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: -1, max: 6 }));
  fc.assert(
    fc.property(fc.array(range, { maxLength: 15 }), (added) => {
      const ranges = new CursorRanges();
      const set = new Set<number>();
      for (const [from, length] of added) {
        ranges.add(from, from + length);
        for (let i = from; i <= from + length; i++) set.add(i);
      }
      const all = Array.from({ length: 50 }, (_, i) => i);
      expect(all.filter((i) => ranges.has(i))).toEqual(all.filter((i) => set.has(i)));
      const missing = all.find((i) => i >= 3 && i <= 40 && !set.has(i));
      const gap = ranges.firstMissing(3, 40);
      expect(gap?.from).toBe(missing);
      if (gap !== undefined) for (let i = gap.from; i <= gap.to; i++) expect(set.has(i)).toBe(false);
      if (gap !== undefined && gap.to < 40) expect(set.has(gap.to + 1)).toBe(true);
    }),
  );
});

/** A run with a few things wrong, drawn by number. */
function spoiled(wrongs: number): ExampleHistory {
  const history = new ExampleHistory().push("alice").push("bob").pull("alice").push("alice").pull("bob").push("bob");
  history.end();
  const log = { device: "bob", group: GROUP, relay: RELAY, epoch: EPOCH } as const;
  if (wrongs & 1)
    history.write({ type: "ack", at: 99, ...log, blob: exampleId("b", 1), cursor: 2, chain: exampleChain(EPOCH, 2) });
  if (wrongs & 2) history.change("durable-state", { chain: exampleId("a", 50) });
  if (wrongs & 4) history.change("deliver", { index: 9 });
  if (wrongs & 8) history.write({ type: "seal", at: 99, host: "bob", key: 2, nonce: 0 });
  return history;
}

test("renaming devices, relays, blobs and epochs changes no verdict", () => {
  fc.assert(
    fc.property(fc.nat({ max: 15 }), fc.nat({ max: 1000 }), (wrongs, salt) => {
      const { records } = spoiled(wrongs);
      const names = new Map<string, string>();
      const renamed = records.map((record) => {
        const copy: Record<string, unknown> = { ...record };
        for (const field of ["device", "relay", "epoch", "blob", "group", "host", "chain"]) {
          const name = copy[field];
          if (typeof name !== "string") continue;
          if (!names.has(name)) names.set(name, `x${salt}y${names.size}`);
          copy[field] = names.get(name);
        }
        if (Array.isArray(copy["outbox"])) copy["outbox"] = copy["outbox"].map((name: string) => names.get(name));
        return copy as unknown as HistoryRecord;
      });
      expect(kinds(renamed, ...checkers)).toEqual(kinds(records, ...checkers));
      expect(kinds(records, ...checkers).length > 0).toBe(wrongs > 0);
    }),
  );
});

test("the order of records that have nothing to do with one another changes no verdict", () => {
  const orderless = [cursorBinding, pushOnce, prefixAgreement, nonceUnique];
  fc.assert(
    fc.property(fc.nat({ max: 15 }), fc.infiniteStream(fc.nat({ max: 1 })), (wrongs, coins) => {
      const { records } = spoiled(wrongs);
      // These checkers compare what is said, whenever it is said: any order will do.
      const shuffled = [...records];
      for (let i = 1; i < shuffled.length; i++) {
        if (coins.next().value === 1) [shuffled[i - 1], shuffled[i]] = [shuffled[i]!, shuffled[i - 1]!];
      }
      expect(kinds(shuffled, ...orderless)).toEqual(kinds(records, ...orderless));
      // Two devices' records may be woven otherwise, as long as each device keeps its own order.
      const woven = records.filter((record) => "device" in record && record.device === "bob");
      const others = records.filter((record) => !("device" in record && record.device === "bob"));
      expect(kinds([...others, ...woven], exactlyOnce)).toEqual(kinds(records, exactlyOnce));
    }),
  );
});
