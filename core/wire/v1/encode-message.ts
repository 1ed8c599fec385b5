/**
 * Messages and the envelope of version 1 to bytes, the same bytes as upstream's serialiser gives. A value that upstream
 * could not hold (a wrong length, a negative number) is our own mistake and throws; a message that is too large for a
 * frame is refused by `encodeFrameV1`.
 */
import { BLOB_ID_BYTES } from "../../ids.ts";
import { assertInvariant, unreachable } from "../../invariant.ts";
import { ENVELOPE_LAYOUT, MESSAGE_LAYOUTS, PULL_BLOB_LAYOUT, type Field } from "./layouts.ts";
import type { EnvelopeV1, MessageV1, PullBlobV1 } from "./messages.ts";
import { Writer } from "./writer.ts";

export function encodeMessageV1(message: MessageV1): Uint8Array {
  const writer = new Writer();
  const layout = MESSAGE_LAYOUTS[message.type];
  writer.array(1 + layout.length);
  writer.text(message.type);
  writeFields(writer, layout, message);
  return writer.take();
}

export function encodeEnvelopeV1(envelope: EnvelopeV1): Uint8Array {
  const writer = new Writer();
  writer.array(ENVELOPE_LAYOUT.length);
  writeFields(writer, ENVELOPE_LAYOUT, envelope);
  return writer.take();
}

function writeFields(writer: Writer, layout: readonly Field[], structure: object): void {
  // The layouts are typed against the structures: a value has the type of its kind.
  const values = structure as Readonly<Record<string, unknown>>;
  for (const field of layout) writeField(writer, field, values[field.key]);
}

function writeField(writer: Writer, { kind, name }: Field, value: unknown): void {
  switch (kind) {
    case "u8":
      assertInvariant((value as number) <= 0xff, `${name}: a whole number below 256`);
      return writer.number(value as number);
    case "u32":
      return writer.number(value as number);
    case "u64":
      return writer.bigint(value as bigint);
    case "boolean":
      return writer.boolean(value as boolean);
    case "text":
      return writer.text(value as string);
    case "text or nil":
      return value === null ? writer.nil() : writer.text(value as string);
    case "bytes":
      return writer.numbers(value as Uint8Array);
    case "bytes24":
      assertInvariant((value as Uint8Array).length === 24, `${name}: 24 bytes`);
      return writer.numbers(value as Uint8Array);
    case "bytes32":
      assertInvariant((value as Uint8Array).length === 32, `${name}: 32 bytes`);
      return writer.numbers(value as Uint8Array);
    case "blobId":
      assertInvariant((value as Uint8Array).length === BLOB_ID_BYTES, `${name}: 16 bytes`);
      return writer.binary(value as Uint8Array);
    case "blobs":
      return writeBlobs(writer, value as readonly PullBlobV1[]);
    default:
      return unreachable(kind);
  }
}

function writeBlobs(writer: Writer, blobs: readonly PullBlobV1[]): void {
  writer.array(blobs.length);
  for (const blob of blobs) {
    writer.array(PULL_BLOB_LAYOUT.length);
    writeFields(writer, PULL_BLOB_LAYOUT, blob);
  }
}
