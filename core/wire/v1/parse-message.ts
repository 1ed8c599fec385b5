/**
 * What an upstream peer sent, from bytes to messages. Never throws; nothing it gives shares memory with `bytes`.
 *
 * Taken as upstream takes it, although it never writes it so: numbers in longer or signed forms; the map form with the
 * tag anywhere, also of a pulled blob; the tag as bin or as its index; a blob id as a UUID text; a missing `reason` in
 * the map form; bytes behind the message. Refused as upstream refuses it: an element too many or too few, bin where an
 * array of numbers belongs, wrong lengths, negative numbers and floats, numbers above their type, text that is not UTF-8.
 *
 * Stricter than upstream: more than 1 MiB, more than 1000 blobs in a page (its relays' own default limit), nesting
 * deeper than 16 in what is ignored, extension types anywhere, keys of the map form that are not text.
 */
import { BLOB_ID_BYTES } from "../../ids.ts";
import { unreachable } from "../../invariant.ts";
import { FRAME_BYTES_MAX } from "../../limits.ts";
import { fail, ok, type Result } from "../../result.ts";
import { parseText } from "../../text.ts";
import { parseBlobIdText } from "./ids.ts";
import { ENVELOPE_LAYOUT, MESSAGE_LAYOUTS, MESSAGE_TYPES_V1, PULL_BLOB_LAYOUT, type Field } from "./layouts.ts";
import type { EnvelopeV1, MessageTypeV1, MessageV1, PullBlobV1 } from "./messages.ts";
import { isMapHead, Reader } from "./reader.ts";

export type WireErrorV1 =
  | { readonly type: "TooLarge"; readonly lengthBytes: number; readonly limitBytes: number }
  | { readonly type: "Truncated" }
  | { readonly type: "TooDeep" }
  /** Neither an array nor a map that has a tag, or it holds what no value of this format is made of. */
  | { readonly type: "NotAMessage" }
  | { readonly type: "UnknownMessage" }
  | { readonly type: "WrongElements"; readonly structure: StructureV1; readonly elements: number }
  | { readonly type: "MissingField"; readonly structure: StructureV1; readonly field: string }
  | { readonly type: "DuplicateField"; readonly field: string }
  | { readonly type: "BadField"; readonly structure: StructureV1; readonly field: string }
  /** Of the envelope. */
  | { readonly type: "UnknownVersion"; readonly version: number };

export type StructureV1 = MessageTypeV1 | "PullBlob" | "Envelope";

export const PULL_BLOBS_MAX = 1000;
const ENVELOPE_TYPE_MAX = 7;
const U32_MAX = 0xffff_ffff;
const TAG = "type";
/** Every name that a key of the map form may have. Others are ignored. */
const NAMES: ReadonlySet<string> = new Set([
  TAG,
  ...[...Object.values(MESSAGE_LAYOUTS), PULL_BLOB_LAYOUT, ENVELOPE_LAYOUT].flatMap((layout) =>
    layout.map(({ name }) => name),
  ),
]);

type Failure = { readonly ok: false; readonly error: WireErrorV1 };
type Values = Record<string, unknown>;

export function parseMessageV1(bytes: Uint8Array): Result<MessageV1, WireErrorV1> {
  if (bytes.length > FRAME_BYTES_MAX) return tooLarge(bytes.length);
  const reader = new Reader(bytes);
  if (bytes.length > 0 && isMapHead(bytes[0]!)) return parseMapForm(reader);
  const elements = reader.arrayCount();
  if (elements === undefined) return fail({ type: bytes.length === 0 ? "Truncated" : "NotAMessage" });
  if (elements === 0) return fail({ type: "NotAMessage" });
  const type = readTag(reader);
  if (typeof type !== "string") return type;
  const places = locateElements(reader, type, MESSAGE_LAYOUTS[type], elements - 1);
  return Array.isArray(places) ? readMessage(reader, type, places) : places;
}

