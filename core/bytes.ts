/** Plain byte arithmetic: compare, join, hex, big-endian numbers, and a pool for short-lived buffers. */

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

const DIGITS = Uint8Array.from("0123456789abcdef", (digit) => digit.charCodeAt(0));

export const EMPTY = new Uint8Array(0);

/** An `Int32Array` over bytes has the words that shifting its bytes together, the lowest first, would make. */
export const IS_LITTLE_ENDIAN = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

/** Equality in time that depends on the lengths only. */
export function isEqualBytes(a: Uint8Array, b: Uint8Array): boolean {
  const { length } = a;
  if (length !== b.length) return false;
  let difference = 0;
  let i = 0;
  // All ids and hashes are whole fours, and four at a time take two thirds of the time.
  for (; i + 4 <= length; i += 4) {
    difference |= (a[i]! ^ b[i]!) | (a[i + 1]! ^ b[i + 1]!) | (a[i + 2]! ^ b[i + 2]!) | (a[i + 3]! ^ b[i + 3]!);
  }
  for (; i < length; i++) difference |= a[i]! ^ b[i]!;
  return difference === 0;
}

export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const joined = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** Lower-case hex, two characters a byte. */
export function encodeHex(bytes: Uint8Array): string {
  let text = "";
  let at = 0;
  for (; at + 32 <= bytes.length; at += 32) text += encodeHex32(bytes, at);
  for (; at + 16 <= bytes.length; at += 16) text += encodeHex16(bytes, at);
  for (; at + 4 <= bytes.length; at += 4) text += hexWord(readU32(bytes, at));
  for (; at < bytes.length; at++) text += HEX[bytes[at]!]!;
  return text;
}

/**
 * An id in one call: a flat string, where a concatenation is a rope, which costs four times as much to look up and is
 * slower to read for good.
 */
// oxfmt-ignore
function encodeHex32(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(
    DIGITS[bytes[at + 0]! >> 4]!, DIGITS[bytes[at + 0]! & 15]!, DIGITS[bytes[at + 1]! >> 4]!, DIGITS[bytes[at + 1]! & 15]!,
    DIGITS[bytes[at + 2]! >> 4]!, DIGITS[bytes[at + 2]! & 15]!, DIGITS[bytes[at + 3]! >> 4]!, DIGITS[bytes[at + 3]! & 15]!,
    DIGITS[bytes[at + 4]! >> 4]!, DIGITS[bytes[at + 4]! & 15]!, DIGITS[bytes[at + 5]! >> 4]!, DIGITS[bytes[at + 5]! & 15]!,
    DIGITS[bytes[at + 6]! >> 4]!, DIGITS[bytes[at + 6]! & 15]!, DIGITS[bytes[at + 7]! >> 4]!, DIGITS[bytes[at + 7]! & 15]!,
    DIGITS[bytes[at + 8]! >> 4]!, DIGITS[bytes[at + 8]! & 15]!, DIGITS[bytes[at + 9]! >> 4]!, DIGITS[bytes[at + 9]! & 15]!,
    DIGITS[bytes[at + 10]! >> 4]!, DIGITS[bytes[at + 10]! & 15]!, DIGITS[bytes[at + 11]! >> 4]!, DIGITS[bytes[at + 11]! & 15]!,
    DIGITS[bytes[at + 12]! >> 4]!, DIGITS[bytes[at + 12]! & 15]!, DIGITS[bytes[at + 13]! >> 4]!, DIGITS[bytes[at + 13]! & 15]!,
    DIGITS[bytes[at + 14]! >> 4]!, DIGITS[bytes[at + 14]! & 15]!, DIGITS[bytes[at + 15]! >> 4]!, DIGITS[bytes[at + 15]! & 15]!,
    DIGITS[bytes[at + 16]! >> 4]!, DIGITS[bytes[at + 16]! & 15]!, DIGITS[bytes[at + 17]! >> 4]!, DIGITS[bytes[at + 17]! & 15]!,
    DIGITS[bytes[at + 18]! >> 4]!, DIGITS[bytes[at + 18]! & 15]!, DIGITS[bytes[at + 19]! >> 4]!, DIGITS[bytes[at + 19]! & 15]!,
    DIGITS[bytes[at + 20]! >> 4]!, DIGITS[bytes[at + 20]! & 15]!, DIGITS[bytes[at + 21]! >> 4]!, DIGITS[bytes[at + 21]! & 15]!,
    DIGITS[bytes[at + 22]! >> 4]!, DIGITS[bytes[at + 22]! & 15]!, DIGITS[bytes[at + 23]! >> 4]!, DIGITS[bytes[at + 23]! & 15]!,
    DIGITS[bytes[at + 24]! >> 4]!, DIGITS[bytes[at + 24]! & 15]!, DIGITS[bytes[at + 25]! >> 4]!, DIGITS[bytes[at + 25]! & 15]!,
    DIGITS[bytes[at + 26]! >> 4]!, DIGITS[bytes[at + 26]! & 15]!, DIGITS[bytes[at + 27]! >> 4]!, DIGITS[bytes[at + 27]! & 15]!,
    DIGITS[bytes[at + 28]! >> 4]!, DIGITS[bytes[at + 28]! & 15]!, DIGITS[bytes[at + 29]! >> 4]!, DIGITS[bytes[at + 29]! & 15]!,
    DIGITS[bytes[at + 30]! >> 4]!, DIGITS[bytes[at + 30]! & 15]!, DIGITS[bytes[at + 31]! >> 4]!, DIGITS[bytes[at + 31]! & 15]!,
  );
}

