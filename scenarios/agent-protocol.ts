/**
 * What a controller and a device process (`zerok agent`) say to each other, as data: one JSON object a line, orders on
 * the agent's stdin, reports on its stdout. The end of stdin means exit. Both directions are parsed strictly, because a
 * history decides about a verdict: a line that is not understood is an error and is never guessed at.
 *
 * The controller says `resume` first. The agent answers `up` once its store is loaded, and from then on tells every
 * event that makes history and every record that it reads from its own disk, in the order in which it saw them. Each
 * report carries the agent's monotonic clock: on one machine that is the controller's as well, so that reports of
 * several agents can be put into the order in which things happened, whichever pipe was read first.
 */
import { fail, ok, type Result } from "../core/result.ts";
import { encodeToldEvent, parseToldEvent, type ToldEvent } from "./agent-event.ts";
import type { FieldCodec, JsonObject } from "./field-codec.ts";
import { count, encodeFields, flag, isJsonObject, listOf, mapOf, oneOf, parseFields, text } from "./field-codec.ts";
import { parseHistoryRecord } from "./history-json.ts";
import type { HistoryRecord } from "./history.ts";

/** Goes up when an order or a report changes its meaning. Both sides must have the same one. */
export const AGENT_PROTOCOL = 1;

/** Longest `pause`. */
export const PAUSE_MS_MAX = 60_000;

/**
 * Where an agent can be told to kill itself: `staged` and `committed` are after the transaction and before anybody is
 * told of it, `sent` is when the bytes are the system's, `arrived` is before anything of it is durable.
 */
export const AGENT_MOMENTS = [
  "push-staged",
  "push-sent",
  "ack-arrived",
  "ack-committed",
  "page-arrived",
  "page-committed",
] as const;
export type AgentMoment = (typeof AGENT_MOMENTS)[number];

export type AgentOrder =
  | {
      readonly type: "resume";
      readonly protocol: number;
      /** The first process on this disk: nothing of it is to be read back. */
      readonly isFirst: boolean;
      /** Rows of the durable inbox, of the quarantine and of told losses that were reported before. */
      readonly inbox: number;
      readonly quarantine: number;
      readonly lost: number;
    }
  /** The payload is made of `op` and `sizeBytes` (`payload.ts`); `ref` comes back with what becomes of it. */
  | {
      readonly type: "push";
      readonly ref: number;
      readonly op: string;
      readonly sizeBytes: number;
      readonly ttlS: number;
    }
  | { readonly type: "pull" }
  | { readonly type: "connect" }
  /** Goes offline and stays so. */
  | { readonly type: "disconnect" }
  /** The whole process stands still for so long, at most `PAUSE_MS_MAX`. */
  | { readonly type: "pause"; readonly forMs: number }
  /** Kills itself with SIGKILL when it next comes to this moment. */
  | { readonly type: "stop-at"; readonly moment: AgentMoment }
  /** Answered by `answer`. */
  | { readonly type: "report"; readonly id: number }
  /** Tells its final state at each relay, then answers by `answer`. */
  | { readonly type: "final"; readonly id: number }
  | { readonly type: "exit" };

/** What an agent reads from its disk or sees below its machine; the controller adds the time. */
export type AgentRecordType = "deliver" | "quarantine" | "lost" | "durable-state" | "seal" | "final-state";
export type TimedAgentRecord = Extract<HistoryRecord, { readonly type: AgentRecordType }>;
type WithoutTime<R> = R extends unknown ? Omit<R, "at"> : never;
export type AgentRecord = WithoutTime<TimedAgentRecord>;

/** How an agent stands. */
export interface AgentState {
  /** By relay name: epoch, cursor and chain. Equal for all devices of a group once they have converged. */
  readonly standing: { readonly [relay: string]: string };
  /** In plain words; empty when it owes nothing and is owed nothing that it knows of. */
  readonly waitingFor: readonly string[];
  /** Blobs without a definite answer. */
  readonly outbox: number;
  /** Connections, timers, descriptors …: what must be back where it was when the run is over. */
  readonly resources: { readonly [what: string]: number };
  readonly heapBytes: number;
}

/** `atUs`: the agent's monotonic clock, whole microseconds. */
export type AgentReport = { readonly atUs: number } & (
  | { readonly type: "up"; readonly protocol: number; readonly deviceId: string; readonly pid: number }
  /** `epoch` is the one that its position at the event's relay is in, in hex; empty for none. */
  | { readonly type: "event"; readonly event: ToldEvent; readonly epoch: string }
  | { readonly type: "record"; readonly record: AgentRecord }
  | ({ readonly type: "answer"; readonly id: number } & AgentState)
  /** The moment of a `stop-at` has come: nothing follows. */
  | { readonly type: "stopping"; readonly moment: AgentMoment }
  /** It cannot go on, and exits. `isInvariant`: by a mistake of its own. */
  | { readonly type: "failed"; readonly why: string; readonly isInvariant: boolean }
);

