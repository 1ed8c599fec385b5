/**
 * A running 128-bit hash over 32-bit words: four lanes, multiplied and rotated, and two sums over them.
 *
 * Words are collected in a buffer and absorbed thousands at a time, which is what makes a digest of every event cheap.
 * It tells runs apart, it does not resist an adversary. The trace owns two. Same words in, same lanes out, on
 * every machine.
 */
const BUFFER_WORDS = 4096;
const BUFFER_BYTES = 4 * BUFFER_WORDS;
/** Below this a loop is faster than a copy. */
const COPY_BYTES_MIN = 48;
const IS_LITTLE_ENDIAN = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

export class WordHash {
  /** The four lanes; they stand for all words only right after a `flush`. */
  readonly lanes = new Int32Array(4);
  private readonly buffer = new Int32Array(BUFFER_WORDS);
  private readonly bufferBytes = new Uint8Array(this.buffer.buffer);
  private filled = 0;
  private total = 0;

  constructor() {
    this.reset();
  }

  reset(): void {
    this.lanes[0] = 0x6a09e667;
    this.lanes[1] = 0xbb67ae85;
    this.lanes[2] = 0x3c6ef372;
    this.lanes[3] = 0xa54ff53a;
    this.filled = 0;
    this.total = 0;
  }

  add(word: number): void {
    if (this.filled === BUFFER_WORDS) this.absorb();
    this.buffer[this.filled++] = word;
  }

  /** Five words at once: an event's header. */
  add5(a: number, b: number, c: number, d: number, e: number): void {
    if (this.filled + 5 > BUFFER_WORDS) this.absorb();
    const at = this.filled;
    const buffer = this.buffer;
    buffer[at] = a;
    buffer[at + 1] = b;
    buffer[at + 2] = c;
    buffer[at + 3] = d;
    buffer[at + 4] = e;
    this.filled = at + 5;
  }

  /** Four bytes to a word, the last one filled up with zeros: the caller digests the length somewhere else. */
  addBytes(bytes: Uint8Array): void {
    const length = bytes.length;
    if (length > BUFFER_BYTES) {
      for (let at = 0; at < length; at += BUFFER_BYTES) this.addBytes(bytes.subarray(at, at + BUFFER_BYTES));
      return;
    }
    const words = (length + 3) >>> 2;
    if (this.filled + words > BUFFER_WORDS) this.absorb();
    const buffer = this.buffer;
    let filled = this.filled;
    if (length >= COPY_BYTES_MIN && IS_LITTLE_ENDIAN) {
      buffer[filled + words - 1] = 0;
      this.bufferBytes.set(bytes, filled * 4);
      filled += words;
    } else {
      const whole = length & ~3;
      for (let at = 0; at < whole; at += 4) {
        buffer[filled++] = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
      }
      if (whole < length) {
        let word = 0;
        for (let i = whole; i < length; i++) word |= bytes[i]! << ((i - whole) * 8);
        buffer[filled++] = word;
      }
    }
    this.filled = filled;
  }

  /** Absorbs what is buffered and the number of words so far. Part of the hash's history. */
  flush(): void {
    this.add(this.total + this.filled);
    this.absorb();
  }

  /** The lanes as `flush` would leave them, computed in `scratch`; nothing changes here. */
  peek(scratch: WordHash): readonly number[] {
    scratch.lanes.set(this.lanes);
    scratch.buffer.set(this.buffer);
    scratch.filled = this.filled;
    scratch.total = this.total;
    scratch.flush();
    return [...scratch.lanes];
  }

  /**
   * Takes in what is buffered, filled up with zeros to whole steps. Each word steps a lane of its own by a bijection and
   * goes into one of two sums, so that no lane waits for another. In the end each sum is laid over the two lanes
   * that its words did not step: one changed word always changes the hash.
   */
  private absorb(): void {
    const { buffer, lanes } = this;
    while ((this.filled & 3) !== 0) buffer[this.filled++] = 0;
    const { filled } = this;
    let a = lanes[0]!;
    let b = lanes[1]!;
    let c = lanes[2]!;
    let d = lanes[3]!;
    let e = 0;
    let f = 0;
    for (let i = 0; i < filled; i += 4) {
      const v = buffer[i]!;
      const w = buffer[i + 1]!;
      const x = buffer[i + 2]!;
      const y = buffer[i + 3]!;
      a = rotate(Math.imul(a ^ v, 0x9e3779b1), 13);
      b = rotate(Math.imul(b ^ w, 0x85ebca77), 17);
      c = rotate(Math.imul(c ^ x, 0xc2b2ae3d), 11);
      d = rotate(Math.imul(d ^ y, 0x27d4eb2f), 15);
      e = (rotate(e, 5) + v + x) | 0;
      f = (rotate(f, 9) + w + y) | 0;
    }
    lanes[0] = a ^ f;
    lanes[1] = b ^ e;
    lanes[2] = c ^ f;
    lanes[3] = d ^ e;
    this.total += filled;
    this.filled = 0;
  }
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
