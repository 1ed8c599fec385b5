/**
 * A running 128-bit hash over 32-bit words: four lanes that feed each other, multiplied and rotated.
 *
 * Words are collected in a buffer and absorbed a thousand at a time, which is what makes a digest of every event cheap.
 * It tells runs apart, it does not resist an adversary. The trace owns two. Same words in, same lanes out, on
 * every machine.
 */
const BUFFER_WORDS = 1024;
/** Below this a loop is faster than a copy. */
const COPY_BYTES_MIN = 48;
const IS_LITTLE_ENDIAN = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

export class WordHash {
  /** The four lanes, as of the last `flush`. */
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
    this.buffer[this.filled++] = word;
    if (this.filled === BUFFER_WORDS) this.absorb();
  }

  /** Five words at once: an event's header. */
  add5(a: number, b: number, c: number, d: number, e: number): void {
    if (this.filled + 5 > BUFFER_WORDS) this.fillUp();
    const at = this.filled;
    const buffer = this.buffer;
    buffer[at] = a;
    buffer[at + 1] = b;
    buffer[at + 2] = c;
    buffer[at + 3] = d;
    buffer[at + 4] = e;
    this.filled = at + 5;
    if (this.filled === BUFFER_WORDS) this.absorb();
  }

  /** Four bytes to a word, the last one filled up with zeros: the caller digests the length somewhere else. */
  addBytes(bytes: Uint8Array): void {
    const length = bytes.length;
    const words = (length + 3) >>> 2;
    let filled = this.filled;
    if (filled + words > BUFFER_WORDS) {
      const room = (BUFFER_WORDS - filled) * 4;
      this.addBytes(bytes.subarray(0, room));
      this.addBytes(bytes.subarray(room));
      return;
    }
    const buffer = this.buffer;
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
    if (filled === BUFFER_WORDS) this.absorb();
  }

  /** Absorbs what is buffered, filled up to four words, and the number of words so far. Part of the hash's history. */
  flush(): void {
    const words = this.total + this.filled;
    this.add(words);
    while ((this.filled & 3) !== 0) this.add(0);
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

  /** Makes room: zeros up to the end of the buffer. Where that happens depends on nothing but the words so far. */
  private fillUp(): void {
    this.buffer.fill(0, this.filled);
    this.filled = BUFFER_WORDS;
    this.absorb();
  }

  private absorb(): void {
    const { buffer, lanes, filled } = this;
    let a = lanes[0]!;
    let b = lanes[1]!;
    let c = lanes[2]!;
    let d = lanes[3]!;
    for (let i = 0; i < filled; i += 4) {
      a = Math.imul(a ^ buffer[i]!, 0x9e3779b1) + d;
      b = Math.imul(b ^ buffer[i + 1]!, 0x85ebca77) + a;
      c = Math.imul(c ^ buffer[i + 2]!, 0xc2b2ae3d) + b;
      d = Math.imul(d ^ buffer[i + 3]!, 0x27d4eb2f) + c;
      a = (a << 13) | (a >>> 19);
      b = (b << 17) | (b >>> 15);
      c = (c << 11) | (c >>> 21);
      d = (d << 15) | (d >>> 17);
    }
    lanes[0] = a;
    lanes[1] = b;
    lanes[2] = c;
    lanes[3] = d;
    this.total += filled;
    this.filled = 0;
  }
}
