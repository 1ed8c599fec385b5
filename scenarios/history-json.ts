/**
 * A history in a file: one record a line, as JSON, with `bytes` in hex. Reading is strict – a history decides about a
 * verdict, so a line with a field missing, of the wrong shape or unknown is refused and not guessed at. The table of
 * fields is typed as total, so that the compiler asks for every field of every record.
 */
import { encodeHex, parseHex } from "../core/bytes.ts";
import { fail, ok, type Result } from "../core/result.ts";
import type { HistoryRecord } from "./history.ts";

export type HistoryLineError =
  | { readonly type: "NotJson" }
  | { readonly type: "NotARecord" }
  | { readonly type: "UnknownType"; readonly name: string }
  | { readonly type: "UnknownField"; readonly record: string; readonly field: string }
  | { readonly type: "BadField"; readonly record: string; readonly field: string };

/** One line, without its line break. */
export function encodeHistoryRecord(record: HistoryRecord): string {
  if (record.type !== "relay-view") return JSON.stringify(record);
  return JSON.stringify({ ...record, bytes: encodeHex(record.bytes) });
}

type Test = (value: unknown) => boolean;
type OptionalKey<R, K extends keyof R> = object extends Pick<R, K> ? true : false;
type Fields<R> = {
  readonly [K in Exclude<keyof R, "type">]-?: { readonly test: Test; readonly isOptional: OptionalKey<R, K> };
};

function must(test: Test): { readonly test: Test; readonly isOptional: false } {
  return { test, isOptional: false };
}

function may(test: Test): { readonly test: Test; readonly isOptional: true } {
  return { test, isOptional: true };
}

const isText: Test = (value) => typeof value === "string";
const isTextOrNull: Test = (value) => value === null || typeof value === "string";
const isFlag: Test = (value) => typeof value === "boolean";
const isTexts: Test = (value) => Array.isArray(value) && value.every(isText);
/** Times may come before the start of a run on a controller's clock, and may have fractions there. */
const isTime: Test = (value) => typeof value === "number" && Number.isFinite(value);
const isCount: Test = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const isCountOrNull: Test = (value) => value === null || isCount(value);
const isNonce: Test = (value) => isText(value) || isCount(value);
const isHex: Test = (value) => typeof value === "string" && parseHex(value) !== undefined;
const isCounts: Test = (value) => isObject(value) && Object.values(value).every(isTime);
const isRanges: Test = (value) =>
  Array.isArray(value) &&
  value.every(
    (range: unknown) =>
      isObject(range) &&
      Object.keys(range).length === 3 &&
      isCount(range["from"]) &&
      isCount(range["to"]) &&
      isText(range["why"]),
  );

function isOneOf(...names: readonly string[]): Test {
  return (value) => typeof value === "string" && names.includes(value);
}

function isObject(value: unknown): value is { readonly [field: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const at = must(isTime);
const text = must(isText);
const count = must(isCount);
const onDevice = { at, device: text, group: text };
const inLog = { ...onDevice, relay: text, epoch: text };

const FIELDS: {
  readonly [T in HistoryRecord["type"]]: Fields<Extract<HistoryRecord, { readonly type: T }>>;
} = {
  op: {
    ...onDevice,
    f: must(isOneOf("push", "pull", "connect")),
    outcome: must(isOneOf("invoke", "ok", "fail", "info")),
    process: count,
    op: may(isText),
    sizeBytes: may(isCount),
    digest: may(isText),
    ttlS: may(isCount),
    blob: may(isText),
    relay: may(isText),
    epoch: may(isText),
    after: may(isCount),
    through: may(isCount),
    gone: may(isRanges),
    max: may(isCount),
    blobs: may(isCount),
    hasMore: may(isFlag),
    error: may(isText),
  },
  queued: { ...onDevice, process: count, op: text, blob: text, sequence: count },
  ack: { ...inLog, blob: text, cursor: count, chain: text },
  refused: { ...onDevice, relay: must(isTextOrNull), blob: text, code: count, retryable: must(isFlag) },
  deliver: {
    ...inLog,
    index: count,
    cursor: count,
    blob: text,
    op: must(isTextOrNull),
    digest: text,
    sizeBytes: count,
    sender: text,
    sequence: count,
  },
  quarantine: { ...inLog, cursor: count, blob: text, why: text },
  lost: { ...inLog, from: count, to: count, why: text },
  "durable-state": {
    ...inLog,
    why: must(isOneOf("commit", "crash", "final")),
    cursor: count,
    chain: text,
    inbox: count,
    outbox: may(isTexts),
  },
  seal: { at, host: text, key: count, nonce: must(isNonce) },
  "relay-view": { at, relay: text, bytes: must(isHex) },
  notified: { ...inLog, by: must(isOneOf("Notify", "PushAck", "Welcome")), cursor: count },
  "relays-failed": onDevice,
  disconnected: { ...onDevice, relay: text, why: text },
  accused: {
    ...inLog,
    what: must(isOneOf("page-refused", "rolled-back", "forked", "replayed", "cloned")),
    cursor: count,
    sender: may(isText),
  },
  log: { at, host: text, line: text },
  exit: { at, host: text, askedAt: at, graceMs: count, code: must(isCountOrNull) },
  secret: { at, what: text, value: must(isHex) },
  fault: {
    at,
    step: count,
    stage: must(isOneOf("issued", "observed", "healed", "unsupported", "unmet", "lost")),
    note: may(isText),
  },
  phase: {
    at,
    phase: must(isOneOf("steady", "healed", "converged", "stalled", "quiet", "end")),
    frames: count,
    waiting: may(isTexts),
  },
  resources: { at, host: text, stage: must(isOneOf("baseline", "healed", "end")), counts: must(isCounts) },
  "final-state": { ...inLog, cursor: count, chain: text, inbox: count, delivered: text, outbox: must(isTexts) },
  stopped: { at, why: must(isOneOf("invariant", "hang")), host: must(isTextOrNull), message: text },
};

/** A record of one line; the error names the record and the field that is wrong. */
export function parseHistoryRecord(line: string): Result<HistoryRecord, HistoryLineError> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return fail({ type: "NotJson" });
  }
  if (!isObject(value) || typeof value["type"] !== "string") return fail({ type: "NotARecord" });
  const record = value["type"];
  if (!Object.hasOwn(FIELDS, record)) return fail({ type: "UnknownType", name: record });
  const fields: { readonly [field: string]: { readonly test: Test; readonly isOptional: boolean } } =
    FIELDS[record as HistoryRecord["type"]];
  for (const field of Object.keys(value)) {
    if (field !== "type" && !Object.hasOwn(fields, field)) return fail({ type: "UnknownField", record, field });
  }
  for (const [field, { test, isOptional }] of Object.entries(fields)) {
    const isThere = Object.hasOwn(value, field);
    if (isThere ? !test(value[field]) : !isOptional) return fail({ type: "BadField", record, field });
  }
  // Every field was tested above; only `bytes` has another shape in memory.
  if (record === "relay-view") return ok({ ...value, bytes: parseHex(value["bytes"] as string) } as HistoryRecord);
  return ok(value as unknown as HistoryRecord);
}
