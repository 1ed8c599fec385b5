/**
 * Frames of version 1: u32 big-endian length, then the message; upstream sends one on each half of a stream. Refused on
 * the header, before a byte of the body is kept, and on writing too (upstream's relay writes what no client can read).
 */
import { EMPTY, readU32, writeU32 } from "../../bytes.ts";
import { FRAME_BYTES_MAX } from "../../limits.ts";
import { fail, ok, type Result } from "../../result.ts";

export interface FrameErrorV1 {
  readonly type: "FrameTooLarge";
  readonly lengthBytes: number;
  readonly limitBytes: number;
}

const HEADER_BYTES = 4;
/** Memory for a body grows with what has come of it, from here. */
const FIRST_BYTES = 4096;

export function encodeFrameV1(message: Uint8Array): Result<Uint8Array, FrameErrorV1> {
  if (message.length > FRAME_BYTES_MAX) return tooLarge(message.length);
  const frame = new Uint8Array(HEADER_BYTES + message.length);
  writeU32(frame, 0, message.length);
  frame.set(message, HEADER_BYTES);
  return ok(frame);
}

/** Puts the one frame of a stream together from chunks of any size. */
export class FrameReaderV1 {
  readonly #header = new Uint8Array(HEADER_BYTES);
  #headerFilled = 0;
  #body: Uint8Array = EMPTY;
  #filled = 0;
  #length = 0;

  /** The message, once it is whole. */
  get message(): Uint8Array | undefined {
    const isWhole = this.#headerFilled === HEADER_BYTES && this.#filled === this.#length;
    return isWhole ? this.#body.subarray(0, this.#length) : undefined;
  }

  /** Bytes after the frame are ignored, as upstream ignores them. After an error the reader must not be used again. */
  receive(chunk: Uint8Array): Result<void, FrameErrorV1> {
    let at = 0;
    while (this.#headerFilled < HEADER_BYTES) {
      if (at === chunk.length) return ok(undefined);
      this.#header[this.#headerFilled++] = chunk[at++]!;
      if (this.#headerFilled < HEADER_BYTES) continue;
      this.#length = readU32(this.#header, 0);
      if (this.#length > FRAME_BYTES_MAX) return tooLarge(this.#length);
    }
    const count = Math.min(chunk.length - at, this.#length - this.#filled);
    this.#reserve(this.#filled + count);
    this.#body.set(chunk.subarray(at, at + count), this.#filled);
    this.#filled += count;
    return ok(undefined);
  }

  #reserve(length: number): void {
    if (length <= this.#body.length) return;
    const larger = new Uint8Array(Math.min(this.#length, Math.max(FIRST_BYTES, 2 * length)));
    larger.set(this.#body.subarray(0, this.#filled));
    this.#body = larger;
  }
}

function tooLarge(lengthBytes: number): { readonly ok: false; readonly error: FrameErrorV1 } {
  return fail({ type: "FrameTooLarge", lengthBytes, limitBytes: FRAME_BYTES_MAX });
}
