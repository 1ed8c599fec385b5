/**
 * MessagePack as upstream's serialiser writes it: every number in its shortest form, byte strings as arrays of numbers.
 * Our own and not the library's, which writes every `bigint` in nine bytes and would need an array of a million
 * numbers for a payload. Called by `encode-message.ts`.
 */
import { assertInvariant } from "../../invariant.ts";
import { encodeText } from "../../text.ts";

const U32_MAX = 0xffff_ffff;

export class Writer {
  #out = new Uint8Array(256);
  #view = new DataView(this.#out.buffer);
  #at = 0;

  /** A copy of what was written. */
  take(): Uint8Array {
    return this.#out.slice(0, this.#at);
  }

  nil(): void {
    this.#byte(0xc0);
  }

  boolean(value: boolean): void {
    this.#byte(value ? 0xc3 : 0xc2);
  }

  /** A whole number below 2^32. */
  number(value: number): void {
    assertInvariant(Number.isSafeInteger(value) && value >= 0 && value <= U32_MAX, "a whole number below 2^32");
    if (value < 0x80) this.#byte(value);
    else if (value <= 0xff) this.#headed(0xcc, value, 1);
    else if (value <= 0xffff) this.#headed(0xcd, value, 2);
    else this.#headed(0xce, value, 4);
  }

  bigint(value: bigint): void {
    assertInvariant(value >= 0 && value < 2 ** 64, "a whole number below 2^64");
    if (value <= U32_MAX) return this.number(Number(value));
    this.#reserve(9);
    this.#out[this.#at] = 0xcf;
    this.#view.setBigUint64(this.#at + 1, value);
    this.#at += 9;
  }

  text(value: string): void {
    const bytes = encodeText(value);
    if (bytes.length < 32) this.#byte(0xa0 | bytes.length);
    else if (bytes.length <= 0xff) this.#headed(0xd9, bytes.length, 1);
    else if (bytes.length <= 0xffff) this.#headed(0xda, bytes.length, 2);
    else this.#headed(0xdb, bytes.length, 4);
    this.#raw(bytes);
  }

  /** Up to 255 bytes. */
  binary(bytes: Uint8Array): void {
    assertInvariant(bytes.length <= 0xff, "the only bin on the wire is a blob id");
    this.#headed(0xc4, bytes.length, 1);
    this.#raw(bytes);
  }

  array(count: number): void {
    if (count < 16) this.#byte(0x90 | count);
    else if (count <= 0xffff) this.#headed(0xdc, count, 2);
    else this.#headed(0xdd, count, 4);
  }

  /** An array with one number for each byte. */
  numbers(bytes: Uint8Array): void {
    this.array(bytes.length);
    this.#reserve(2 * bytes.length);
    const out = this.#out;
    let at = this.#at;
    for (let i = 0; i < bytes.length; i++) {
      const byte = bytes[i]!;
      if (byte >= 0x80) out[at++] = 0xcc;
      out[at++] = byte;
    }
    this.#at = at;
  }

  #byte(value: number): void {
    this.#reserve(1);
    this.#out[this.#at++] = value;
  }

  #headed(head: number, value: number, width: 1 | 2 | 4): void {
    this.#reserve(1 + width);
    this.#out[this.#at++] = head;
    if (width === 1) this.#view.setUint8(this.#at, value);
    else if (width === 2) this.#view.setUint16(this.#at, value);
    else this.#view.setUint32(this.#at, value);
    this.#at += width;
  }

  #raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#out.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  #reserve(length: number): void {
    if (this.#at + length <= this.#out.length) return;
    const larger = new Uint8Array(Math.max(2 * this.#out.length, this.#at + length));
    larger.set(this.#out.subarray(0, this.#at));
    this.#out = larger;
    this.#view = new DataView(larger.buffer);
  }
}
