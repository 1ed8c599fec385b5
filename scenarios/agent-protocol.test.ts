import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Redacted } from "../core/redacted.ts";
import { DEFAULT_CLIENT_CONFIG } from "../core/client/config.ts";
import { encodeAgentConfig, parseAgentConfig, type AgentConfig } from "./agent-config.ts";
import type { ToldEvent } from "./agent-event.ts";
import {
  AGENT_MOMENTS,
  AGENT_PROTOCOL,
  encodeAgentOrder,
  encodeAgentReport,
  parseAgentOrder,
  parseAgentReport,
  timedRecord,
  type AgentOrder,
  type AgentRecord,
  type AgentReport,
} from "./agent-protocol.ts";

const relay = "ab".repeat(32);
const blobId = Uint8Array.from({ length: 16 }, (_, i) => i);
const epoch = new Uint8Array(16).fill(7);
const chain = new Uint8Array(32).fill(9);
const op = "0123456789abcdef0123456789abcdef";
const where = { device: "a", group: "main", relay: "relay", epoch: "07" };

const ORDERS: readonly AgentOrder[] = [
  { type: "resume", protocol: AGENT_PROTOCOL, isFirst: false, inbox: 3, quarantine: 0, lost: 1 },
  { type: "push", ref: 4, op, sizeBytes: 64, ttlS: 0 },
  { type: "pull" },
  { type: "connect" },
  { type: "disconnect" },
  { type: "pause", forMs: 500 },
  ...AGENT_MOMENTS.map((moment) => ({ type: "stop-at" as const, moment })),
  { type: "report", id: 0 },
  { type: "final", id: 9 },
  { type: "exit" },
];

const EVENTS: readonly ToldEvent[] = [
  { type: "connecting", relay },
  { type: "connected", relay, epoch, max: 12 },
  { type: "disconnected", relay, why: "silent", retryInMs: 1500 },
  { type: "disconnected", relay, why: "closed-by-application", retryInMs: null },
  { type: "all-relays-failed", retryInMs: 1000 },
  { type: "queued", ref: 4, blobId, sequence: 1 },
  { type: "push-failed", ref: 4, error: { type: "TooLarge", bytesMax: 1000 } },
  { type: "push-failed", ref: 4, error: { type: "InvalidTtl", ttlSMax: 1000 } },
  { type: "push-failed", ref: 4, error: { type: "StorageFull" } },
  { type: "acked", relay, blobId, epoch, position: { cursor: 5, chain } },
  { type: "refused", relay, blobId, code: 3001, retryable: true, isFinal: false },
  { type: "gave-up", blobId, wasSent: true },
  { type: "notified", relay, by: "Welcome", cursor: 5 },
  { type: "pulling", relay, after: 4 },
  {
    type: "pulled",
    relay,
    through: 9,
    max: 9,
    blobs: 2,
    hasMore: false,
    gone: [{ from: 5, to: 7, why: "expired", chain }],
  },
  { type: "pull-failed", relay, why: "refused (3001)" },
  { type: "page-refused", relay, error: { type: "WrongMore" } },
  { type: "page-refused", relay, error: { type: "Hole", cursor: 3 } },
  { type: "page-refused", relay, error: { type: "WrongAfter", after: 3 } },
  { type: "accused", relay, what: "rolled-back", cursor: 3, sender: null },
  { type: "accused", relay, what: "cloned", cursor: 3, sender: chain },
];

const RECORDS: readonly AgentRecord[] = [
  {
    type: "deliver",
    ...where,
    index: 0,
    cursor: 1,
    blob: "00",
    op,
    digest: "d",
    sizeBytes: 64,
    sender: "aa",
    sequence: 1,
  },
  {
    type: "deliver",
    ...where,
    index: 1,
    cursor: 2,
    blob: "01",
    op: null,
    digest: "d",
    sizeBytes: 0,
    sender: "aa",
    sequence: 2,
  },
  { type: "quarantine", ...where, cursor: 3, blob: "02", why: "wrong key" },
  { type: "lost", ...where, from: 4, to: 6, why: "expired" },
  { type: "durable-state", ...where, why: "crash", cursor: 6, chain: "09", inbox: 2, outbox: ["03"] },
  { type: "durable-state", ...where, why: "commit", cursor: 6, chain: "09", inbox: 2 },
  { type: "seal", host: "a", key: 2 ** 52, nonce: 17 },
  { type: "seal", host: "a", key: 1, nonce: "00ff" },
  { type: "final-state", ...where, cursor: 6, chain: "09", inbox: 2, delivered: "x", outbox: [] },
];

const REPORTS: readonly AgentReport[] = [
  { type: "up", atUs: 1, protocol: AGENT_PROTOCOL, deviceId: relay, pid: 4242 },
  ...EVENTS.map((event): AgentReport => ({ type: "event", atUs: 2, event, epoch: "07" })),
  ...RECORDS.map((record): AgentReport => ({ type: "record", atUs: 3, record })),
  {
    type: "answer",
    atUs: 4,
    id: 9,
    standing: { relay: "07/6/09", __proto__x: "" },
    waitingFor: ["3 acknowledgements"],
    outbox: 3,
    resources: { connections: 1, descriptors: 21 },
    heapBytes: 5_000_000,
  },
  { type: "stopping", atUs: 5, moment: "page-committed" },
  { type: "failed", atUs: 6, why: "a broken invariant", isInvariant: true },
];