/** Never sent by upstream; as an untagged structure it takes bin for byte fields too. */
export function parseEnvelopeV1(bytes: Uint8Array): Result<EnvelopeV1, WireErrorV1> {
  if (bytes.length > FRAME_BYTES_MAX) return tooLarge(bytes.length);
  const reader = new Reader(bytes);
  const places = locate(reader, "Envelope", ENVELOPE_LAYOUT);
  if (!Array.isArray(places)) return places;
  const values = readFields(reader, "Envelope", ENVELOPE_LAYOUT, places);
  if (!values.ok) return values;
  const envelope = values.value as unknown as Omit<EnvelopeV1, "version"> & { readonly version: number };
  if (envelope.version !== 1) return fail({ type: "UnknownVersion", version: envelope.version });
  const { messageType } = envelope;
  if (messageType < 1 || messageType > ENVELOPE_TYPE_MAX) return badField("Envelope", "msg_type");
  return ok(envelope as EnvelopeV1);
}

function parseMapForm(reader: Reader): Result<MessageV1, WireErrorV1> {
  const entries = locateEntries(reader);
  if (!(entries instanceof Map)) return entries;
  const tagAt = entries.get(TAG);
  if (tagAt === undefined) return fail({ type: "NotAMessage" });
  reader.at = tagAt;
  const type = readTag(reader);
  if (typeof type !== "string") return type;
  const places = placesOf(entries, type, MESSAGE_LAYOUTS[type]);
  return Array.isArray(places) ? readMessage(reader, type, places) : places;
}

function readMessage(reader: Reader, type: MessageTypeV1, places: Places): Result<MessageV1, WireErrorV1> {
  const values = readFields(reader, type, MESSAGE_LAYOUTS[type], places);
  // The layout is typed against the message, and every field was read by its kind.
  return values.ok ? ok({ type, ...values.value } as unknown as MessageV1) : values;
}

function readTag(reader: Reader): MessageTypeV1 | Failure {
  const start = reader.at;
  const index = reader.number(U32_MAX);
  if (index !== undefined) return MESSAGE_TYPES_V1[index] ?? fail({ type: "UnknownMessage" });
  reader.at = start;
  let name = reader.text();
  if (name === undefined) {
    reader.at = start;
    const bytes = reader.binary();
    if (bytes === undefined) return fail({ type: "NotAMessage" });
    name = parseText(bytes);
  }
  const type = MESSAGE_TYPES_V1.find((known) => known === name);
  return type ?? fail({ type: "UnknownMessage" });
}

/** Where each field of a layout begins; `null` where it is missing and may be. */
type Places = (number | null)[];

function locate(reader: Reader, structure: StructureV1, layout: readonly Field[]): Places | Failure {
  const start = reader.at;
  const elements = reader.arrayCount();
  if (elements !== undefined) return locateElements(reader, structure, layout, elements);
  reader.at = start;
  const entries = locateEntries(reader);
  return entries instanceof Map ? placesOf(entries, structure, layout) : entries;
}

function locateElements(
  reader: Reader,
  structure: StructureV1,
  layout: readonly Field[],
  elements: number,
): Places | Failure {
  if (elements !== layout.length) return fail({ type: "WrongElements", structure, elements });
  const places: number[] = [];
  for (let i = 0; i < elements; i++) {
    places.push(reader.at);
    const refused = skip(reader);
    if (refused !== undefined) return refused;
  }
  return places;
}

function locateEntries(reader: Reader): Map<string, number> | Failure {
  const count = reader.mapCount();
  if (count === undefined) return fail({ type: reader.left > 0 ? "NotAMessage" : "Truncated" });
  const entries = new Map<string, number>();
  for (let i = 0; i < count; i++) {
    const name = reader.text();
    if (name === undefined) return fail({ type: "NotAMessage" });
    if (NAMES.has(name)) {
      if (entries.has(name)) return fail({ type: "DuplicateField", field: name });
      entries.set(name, reader.at);
    }
    const refused = skip(reader);
    if (refused !== undefined) return refused;
  }
  return entries;
}