// oxfmt-ignore
function encodeHex16(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(
    DIGITS[bytes[at + 0]! >> 4]!, DIGITS[bytes[at + 0]! & 15]!, DIGITS[bytes[at + 1]! >> 4]!, DIGITS[bytes[at + 1]! & 15]!,
    DIGITS[bytes[at + 2]! >> 4]!, DIGITS[bytes[at + 2]! & 15]!, DIGITS[bytes[at + 3]! >> 4]!, DIGITS[bytes[at + 3]! & 15]!,
    DIGITS[bytes[at + 4]! >> 4]!, DIGITS[bytes[at + 4]! & 15]!, DIGITS[bytes[at + 5]! >> 4]!, DIGITS[bytes[at + 5]! & 15]!,
    DIGITS[bytes[at + 6]! >> 4]!, DIGITS[bytes[at + 6]! & 15]!, DIGITS[bytes[at + 7]! >> 4]!, DIGITS[bytes[at + 7]! & 15]!,
    DIGITS[bytes[at + 8]! >> 4]!, DIGITS[bytes[at + 8]! & 15]!, DIGITS[bytes[at + 9]! >> 4]!, DIGITS[bytes[at + 9]! & 15]!,
    DIGITS[bytes[at + 10]! >> 4]!, DIGITS[bytes[at + 10]! & 15]!, DIGITS[bytes[at + 11]! >> 4]!, DIGITS[bytes[at + 11]! & 15]!,
    DIGITS[bytes[at + 12]! >> 4]!, DIGITS[bytes[at + 12]! & 15]!, DIGITS[bytes[at + 13]! >> 4]!, DIGITS[bytes[at + 13]! & 15]!,
    DIGITS[bytes[at + 14]! >> 4]!, DIGITS[bytes[at + 14]! & 15]!, DIGITS[bytes[at + 15]! >> 4]!, DIGITS[bytes[at + 15]! & 15]!,
  );
}

/** Bytes of a hex text; `undefined` for an odd length or any other character. */
export function parseHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0) return undefined;
  const bytes = new Uint8Array(text.length / 2);
  let bad = 0;
  for (let i = 0; i < bytes.length; i++) {
    const high = hexDigit(text.charCodeAt(2 * i));
    const low = hexDigit(text.charCodeAt(2 * i + 1));
    bad |= high | low;
    bytes[i] = (high << 4) | low;
  }
  return bad < 0 ? undefined : bytes;
}

/** The value of a digit by its character code, −1 for any other character. */
function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const lower = code | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

/** A 32-bit word as eight hex digits. */
// oxfmt-ignore
export function hexWord(word: number): string {
  return String.fromCharCode(
    DIGITS[word >>> 28]!, DIGITS[(word >>> 24) & 15]!, DIGITS[(word >>> 20) & 15]!, DIGITS[(word >>> 16) & 15]!,
    DIGITS[(word >>> 12) & 15]!, DIGITS[(word >>> 8) & 15]!, DIGITS[(word >>> 4) & 15]!, DIGITS[word & 15]!,
  );
}

/** Writes a whole number below 2^53 as eight bytes, big-endian. */
export function writeU64(out: Uint8Array, at: number, value: number): void {
  writeU32(out, at, Math.floor(value / 0x1_0000_0000));
  writeU32(out, at + 4, value >>> 0);
}

export function writeU32(out: Uint8Array, at: number, value: number): void {
  out[at] = value >>> 24;
  out[at + 1] = value >>> 16;
  out[at + 2] = value >>> 8;
  out[at + 3] = value;
}

export function readU32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

/**
 * Hands out short-lived buffers cut from larger ones, because a fresh 100-byte array costs more than a simulated
 * event. A buffer is never handed out twice; one that is kept for long should be copied, or it keeps its whole chunk.
 */
export class BytePool {
  static readonly #chunkBytesMax = 64 * 1024;
  /** Of the next chunk: who takes little has little, who takes much soon has the largest. */
  #chunkBytes = 8 * 1024;
  #buffer = new ArrayBuffer(0);
  #length = 0;
  #used = 0;

  take(length: number): Uint8Array {
    if (length > BytePool.#chunkBytesMax / 4) return new Uint8Array(length);
    if (this.#used + length > this.#length) {
      while (this.#chunkBytes < 4 * length) this.#chunkBytes *= 2;
      this.#length = this.#chunkBytes;
      this.#buffer = new ArrayBuffer(this.#length);
      this.#chunkBytes = Math.min(2 * this.#chunkBytes, BytePool.#chunkBytesMax);
      this.#used = 0;
    }
    const start = this.#used;
    this.#used += length;
    // A view of the buffer costs half of what `subarray` does.
    return new Uint8Array(this.#buffer, start, length);
  }
}
