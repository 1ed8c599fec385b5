/** A run so long that its first blobs are settled: they have no rows any more, and nothing of them is forgotten. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { startJudge } from "../judge.ts";
import type { Finding } from "../verdict.ts";
import { ByNumber } from "./by-number.ts";
import { EPOCH, ExampleHistory, exampleChain, exampleId, GROUP, RELAY } from "./example-history.ts";
import { HexTable } from "./hex-table.ts";

/** More than are kept as rows. */
const BLOBS = 4200;
const PAGE = 25;

function pushMany(history: ExampleHistory, count: number): ExampleHistory {
  for (let i = 1; i <= count; i++) {
    history.push(i % 2 === 0 ? "alice" : "bob");
    if (i % PAGE === 0) history.pull("alice").pull("bob");
  }
  return history.pull("alice").pull("bob");
}

function findings(history: ExampleHistory): readonly Finding[] {
  const running = startJudge(history.plan);
  for (const record of history.records) running.observe(record);
  return running.finish().findings;
}

const log = { group: GROUP, relay: RELAY, epoch: EPOCH } as const;
/** The first blob, which Bob pushed. */
const blob = exampleId("b", 1);

test("a long correct run is valid", () => {
  expect(findings(pushMany(new ExampleHistory(), BLOBS).end())).toEqual([]);
});

test("a settled blob that is delivered again, elsewhere, is found", () => {
  const history = pushMany(new ExampleHistory(), BLOBS);
  const first = history.records.find((record) => record.type === "deliver" && record.device === "alice");
  history.write({ ...(first as Extract<typeof first, { type: "deliver" }>), at: history.at, cursor: 2 });
  const messages = findings(history.cut()).map(({ checker, kind, message }) => `${checker} ${kind}: ${message}`);
  expect(messages).toContainEqual(expect.stringMatching(/^exactly-once delivered-twice: .*long ago/));
  expect(messages).toContainEqual(expect.stringMatching(/^push-once second-cursor: .*: 1, 2 by the deliver of alice$/));
});

test("a settled blob that gets a place in another log is known there from then on", () => {
  const history = pushMany(new ExampleHistory(), BLOBS);
  const other = { ...log, epoch: exampleId("e", 9), device: "bob", blob } as const;
  const chain = exampleChain(other.epoch, 1);
  for (const cursor of [1, 1, 3]) history.write({ type: "ack", at: history.at, ...other, cursor, chain });
  const seconds = findings(history.cut()).filter(({ checker }) => checker === "push-once");
  expect(seconds.map(({ message }) => message)).toEqual([expect.stringMatching(/: 1, 3 by the ack of bob$/)]);
});

test("the payload of a settled blob is still looked for, and its id in the logs", () => {
  const history = pushMany(new ExampleHistory(), BLOBS);
  const bytes = Uint8Array.from(Buffer.from(`....${Buffer.from(exampleId("0", 1), "hex").toString("base64")}`));
  history.write({ type: "relay-view", at: history.at, relay: RELAY, bytes });
  history.write({ type: "log", at: history.at, host: RELAY, line: `{"msg":"swept","why":"${blob.slice(0, 8)}"}` });
  const messages = findings(history.cut()).map(({ message }) => message);
  expect(messages).toContainEqual(expect.stringContaining("could read the payload of an old push as base64"));
  expect(messages).toContainEqual(expect.stringContaining("has the beginning of an id"));
});

test("a push whose answer comes when its blob is settled is answered, and one without an answer is found", () => {
  const unanswered = (isAnswered: boolean): readonly string[] => {
    const history = new ExampleHistory();
    const { process, row } = history.queue("alice");
    history.store(row);
    pushMany(history, BLOBS);
    if (isAnswered) history.acknowledge("alice", process, row);
    history.end();
    return findings(history).map(({ checker, kind }) => `${checker} ${kind}`);
  };
  expect(unanswered(true)).toEqual([]);
  expect(unanswered(false)).toContain("sent-log never-answered");
});

test("a table of ids agrees with a map, whatever the texts", () => {
  const digits = fc.constantFrom(..."0123456789abcdef");
  const hex = fc.string({ unit: digits, minLength: 16, maxLength: 16 });
  const near = hex.map((id) => `${"0".repeat(15)}${id[0]}`);
  const other = fc.oneof(
    hex.map((id) => id.toUpperCase()),
    hex.map((id) => id.slice(1)),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(hex, near, other), { maxLength: 120 }), (ids) => {
      const table = new HexTable(2);
      const map = new Map<string, number>();
      for (const id of ids) {
        expect(table.find(id)).toBe(map.get(id) ?? -1);
        if (!map.has(id)) {
          map.set(id, map.size);
          expect(table.add(id)).toBe(map.size - 1);
        }
      }
      for (const [id, number] of map) {
        expect(table.find(id)).toBe(number);
        expect(table.idOf(number)).toBe(id);
      }
    }),
  );
});

test("values by number agree with a map that is sorted, across blocks", () => {
  const number = fc.oneof(fc.integer({ min: 500, max: 530 }), fc.integer({ min: 0, max: 2100 }));
  const step = fc.tuple(fc.boolean(), number);
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const values = new ByNumber<string>();
      const map = new Map<number, string>();
      for (const [isSet, at] of steps) {
        if (isSet) values.set(at, `${at}`);
        else values.delete(at);
        if (isSet) map.set(at, `${at}`);
        else map.delete(at);
        expect(values.get(at)).toBe(map.get(at));
      }
      const sorted = [...map.entries()].sort(([a], [b]) => a - b);
      expect(values.values()).toEqual(sorted.map(([, value]) => value));
    }),
  );
});
