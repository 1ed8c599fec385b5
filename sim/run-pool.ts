/**
 * The pool of buffers of one run after the other: as `BytePool`, but its chunks are handed out again in the next run,
 * when nobody has anything of the last one any more. What outlives a run is copied by who keeps it. The simulator has
 * one for all machines and applications of its world.
 */
import { BytePool } from "../core/bytes.ts";

/** So large that a file of 64 KiB, sealed, is cut from one too: a fresh array of that size is filled with zeros first. */
const CHUNK_BYTES = 512 * 1024;
/** There is no chunk that even nothing could be cut from. */
const USED_UP = CHUNK_BYTES + 1;
/** Kept from run to run: 8 MiB. */
const CHUNKS_KEPT_MAX = 16;

export class RunPool extends BytePool {
  readonly #chunks: ArrayBuffer[] = [];
  #chunksUsed = 0;
  #chunk = new ArrayBuffer(0);
  #at = USED_UP;

  /** The run is over. */
  reset(): void {
    this.#chunksUsed = 0;
    this.#at = USED_UP;
  }

  override take(length: number): Uint8Array {
    if (length > CHUNK_BYTES / 4) return new Uint8Array(length);
    if (this.#at + length > CHUNK_BYTES) this.#nextChunk();
    const start = this.#at;
    this.#at += length;
    return new Uint8Array(this.#chunk, start, length);
  }

  #nextChunk(): void {
    this.#at = 0;
    const kept = this.#chunks[this.#chunksUsed];
    this.#chunk = kept ?? new ArrayBuffer(CHUNK_BYTES);
    if (kept === undefined && this.#chunks.length < CHUNKS_KEPT_MAX) this.#chunks.push(this.#chunk);
    this.#chunksUsed += 1;
  }
}
