/**
 * The chain value of a cursor: hash of (previous chain ‖ cursor ‖ blob id ‖ payload hash). Relay and device compute it
 * alike, so that two of them that agree on one chain agree on everything before it. One hasher per machine: it reuses
 * its buffer.
 */
import { writeU64 } from "../bytes.ts";
import type { CryptoSuite } from "../crypto/suite.ts";
import { BLOB_ID_BYTES, CHAIN_BYTES } from "../ids.ts";
import type { BlobId, Chain } from "../ids.ts";
import type { LogRow } from "./row.ts";

const CURSOR_AT = CHAIN_BYTES;
const BLOB_AT = CURSOR_AT + 8;
const PAYLOAD_AT = BLOB_AT + BLOB_ID_BYTES;

export class ChainHasher {
  readonly #suite: CryptoSuite;
  readonly #buffer = new Uint8Array(PAYLOAD_AT + 32);

  constructor(suite: CryptoSuite) {
    this.#suite = suite;
  }

  next(previous: Chain, cursor: number, blobId: BlobId, payloadHash: Uint8Array): Chain {
    this.#buffer.set(previous, 0);
    writeU64(this.#buffer, CURSOR_AT, cursor);
    this.#buffer.set(blobId, BLOB_AT);
    this.#buffer.set(payloadHash, PAYLOAD_AT);
    return this.#suite.hash(this.#buffer);
  }

  /** What the chain of this row is when the row says what was accepted. */
  ofRow(previous: Chain, { cursor, blobId, payloadHash }: Pick<LogRow, "cursor" | "blobId" | "payloadHash">): Chain {
    return this.next(previous, cursor, blobId, payloadHash);
  }
}
