/**
 * Keeps one message from a machine: right after the host's suite has opened it, its frame is overwritten by a Pong of
 * the same length, which no machine makes anything of. So the transport goes on as if nothing had happened, and the
 * message never came. (A later element of a message is ignored by the protocol's extension rule; that is the filling.)
 */
import { assertInvariant } from "../core/invariant.ts";
import { readU32 } from "../core/bytes.ts";
import { TAGS, messageTypeOf } from "../core/wire/tags.ts";
import type { MessageType } from "../core/wire/messages.ts";
import { frameStarts } from "./moments.ts";

const FRAME_HEADER_BYTES = 4;

export interface Withholding {
  readonly message: MessageType;
  readonly nth: number;
  /** How many of them have come. */
  seen: number;
}

/** Overwrites what is to be withheld; answers those that it withheld. A frame in several messages is never touched. */
export function withhold<W extends Withholding>(plaintext: Uint8Array, wanted: readonly W[]): readonly W[] {
  const withheld: W[] = [];
  for (const at of frameStarts(plaintext)) {
    const length = readU32(plaintext, at - FRAME_HEADER_BYTES);
    const type = messageTypeOf(plaintext[at + 1]!);
    for (const each of wanted) {
      if (each.message !== type) continue;
      each.seen += 1;
      if (each.seen !== each.nth || at + length > plaintext.length) continue;
      plaintext.set(pongOf(length), at);
      withheld.push(each);
    }
  }
  return withheld;
}

/** `[Pong, token, filling]` in exactly so many bytes, in its shortest form as the grammar wants it. */
export function pongOf(lengthBytes: number): Uint8Array {
  assertInvariant(lengthBytes >= 3, "no message is shorter than an array of two");
  const bytes = new Uint8Array(lengthBytes);
  bytes[1] = TAGS.Pong;
  // Up to here the filling is small numbers, one byte each.
  if (lengthBytes <= 16) {
    bytes[0] = 0x90 | (lengthBytes - 1);
    return bytes;
  }
  bytes[0] = 0x93;
  // A byte string has a head of two bytes up to 255 and of three beyond: a longer token fills the gap between.
  const isGap = lengthBytes === 261;
  let at = 3;
  if (isGap) {
    bytes[2] = 0xcc;
    bytes[3] = 0x80;
    at = 4;
  }
  const left = lengthBytes - at;
  if (left <= 257) {
    bytes[at] = 0xc4;
    bytes[at + 1] = left - 2;
  } else {
    bytes[at] = 0xc5;
    bytes[at + 1] = (left - 3) >> 8;
    bytes[at + 2] = (left - 3) & 0xff;
  }
  return bytes;
}
