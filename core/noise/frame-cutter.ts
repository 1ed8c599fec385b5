/**
 * Cuts the plaintexts of a channel's messages, joined, into frames: u32 length ‖ body, each frame wherever it begins and
 * ends. A length that is not allowed is refused before a byte of what it announces is kept. A frame that lies whole in
 * one plaintext is a view of it; of one that spans several, the body is put together here.
 *
 * Called by `SecureChannel`, which may open a message straight to its place in the frame that is coming in.
 */
import type { BytePool } from "../bytes.ts";

export const FRAME_HEADER_BYTES = 4;

export class FrameCutter {
  /** Longer frames are refused. */
  frameBytesMax: number;
  readonly #pool: BytePool;
  readonly #mark: ((name: string) => void) | undefined;

  // The frame that is coming in: its header, and a body that spans plaintexts.
  #headerFilled = 0;
  #length = 0;
  #body: Uint8Array | undefined;
  #bodyFilled = 0;

  /** Frames from `#taken` on are still to be taken. Rewound rather than cut, to keep its memory. */
  readonly #frames: (Uint8Array | undefined)[] = [];
  #taken = 0;
  #filled = 0;

  constructor(pool: BytePool, frameBytesMax: number, mark: ((name: string) => void) | undefined) {
    this.#pool = pool;
    this.frameBytesMax = frameBytesMax;
    this.#mark = mark;
  }

  /** Memory set aside for a frame that has come in part. */
  get halfBytes(): number {
    return this.#body === undefined ? 0 : this.#body.length;
  }

  /** Where the next so many bytes of plaintext belong, if all of them are of the frame that is coming in. */
  place(length: number): Uint8Array | undefined {
    const body = this.#body;
    if (body === undefined || length > body.length - this.#bodyFilled) return undefined;
    return body.subarray(this.#bodyFilled, this.#bodyFilled + length);
  }

  /** So many bytes are where `place` said. */
  placed(length: number): void {
    this.#bodyFilled += length;
    this.#finishBody(this.#body!);
  }

  /** The next plaintext. Gives the length that is refused, if one is. */
  cut(plaintext: Uint8Array): number | undefined {
    const end = plaintext.length;
    let at = 0;
    while (at < end) {
      const body = this.#body;
      if (body !== undefined) {
        const count = Math.min(body.length - this.#bodyFilled, end - at);
        body.set(plaintext.subarray(at, at + count), this.#bodyFilled);
        this.#bodyFilled += count;
        at += count;
        this.#finishBody(body);
        continue;
      }
      while (this.#headerFilled < FRAME_HEADER_BYTES && at < end) {
        // Not a shift: the length is unsigned, and a hostile one uses all 32 bits.
        this.#length = this.#length * 256 + plaintext[at++]!;
        this.#headerFilled++;
      }
      if (this.#headerFilled < FRAME_HEADER_BYTES) return undefined;
      const length = this.#length;
      if (length > this.frameBytesMax) return length;
      this.#headerFilled = 0;
      this.#length = 0;
      if (end - at >= length) {
        this.#frames[this.#filled++] = plaintext.subarray(at, at + length);
        at += length;
      } else {
        this.#mark?.("channel.frame-in-pieces");
        this.#body = this.#pool.take(length);
        this.#bodyFilled = 0;
      }
    }
    return undefined;
  }

  /** The next frame's body, whose memory is never used again for anything else. */
  poll(): Uint8Array | undefined {
    if (this.#taken === this.#filled) return undefined;
    const frame = this.#frames[this.#taken];
    this.#frames[this.#taken++] = undefined;
    if (this.#taken === this.#filled) {
      this.#taken = 0;
      this.#filled = 0;
    }
    return frame;
  }

  /** Lets go of what came in part; whole frames can still be taken. */
  abandon(): void {
    this.#body = undefined;
  }

  #finishBody(body: Uint8Array): void {
    if (this.#bodyFilled < body.length) return;
    this.#frames[this.#filled++] = body;
    this.#body = undefined;
  }
}
