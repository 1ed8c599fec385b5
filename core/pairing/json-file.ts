/** What the parsers of `group.json` and `device.json` share: one JSON object, its keys, and one sentence for what is wrong. */
import { parseHex } from "../bytes.ts";
import { unreachable } from "../invariant.ts";
import { fail, ok, type Result } from "../result.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

export type FileError =
  | { readonly type: "TooLong"; readonly length: number; readonly lengthMax: number }
  | { readonly type: "NotJson" }
  | { readonly type: "NotAnObject" }
  | { readonly type: "MissingKey"; readonly key: string }
  | { readonly type: "BadKey"; readonly key: string; readonly expected: string };

const LENGTH_MAX = 64 * 1024;
const TEXT_LENGTH_MAX = 256;

/** A moment as the file has it: upstream's text, or our whole seconds of the wall clock. */
export type Moment = string | number;

export function parseJsonObject(text: string): Result<JsonObject, FileError> {
  if (text.length > LENGTH_MAX) return fail({ type: "TooLong", length: text.length, lengthMax: LENGTH_MAX });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return fail({ type: "NotJson" });
  }
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? ok(value as JsonObject) : fail({ type: "NotAnObject" });
}

/** One sentence; `file` is how the person knows it. Never shows a value: it may be a secret. */
export function renderFileError(file: string, error: FileError): string {
  switch (error.type) {
    case "TooLong":
      return `${file} has ${error.length} characters, and ${error.lengthMax} are the most that it can need: restore it from a copy.`;
    case "NotJson":
      return `${file} is not JSON, perhaps it was cut off: restore it from a copy.`;
    case "NotAnObject":
      return `${file} is JSON but not an object: restore it from a copy.`;
    case "MissingKey":
      return `${file} has no key "${error.key}": restore it from a copy.`;
    case "BadKey":
      return `${file}: the key "${error.key}" must be ${error.expected}.`;
    default:
      return unreachable(error);
  }
}

export function missing(key: string): { readonly ok: false; readonly error: FileError } {
  return fail({ type: "MissingKey", key });
}

export function bad(key: string, expected: string): { readonly ok: false; readonly error: FileError } {
  return fail({ type: "BadKey", key, expected });
}

/** The key's value if the file has it and it is not null. */
export function valueOf(json: JsonObject, key: string): unknown {
  return Object.hasOwn(json, key) ? (json[key] ?? undefined) : undefined;
}

export function isShortText(value: unknown): value is string {
  return typeof value === "string" && value.length > 0 && value.length <= TEXT_LENGTH_MAX;
}

export function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

export function isMoment(value: unknown): value is Moment {
  return isShortText(value) || isWhole(value);
}

/** Hex of `bytesMin` to `bytesMax` bytes. */
export function parseHexOf(value: unknown, bytesMin: number, bytesMax: number): Uint8Array | undefined {
  if (typeof value !== "string" || value.length > 2 * bytesMax) return undefined;
  const bytes = parseHex(value);
  return bytes !== undefined && bytes.length >= bytesMin ? bytes : undefined;
}
