import { expect, test } from "vitest";
import { ExampleHistory, exampleId } from "./checkers/example-history.ts";
import { encodeHistoryRecord, parseHistoryRecord } from "./history-json.ts";
import type { HistoryRecord } from "./history.ts";

const log = { device: "bob", group: "g1", relay: "r1", epoch: exampleId("e", 1) } as const;
const rare: readonly HistoryRecord[] = [
  { type: "refused", at: 1, device: "bob", group: "g1", relay: null, blob: "b", code: 2001, retryable: true },
  { type: "quarantine", at: 1, ...log, cursor: 3, blob: "b", why: "no key" },
  { type: "lost", at: 1, ...log, from: 1, to: 2, why: "expired" },
  { type: "fault", at: -0.5, step: 1, stage: "observed", note: "dropped 3" },
  { type: "phase", at: 1, phase: "stalled", frames: 3, waiting: ["bob"] },
  { type: "stopped", at: 1, why: "hang", host: null, message: "spent" },
  { type: "disconnected", at: 1, device: "bob", group: "g1", relay: "r1", why: "silent" },
  { type: "seal", at: 1, host: "bob", key: 1, nonce: 3 },
  { type: "disconnected", at: 1, device: "bob", group: "g1", relay: "r1", why: "silent" },
  { type: "accused", at: 1, ...log, what: "page-refused", cursor: 3 },
  { type: "accused", at: 1, ...log, what: "cloned", cursor: 3, sender: "cc" },
  { type: "log", at: 1, host: "r1", line: '{"msg":"ready"}' },
  { type: "exit", at: 9, host: "r1", askedAt: 1, graceMs: 5000, code: 0 },
  { type: "exit", at: 9, host: "r1", askedAt: 1, graceMs: 5000, code: null },
];

test("every record comes back as it was, one line each", () => {
  const history = new ExampleHistory().push("alice").expire(1).pull("bob").push("bob", 0).crash("bob").end();
  for (const record of [...history.records, ...rare]) {
    const line = encodeHistoryRecord(record);
    expect(line).not.toContain("\n");
    expect(parseHistoryRecord(line)).toEqual({ ok: true, value: record });
  }
});

test("bytes are hex in a file", () => {
  const line = encodeHistoryRecord({ type: "relay-view", at: 1, relay: "r1", bytes: Uint8Array.of(0, 255) });
  expect(line).toBe('{"type":"relay-view","at":1,"relay":"r1","bytes":"00ff"}');
});

test("what is missing, misshapen or unknown is refused by name", () => {
  const error = (line: string): unknown => {
    const result = parseHistoryRecord(line);
    return result.ok ? "accepted" : result.error;
  };
  expect(error("{")).toEqual({ type: "NotJson" });
  expect(error("[1]")).toEqual({ type: "NotARecord" });
  expect(error('{"type":"toString"}')).toEqual({ type: "UnknownType", name: "toString" });
  const good = encodeHistoryRecord({ type: "lost", at: 1, ...log, from: 1, to: 2, why: "expired" });
  expect(error(good)).toBe("accepted");
  expect(error(good.replace('"to":2', '"to":-2'))).toEqual({ type: "BadField", record: "lost", field: "to" });
  expect(error(good.replace(',"to":2', ""))).toEqual({ type: "BadField", record: "lost", field: "to" });
  expect(error(good.replace('"to"', '"till"'))).toEqual({ type: "UnknownField", record: "lost", field: "till" });
  expect(error('{"type":"relay-view","at":1,"relay":"r1","bytes":"0g"}')).toEqual({
    type: "BadField",
    record: "relay-view",
    field: "bytes",
  });
});
