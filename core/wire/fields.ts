/** What every parser of a message shares: the elements as they come, what can be wrong with one, and the first tests. */
import { fail, type Result } from "../result.ts";
import type { Message, MessageType } from "./messages.ts";

export type FieldError =
  /** Not an array that begins with a whole number. */
  | { readonly type: "NotAMessage" }
  /** A message of a later minor, perhaps: the connection can go on without it. */
  | { readonly type: "UnknownMessage"; readonly tag: number }
  | { readonly type: "MissingField"; readonly message: MessageType }
  /** Of another type, length or range than this field's, or in contradiction to a field before it. */
  | { readonly type: "BadField"; readonly message: MessageType; readonly field: string };

/** The elements of a message, the tag first. */
export type Fields = readonly unknown[];
export type Parsed = Result<Message, FieldError>;

export interface Layout {
  /** Elements that the message must have, the tag counted too. */
  readonly elements: number;
  readonly parse: (fields: Fields) => Parsed;
}

export function isBytes(value: unknown, length: number): value is Uint8Array {
  return value instanceof Uint8Array && value.length === length;
}

/** The grammar has seen to it that every number is whole. */
export function isWithin(value: unknown, least: number, most: number): value is number {
  return typeof value === "number" && value >= least && value <= most;
}

export function bad(message: MessageType, field: string): { readonly ok: false; readonly error: FieldError } {
  return fail({ type: "BadField", message, field });
}