function placesOf(
  entries: ReadonlyMap<string, number>,
  structure: StructureV1,
  layout: readonly Field[],
): Places | Failure {
  const places: (number | null)[] = [];
  for (const { name, kind } of layout) {
    const at = entries.get(name);
    if (at === undefined && kind !== "text or nil") return fail({ type: "MissingField", structure, field: name });
    places.push(at ?? null);
  }
  return places;
}

function skip(reader: Reader): Failure | undefined {
  const skipped = reader.skip();
  switch (skipped) {
    case "skipped":
      return undefined;
    case "truncated":
      return fail({ type: "Truncated" });
    case "too deep":
      return fail({ type: "TooDeep" });
    case "refused form":
      return fail({ type: "NotAMessage" });
    default:
      return unreachable(skipped);
  }
}

function readFields(
  reader: Reader,
  structure: StructureV1,
  layout: readonly Field[],
  places: Places,
): Result<Values, WireErrorV1> {
  const values: Values = {};
  for (const [i, field] of layout.entries()) {
    const at = places[i];
    if (at === null || at === undefined) {
      values[field.key] = null;
      continue;
    }
    reader.at = at;
    if (field.kind === "blobs") {
      const blobs = readBlobs(reader);
      if (!blobs.ok) return blobs;
      values[field.key] = blobs.value;
      continue;
    }
    const value = readField(reader, field, structure === "Envelope");
    if (value === undefined) return badField(structure, field.name);
    values[field.key] = value;
  }
  return ok(values);
}

function readField(reader: Reader, { kind }: Field, takesBinary: boolean): unknown {
  switch (kind) {
    case "u8":
      return reader.number(0xff);
    case "u32":
      return reader.number(U32_MAX);
    case "u64":
      return reader.bigint();
    case "boolean":
      return reader.boolean();
    case "text":
      return reader.text();
    case "text or nil":
      return reader.isNil() ? null : reader.text();
    case "bytes":
      return readBytes(reader, takesBinary);
    case "bytes24":
      return ofLength(readBytes(reader, takesBinary), 24);
    case "bytes32":
      return ofLength(readBytes(reader, takesBinary), 32);
    case "blobId":
      return readBlobId(reader);
    case "blobs":
      return undefined;
    default:
      return unreachable(kind);
  }
}

function readBlobs(reader: Reader): Result<readonly PullBlobV1[], WireErrorV1> {
  const count = reader.arrayCount();
  if (count === undefined || count > PULL_BLOBS_MAX) return badField("PullResponse", "blobs");
  const blobs: PullBlobV1[] = [];
  for (let i = 0; i < count; i++) {
    const places = locate(reader, "PullBlob", PULL_BLOB_LAYOUT);
    if (!Array.isArray(places)) return places;
    const end = reader.at;
    const values = readFields(reader, "PullBlob", PULL_BLOB_LAYOUT, places);
    if (!values.ok) return values;
    blobs.push(values.value as unknown as PullBlobV1);
    reader.at = end;
  }
  return ok(blobs);
}

function readBytes(reader: Reader, takesBinary: boolean): Uint8Array | undefined {
  const start = reader.at;
  const bytes = reader.numbers();
  if (bytes !== undefined || !takesBinary) return bytes;
  reader.at = start;
  return reader.binary();
}

function readBlobId(reader: Reader): Uint8Array | undefined {
  const start = reader.at;
  const bytes = reader.binary();
  if (bytes !== undefined) return ofLength(bytes, BLOB_ID_BYTES);
  reader.at = start;
  const text = reader.text();
  return text === undefined ? undefined : parseBlobIdText(text);
}

function ofLength(bytes: Uint8Array | undefined, length: number): Uint8Array | undefined {
  return bytes?.length === length ? bytes : undefined;
}

function tooLarge(lengthBytes: number): Failure {
  return fail({ type: "TooLarge", lengthBytes, limitBytes: FRAME_BYTES_MAX });
}

function badField(structure: StructureV1, field: string): Failure {
  return fail({ type: "BadField", structure, field });
}
