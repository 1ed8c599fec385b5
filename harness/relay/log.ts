/**
 * The relay's log: one JSON line for each event, on stderr. Nothing sensitive can get into it by a careless line:
 *
 * - what happened is a name from a closed union, so no text can be put together for it;
 * - fields are taken by name from a list, and only numbers, booleans and words from another; whatever else comes
 *   (another name, bytes, an object, any other text, a `Redacted`) is shown as `[REDACTED]`, also where types were evaded;
 * - no id and no address is on the list, at any level.
 */
import pino from "pino";
import type { DestinationStream } from "pino";
import { DROP_REASONS } from "./drop-reasons.ts";

export const LOG_LEVELS = ["silent", "fatal", "error", "warn", "info", "debug", "trace"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const LOG_EVENTS = [
  "starting",
  "ready",
  "stopping",
  "stopped",
  "dropped",
  "slow reader cut",
  "transaction",
  "store failed",
  "store works again",
  "store trouble",
  "key file was open to others, closed",
  "swept",
  "machine broke",
  "restarted",
  "given up",
  "grace time over",
  "http request",
  "http failed",
] as const;
export type LogEvent = (typeof LOG_EVENTS)[number];
const EVENTS: ReadonlySet<string> = new Set(LOG_EVENTS);

/** Everything that may be told. */
export interface LogFields {
  readonly version?: string;
  readonly port?: number;
  readonly httpPort?: number;
  readonly why?: string;
  readonly operations?: number;
  readonly tookMs?: number;
  readonly waitedMs?: number;
  readonly blobs?: number;
  readonly sessions?: number;
  readonly groups?: number;
  readonly route?: string;
  readonly status?: number;
  readonly restarts?: number;
  readonly kind?: string;
  /** File, line and column, innermost first. */
  readonly frames?: readonly string[];
}

export type Log = Readonly<Record<Exclude<LogLevel, "silent">, (event: LogEvent, fields?: LogFields) => void>>;

const REDACTED = "[REDACTED]";
const FIELDS: ReadonlySet<string> = new Set<keyof LogFields>([
  "version",
  "port",
  "httpPort",
  "why",
  "operations",
  "tookMs",
  "waitedMs",
  "blobs",
  "sessions",
  "groups",
  "route",
  "status",
  "restarts",
  "kind",
  "frames",
]);
/** The only texts that are fields: reasons, kinds of errors, routes. A word that is not here is a secret until it is. */
const WORDS: ReadonlySet<string> = new Set([
  ...DROP_REASONS,
  ...["StorageFull", "StorageFailed", "SIGTERM", "SIGINT", "closed"],
  ...["Error", "TypeError", "RangeError", "SyntaxError", "InvariantViolation", "SqliteError", "object", "undefined"],
  ...["/health", "/ready", "/metrics", "other"],
]);
const FRAME = /^[\w.-]{1,60}\.[a-z]{2,3}:\d+:\d+$/;
/** What SQLite calls its errors. */
const SQLITE_CODE =
  /^SQLITE_(ERROR|INTERNAL|PERM|ABORT|BUSY|LOCKED|NOMEM|READONLY|IOERR|CORRUPT|FULL|CANTOPEN|PROTOCOL|SCHEMA|CONSTRAINT|MISUSE|NOTADB)(_[A-Z]{2,16}){0,3}$/;
const VERSION = /^\d{1,4}\.\d{1,4}\.\d{1,4}$/;

/** `destination` is stderr unless a test hands in another. */
export function createLog(level: LogLevel, destination: DestinationStream = pino.destination(2)): Log {
  const logger = pino(
    { level, base: null, formatters: { level: (label) => ({ level: label }), log: redactFields } },
    destination,
  );
  const write =
    (at: keyof Log) =>
    (event: LogEvent, fields: LogFields = {}): void => {
      if (logger.isLevelEnabled(at)) logger[at]({ ...fields }, EVENTS.has(event) ? event : REDACTED);
    };
  return {
    fatal: write("fatal"),
    error: write("error"),
    warn: write("warn"),
    info: write("info"),
    debug: write("debug"),
    trace: write("trace"),
  };
}

function redactFields(fields: Record<string, unknown>): Record<string, unknown> {
  const shown: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (FIELDS.has(name)) shown[name] = name === "frames" ? redactFrames(value) : redactValue(value);
    // Not even the name: it might be the secret.
    else shown["other"] = REDACTED;
  }
  return shown;
}

function redactValue(value: unknown): unknown {
  if (value === undefined || typeof value === "number" || typeof value === "boolean") return value;
  return typeof value === "string" && (WORDS.has(value) || VERSION.test(value) || SQLITE_CODE.test(value))
    ? value
    : REDACTED;
}

function redactFrames(value: unknown): unknown {
  if (!Array.isArray(value)) return REDACTED;
  return value.filter((line) => typeof line === "string" && FRAME.test(line));
}

/** What broke, without its message: that could quote what it was given. Where it broke is enough to find it. */
export function describeError(error: unknown): Pick<LogFields, "kind" | "frames"> {
  if (!(error instanceof Error)) return { kind: typeof error };
  const frames = (error.stack ?? "")
    .split("\n")
    .filter((line) => line.trimStart().startsWith("at "))
    .flatMap((line) => /([\w.-]{1,60}\.[a-z]{2,3}:\d+:\d+)\)?$/.exec(line)?.[1] ?? [])
    .slice(0, 10);
  return { kind: error.name, frames };
}
