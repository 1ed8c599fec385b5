/**
 * Cuts a stream into whole messages of our transport, header included, beginning at the next message. What is before
 * it, and all bytes of a stream that has no such messages, comes out as it went in. Holds at most one message.
 */
import { FramingTrack, MESSAGE_BYTES_MIN, MESSAGE_HEADER_BYTES } from "./framing-track.ts";
import type { Framing } from "./stage.ts";

export interface MessageSink {
  /** Bytes that are no whole message. */
  raw(bytes: Uint8Array): void;
  message(message: Uint8Array): void;
}

export class MessageReader {
  readonly #sink: MessageSink;
  /** Of the message under way when the reader came. */
  #foreignBytes: number;
  #isOurs: boolean;
  #parts: Uint8Array[] = [];
  #heldBytes = 0;

  constructor(framing: Framing, sink: MessageSink) {
    this.#sink = sink;
    this.#isOurs = framing.isOurs;
    this.#foreignBytes = framing.leftBytes;
    // Half of a header has gone already: its message is not ours to touch either, but its length must be known.
    this.#halfHeader = framing.headerByte;
  }

  #halfHeader: number;

  take(bytes: Uint8Array): void {
    let rest = bytes;
    if (this.#isOurs && this.#halfHeader >= 0 && rest.length > 0) {
      const track = new FramingTrack();
      track.headerByte = this.#halfHeader;
      this.#halfHeader = -1;
      track.skip(rest.subarray(0, 1));
      this.#isOurs = track.isOurs;
      this.#foreignBytes = 1 + track.leftBytes;
    }
    if (this.#foreignBytes > 0 && this.#isOurs) {
      const count = Math.min(this.#foreignBytes, rest.length);
      this.#foreignBytes -= count;
      if (count > 0) this.#sink.raw(rest.subarray(0, count));
      rest = rest.subarray(count);
    }
    if (rest.length === 0) return;
    if (!this.#isOurs) return this.#sink.raw(rest);
    this.#parts.push(rest);
    this.#heldBytes += rest.length;
    this.#cut();
  }

  /** What is there of a message that has not come whole. */
  flush(): void {
    if (this.#heldBytes === 0) return;
    const rest = this.#joined();
    this.#parts = [];
    this.#heldBytes = 0;
    this.#sink.raw(rest);
  }

  #cut(): void {
    while (this.#heldBytes >= MESSAGE_HEADER_BYTES) {
      const wholeBytes = MESSAGE_HEADER_BYTES + this.#byteAt(0) * 256 + this.#byteAt(1);
      if (wholeBytes < MESSAGE_HEADER_BYTES + MESSAGE_BYTES_MIN) {
        this.#isOurs = false;
        return this.flush();
      }
      if (this.#heldBytes < wholeBytes) return;
      const all = this.#joined();
      const rest = all.subarray(wholeBytes);
      this.#parts = rest.length > 0 ? [rest] : [];
      this.#heldBytes = rest.length;
      this.#sink.message(all.subarray(0, wholeBytes));
    }
  }

  #byteAt(index: 0 | 1): number {
    const first = this.#parts[0]!;
    return index < first.length ? first[index]! : this.#parts[1]![0]!;
  }

  #joined(): Uint8Array {
    if (this.#parts.length === 1) return this.#parts[0]!;
    const all = new Uint8Array(this.#heldBytes);
    let at = 0;
    for (const part of this.#parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }
}