export type AgentLineError =
  | { readonly type: "NotJson" }
  | { readonly type: "NotAMessage" }
  | { readonly type: "UnknownType"; readonly name: string }
  /** Missing, of the wrong shape, or unknown. */
  | { readonly type: "BadField"; readonly message: string; readonly field: string };

type Fields = { readonly [field: string]: FieldCodec<unknown> };

const op: FieldCodec<string> = {
  encode: (value) => value,
  parse: (value) => (typeof value === "string" && /^[0-9a-f]{32}$/.test(value) ? value : undefined),
};
const pauseMs: FieldCodec<number> = {
  encode: (value) => value,
  parse: (value) =>
    Number.isInteger(value) && (value as number) >= 0 && (value as number) <= PAUSE_MS_MAX
      ? (value as number)
      : undefined,
};
const moment = oneOf(...AGENT_MOMENTS);
const event: FieldCodec<ToldEvent> = { encode: encodeToldEvent, parse: parseToldEvent };

const RECORD_TYPES: { readonly [T in AgentRecordType]: true } = {
  deliver: true,
  quarantine: true,
  lost: true,
  "durable-state": true,
  seal: true,
  "final-state": true,
};

export function isAgentRecord(record: HistoryRecord): record is TimedAgentRecord {
  return Object.hasOwn(RECORD_TYPES, record.type);
}

const agentRecord: FieldCodec<AgentRecord> = {
  encode: (value) => value,
  parse(value) {
    if (!isJsonObject(value) || "at" in value) return undefined;
    if (typeof value["type"] !== "string" || !Object.hasOwn(RECORD_TYPES, value["type"])) return undefined;
    const parsed = parseHistoryRecord(JSON.stringify({ ...value, at: 0 }));
    // It was a record of such a type with its time; without it, it is what came.
    return parsed.ok ? (value as unknown as AgentRecord) : undefined;
  },
};

const ORDERS: { readonly [T in AgentOrder["type"]]: Fields } = {
  resume: { protocol: count, isFirst: flag, inbox: count, quarantine: count, lost: count } as Fields,
  push: { ref: count, op, sizeBytes: count, ttlS: count } as Fields,
  pull: {},
  connect: {},
  disconnect: {},
  pause: { forMs: pauseMs } as Fields,
  "stop-at": { moment } as Fields,
  report: { id: count } as Fields,
  final: { id: count } as Fields,
  exit: {},
};

const REPORTS: { readonly [T in AgentReport["type"]]: Fields } = {
  up: { atUs: count, protocol: count, deviceId: text, pid: count } as Fields,
  event: { atUs: count, event, epoch: text } as Fields,
  record: { atUs: count, record: agentRecord } as Fields,
  answer: {
    atUs: count,
    id: count,
    standing: mapOf(text),
    waitingFor: listOf(text),
    outbox: count,
    resources: mapOf(count),
    heapBytes: count,
  } as Fields,
  stopping: { atUs: count, moment } as Fields,
  failed: { atUs: count, why: text, isInvariant: flag } as Fields,
};

/** One line, without its line break. */
export function encodeAgentOrder(order: AgentOrder): string {
  return encodeMessage(ORDERS, order);
}

export function encodeAgentReport(report: AgentReport): string {
  return encodeMessage(REPORTS, report);
}

export function parseAgentOrder(line: string): Result<AgentOrder, AgentLineError> {
  return parseMessage<AgentOrder>(ORDERS, line);
}

export function parseAgentReport(line: string): Result<AgentReport, AgentLineError> {
  return parseMessage<AgentReport>(REPORTS, line);
}

/** The record as it stands in a history. */
export function timedRecord(record: AgentRecord, at: number): TimedAgentRecord {
  const { type, ...rest } = record;
  return { type, at, ...rest } as TimedAgentRecord;
}

/** What is wrong with a line, as one sentence's worth of words. */
export function describeAgentLineError(error: AgentLineError): string {
  switch (error.type) {
    case "NotJson":
      return "it is not JSON";
    case "NotAMessage":
      return "it is no object with a type";
    case "UnknownType":
      return `there is no message "${error.name}"`;
    case "BadField":
      return `its field "${error.field}" does not fit a message "${error.message}"`;
  }
}

function encodeMessage(table: { readonly [type: string]: Fields }, message: { readonly type: string }): string {
  const { type } = message;
  return JSON.stringify({ type, ...encodeFields(table[type]!, message as unknown as JsonObject) });
}

function parseMessage<M>(table: { readonly [type: string]: Fields }, line: string): Result<M, AgentLineError> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return fail({ type: "NotJson" });
  }
  if (!isJsonObject(value) || typeof value["type"] !== "string") return fail({ type: "NotAMessage" });
  const message = value["type"];
  if (!Object.hasOwn(table, message)) return fail({ type: "UnknownType", name: message });
  const fields = parseFields(table[message]!, value, "type");
  if (fields.value === undefined) return fail({ type: "BadField", message, field: fields.badField ?? "" });
  // Every field was parsed by its own codec.
  return ok({ type: message, ...fields.value } as M);
}
