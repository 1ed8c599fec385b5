/**
 * One field of a JSON message as a value in memory and back: bytes are hex in the file, everything else is itself. Used
 * by the messages between a controller and its agents, where a field of the wrong shape must be refused, not guessed at.
 */
import { encodeHex, parseHex } from "../core/bytes.ts";

export interface FieldCodec<V> {
  readonly encode: (value: V) => unknown;
  /** `undefined` for anything that is no such value. */
  readonly parse: (value: unknown) => V | undefined;
}

/** A codec for each field of `R` but `type`; total, so that the compiler asks for every one. */
export type FieldCodecs<R> = { readonly [K in Exclude<keyof R, "type">]-?: FieldCodec<R[K]> };

export type JsonObject = { readonly [field: string]: unknown };

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function plain<V>(is: (value: unknown) => value is V): FieldCodec<V> {
  return { encode: (value) => value, parse: (value) => (is(value) ? value : undefined) };
}

export const text = plain((value) => typeof value === "string");
export const flag = plain((value) => typeof value === "boolean");
/** A whole number from 0. */
export const count = plain((value): value is number => Number.isSafeInteger(value) && (value as number) >= 0);

export const bytes: FieldCodec<Uint8Array> = {
  encode: encodeHex,
  parse: (value) => (typeof value === "string" ? parseHex(value) : undefined),
};

export function oneOf<const N extends string>(...names: readonly N[]): FieldCodec<N> {
  return plain((value): value is N => names.some((name) => name === value));
}

export function orNull<V>(codec: FieldCodec<V>): FieldCodec<V | null> {
  return {
    encode: (value) => (value === null ? null : codec.encode(value)),
    parse: (value) => (value === null ? null : codec.parse(value)),
  };
}

export function listOf<V>(codec: FieldCodec<V>): FieldCodec<readonly V[]> {
  return {
    encode: (values) => values.map(codec.encode),
    parse(value) {
      if (!Array.isArray(value)) return undefined;
      const values: V[] = [];
      for (const each of value) {
        const parsed = codec.parse(each);
        if (parsed === undefined) return undefined;
        values.push(parsed);
      }
      return values;
    },
  };
}

/** An object whose fields are not known beforehand. */
export function mapOf<V>(codec: FieldCodec<V>): FieldCodec<{ readonly [name: string]: V }> {
  return {
    encode: (values) => Object.fromEntries(Object.entries(values).map(([name, value]) => [name, codec.encode(value)])),
    parse(value) {
      if (!isJsonObject(value)) return undefined;
      const entries: [string, V][] = [];
      for (const [name, each] of Object.entries(value)) {
        const parsed = codec.parse(each);
        if (parsed === undefined) return undefined;
        entries.push([name, parsed]);
      }
      return Object.fromEntries(entries);
    },
  };
}

/** An object with exactly these fields. */
export function record<R extends object>(fields: { readonly [K in keyof R]-?: FieldCodec<R[K]> }): FieldCodec<R> {
  const table: { readonly [field: string]: FieldCodec<unknown> } = fields as never;
  return {
    encode: (value) => encodeFields(table, value as JsonObject),
    parse: (value) => (isJsonObject(value) ? (parseFields(table, value).value as R | undefined) : undefined),
  };
}

export interface ParsedFields {
  readonly value: JsonObject | undefined;
  /** The first field that is missing, of the wrong shape, or not known. */
  readonly badField?: string;
}

export function encodeFields(table: { readonly [field: string]: FieldCodec<unknown> }, value: JsonObject): JsonObject {
  const out: Record<string, unknown> = {};
  for (const [field, codec] of Object.entries(table)) out[field] = codec.encode(value[field]);
  return out;
}

/** `skip` is a field that the caller has read already. */
export function parseFields(
  table: { readonly [field: string]: FieldCodec<unknown> },
  value: JsonObject,
  skip?: string,
): ParsedFields {
  const out: Record<string, unknown> = {};
  for (const field of Object.keys(value)) {
    if (field !== skip && !Object.hasOwn(table, field)) return { value: undefined, badField: field };
  }
  for (const [field, codec] of Object.entries(table)) {
    const parsed = Object.hasOwn(value, field) ? codec.parse(value[field]) : undefined;
    if (parsed === undefined) return { value: undefined, badField: field };
    out[field] = parsed;
  }
  return { value: out };
}
