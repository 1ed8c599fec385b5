/**
 * What a daemon's log may contain, and what gives an identity away. A log is read by many more people than may know who
 * talks to whom: fields are taken from a list, and a text never contains an id, an address, or anything that looks like
 * one. Held by the checker `no-metadata-in-logs`, and by the daemon's own redaction.
 */

/** Names of fields; `level`, `time` and `msg` are the logger's own, `other` stands for a field that was not shown. */
export const LOGGABLE_FIELDS: ReadonlySet<string> = new Set([
  ...["level", "time", "msg", "other"],
  ...["version", "port", "httpPort", "why", "route", "status", "kind", "frames"],
  ...["operations", "tookMs", "waitedMs", "blobs", "sessions", "groups", "restarts"],
]);

const TELLING: readonly { readonly what: string; readonly pattern: RegExp }[] = [
  { what: "an id in hex", pattern: /[0-9a-f]{16,}/i },
  { what: "an IPv4 address", pattern: /\b\d{1,3}(?:\.\d{1,3}){3}\b/ },
  { what: "an IPv6 address", pattern: /(?:\b[0-9a-f]{1,4}:){3,}|::[0-9a-f]{1,4}\b/i },
  { what: "a relay's address", pattern: /\b0k:\/\// },
  // A word of such a length has both cases and a digit only when it is encoded.
  { what: "an id in base64", pattern: /(?=[\w+/-]*[a-z])(?=[\w+/-]*[A-Z])(?=[\w+/-]*\d)[\w+/-]{20,}/ },
];

export interface LogFlaw {
  /** A clause: "the field size is on no list". */
  readonly what: string;
  readonly kind: "field-not-loggable" | "identity-in-log";
}

/** The first thing in a line that must not be there. A line that is no JSON object is looked at as text. */
export function findLogFlaw(line: string): LogFlaw | undefined {
  for (const { what, pattern } of TELLING) {
    if (pattern.test(line)) return { kind: "identity-in-log", what: `${what} is in it` };
  }
  for (const field of fieldsOf(line)) {
    if (!LOGGABLE_FIELDS.has(field)) {
      return { kind: "field-not-loggable", what: `its field "${field}" is not on the list of what may be logged` };
    }
  }
  return undefined;
}

function fieldsOf(line: string): readonly string[] {
  if (!line.startsWith("{")) return [];
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? Object.keys(value) : [];
  } catch {
    return [];
  }
}