describe("the agent's protocol", () => {
  it.each(ORDERS)("carries the order $type", (order) => {
    const line = encodeAgentOrder(order);
    expect(line).not.toContain("\n");
    expect(parseAgentOrder(line)).toEqual({ ok: true, value: order });
  });

  it.each(REPORTS)("carries the report $type", (report) => {
    const line = encodeAgentReport(report);
    expect(line).not.toContain("\n");
    expect(parseAgentReport(line)).toEqual({ ok: true, value: report });
  });

  it("adds the time to a record and changes nothing else", () => {
    for (const record of RECORDS) expect(timedRecord(record, 12.5)).toEqual({ ...record, at: 12.5 });
  });

  it.each([
    ["", { type: "NotJson" }],
    ["{", { type: "NotJson" }],
    ["[]", { type: "NotAMessage" }],
    ["null", { type: "NotAMessage" }],
    ["{}", { type: "NotAMessage" }],
    ['{"type":"fly"}', { type: "UnknownType", name: "fly" }],
    ['{"type":"toString"}', { type: "UnknownType", name: "toString" }],
    ['{"type":"push"}', { type: "BadField", message: "push", field: "ref" }],
    ['{"type":"pull","now":true}', { type: "BadField", message: "pull", field: "now" }],
    ['{"type":"stop-at","moment":"lunch"}', { type: "BadField", message: "stop-at", field: "moment" }],
    ['{"type":"pause","forMs":60001}', { type: "BadField", message: "pause", field: "forMs" }],
    [`{"type":"push","ref":1,"op":"zz","sizeBytes":0,"ttlS":0}`, { type: "BadField", message: "push", field: "op" }],
  ])("refuses the order %s", (line, error) => {
    expect(parseAgentOrder(line)).toEqual({ ok: false, error });
  });

  it("refuses a report in which any one field is missing, of another shape, or added", () => {
    for (const report of REPORTS) {
      const whole = JSON.parse(encodeAgentReport(report)) as Record<string, unknown>;
      for (const field of Object.keys(whole)) {
        const { [field]: _left, ...rest } = whole;
        expect(parseAgentReport(JSON.stringify(rest)).ok, `${report.type} without ${field}`).toBe(false);
        expect(parseAgentReport(JSON.stringify({ ...whole, [field]: [[]] })).ok, `${report.type}.${field}`).toBe(false);
      }
      expect(parseAgentReport(JSON.stringify({ ...whole, more: 1 })).ok).toBe(false);
    }
  });

  it("refuses an event or a record in which any one field is missing or added", () => {
    for (const [name, inner] of [
      ["event", EVENTS.map((event) => ({ event, epoch: "" }))],
      ["record", RECORDS.map((record) => ({ record }))],
    ] as const) {
      for (const each of inner) {
        const report = { type: name, atUs: 1, ...each } as AgentReport;
        const whole = JSON.parse(encodeAgentReport(report)) as Record<string, Record<string, unknown>>;
        const fields = whole[name]!;
        for (const field of Object.keys(fields).filter((key) => key !== "outbox")) {
          const { [field]: _left, ...rest } = fields;
          expect(parseAgentReport(JSON.stringify({ ...whole, [name]: rest })).ok, `${name} without ${field}`).toBe(
            false,
          );
        }
        const more = JSON.stringify({ ...whole, [name]: { ...fields, more: 1 } });
        expect(parseAgentReport(more).ok).toBe(false);
      }
    }
  });

  it("takes only what an agent may record, and no time of its own", () => {
    const fault = { type: "fault", step: 1, stage: "issued" };
    expect(parseAgentReport(JSON.stringify({ type: "record", atUs: 1, record: fault })).ok).toBe(false);
    const timed = { ...RECORDS[0], at: 5 };
    expect(parseAgentReport(JSON.stringify({ type: "record", atUs: 1, record: timed })).ok).toBe(false);
  });

  it("takes any line without an exception", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (line) => {
        expect(parseAgentOrder(line)).toHaveProperty("ok");
        expect(parseAgentReport(line)).toHaveProperty("ok");
      }),
    );
  });
});

describe("an agent's configuration", () => {
  const config: AgentConfig = {
    device: "a",
    group: "main",
    dataDir: "somewhere",
    groupSecret: new Redacted(new Uint8Array(32).fill(3)),
    relays: [{ name: "relay", address: { id: new Uint8Array(32).fill(5), endpoint: "127.0.0.1:4433" } }],
    config: DEFAULT_CLIENT_CONFIG,
  };

  it("comes back as it went, and keeps its secret from whoever prints it", () => {
    const parsed = parseAgentConfig(encodeAgentConfig(config));
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
    expect({ ...parsed.value, groupSecret: undefined }).toEqual({ ...config, groupSecret: undefined });
    expect(parsed.value.groupSecret.expose()).toEqual(config.groupSecret.expose());
    expect(JSON.stringify(parsed.value)).not.toContain("0303");
  });

  it.each([
    ["{", ""],
    ["[]", ""],
    ["{}", "device"],
    [encodeAgentConfig({ ...config, relays: [] }), "relays"],
    [encodeAgentConfig(config).replace("0k://", "http://"), "relays"],
    [encodeAgentConfig(config).replace('"0303', '"03'), "groupSecret"],
    [encodeAgentConfig(config).replace('"pollMs"', '"pollS"'), "config"],
    [encodeAgentConfig(config).replace('"device"', '"gadget"'), "gadget"],
  ])("names the field that does not fit (%#)", (json, field) => {
    expect(parseAgentConfig(json)).toMatchObject({ ok: false, error: { field } });
  });
});
