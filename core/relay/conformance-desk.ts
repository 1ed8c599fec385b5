/**
 * What the conformance cases of a relay's store stand on: an open store, what a relay would say to it, and comparisons
 * that throw.
 */
import { encodeHex } from "../bytes.ts";
import type { CryptoSuite } from "../crypto/suite.ts";
import type { Position } from "../ids.ts";
import { START } from "../ids.ts";
import type { AppendItem } from "../log/append.ts";
import type { Claim } from "../log/admit.ts";
import { ChainHasher } from "../log/chain.ts";
import type { Page } from "../log/page.ts";
import type { RelayAnswer, RelayOperation } from "./store.ts";

export type Cases = { readonly [name: string]: (desk: Desk) => void };

/** What can rot of a row, so that a store finds it. */
export type RotField = "payload" | "payloadHash" | "blobId" | "chain";

/** An open store. What it answered is durable: `reopen` is a new process on the same data. */
export interface ConformanceStore {
  /** One transaction: the answers, one per operation and in their order. */
  run(operations: readonly RelayOperation[], wallMs: number): readonly RelayAnswer[];
  reopen(): ConformanceStore;
  /** A new process on the same data, of which one byte of this blob's row has rotted where it lies. */
  rot(group: Uint8Array, blobId: Uint8Array, field: RotField): ConformanceStore;
}

export type Answer<T extends RelayAnswer["type"]> = Extract<RelayAnswer, { type: T }>;

export const NOW_MS = 1_700_000_000_000;
export const TTL_S = 3600;
export const RETENTION_S = 7200;
export const NOBODY: Claim = { epoch: null, contiguous: START, highest: START };

export const [GROUP, OTHER_GROUP] = [sample(32, 1), sample(32, 2)] as const;
export const [ALICE, BOB] = [sample(32, 11), sample(32, 12)] as const;
export const [EPOCH, SECOND_EPOCH] = [sample(16, 21), sample(16, 22)] as const;

/** A store, and what a relay would say to it. */
export class Desk {
  readonly #suite: CryptoSuite;
  #store: ConformanceStore;
  #id = 0;

  constructor(suite: CryptoSuite, store: ConformanceStore) {
    this.#suite = suite;
    this.#store = store;
  }

  reopen(): void {
    this.#store = this.#store.reopen();
  }

  rot(blobId: Uint8Array, field: RotField): void {
    this.#store = this.#store.rot(GROUP, blobId, field);
  }

  /** Several operations as one transaction. */
  run(operations: readonly RelayOperation[], wallMs = NOW_MS): readonly RelayAnswer[] {
    const asked = operations.map((operation) => ({ ...operation, id: ++this.#id }));
    const answers = this.#store.run(asked, wallMs);
    checkSame(
      answers.map(({ id }) => id),
      asked.map(({ id }) => id),
      "an answer per operation, in order",
    );
    return answers;
  }

  one<T extends RelayAnswer["type"]>(type: T, operation: RelayOperation, wallMs = NOW_MS): Answer<T> {
    return expectType(this.run([operation], wallMs)[0], type);
  }

  load(fresh: Uint8Array): Uint8Array {
    return this.one("loaded", { id: 0, type: "load", fresh }).identity;
  }

  admit(device = ALICE, claim = NOBODY, group = GROUP, freshEpoch = EPOCH, wallMs = NOW_MS): Answer<"admitted"> {
    return this.one("admitted", admission(device, claim, group, freshEpoch), wallMs);
  }

  push(items: readonly AppendItem[], group = GROUP, heldBytesMax = 1e9, wallMs = NOW_MS): Answer<"appended"> {
    return this.one("appended", append(items, group, heldBytesMax), wallMs);
  }

  page(after = 0, limit = 1000, bytesMax = 1e6, group = GROUP): Page | null {
    return this.one("paged", { id: 0, type: "page", group, after, limit, bytesMax }).page;
  }

  acknowledge(device: Uint8Array, cursor: number, group = GROUP): void {
    this.one("acknowledged", { id: 0, type: "acknowledge", group, device, cursor });
  }

  sweep(wallMs: number, acknowledgedRetentionS = 0): number {
    const sweep = { id: 0, type: "sweep" as const, dedupeRetentionS: RETENTION_S, acknowledgedRetentionS };
    return this.one("swept", sweep, wallMs).gone;
  }

  item(number: number, sizeBytes = 10, ttlS = TTL_S): AppendItem {
    const payload = sample(sizeBytes, number);
    return { blobId: sample(16, 1000 + number), payload, payloadHash: this.#suite.hash(payload), ttlS };
  }

  /** Where a log stands after these items. */
  positionAfter(items: readonly AppendItem[], from: Position = START): Position {
    const hasher = new ChainHasher(this.#suite);
    let { cursor, chain } = from;
    for (const { blobId, payloadHash } of items) chain = hasher.next(chain, (cursor += 1), blobId, payloadHash);
    return { cursor, chain };
  }

  /** A group with Alice in it and these many items. */
  fill(count: number): AppendItem[] {
    const items = Array.from({ length: count }, (_, i) => this.item(i + 1));
    this.admit();
    this.push(items);
    return items;
  }
}

export function admission(
  device: Uint8Array,
  claim: Claim,
  group: Uint8Array,
  freshEpoch: Uint8Array,
  devicesMax = 1000,
): RelayOperation {
  return { id: 0, type: "admit", group, device, claim, freshEpoch, groupsMax: 2, devicesMax };
}

export function append(
  items: readonly AppendItem[],
  group: Uint8Array,
  heldBytesMax = 1e9,
  totalBytesMax = 1e12,
): RelayOperation {
  return { id: 0, type: "append", group, device: ALICE, items, defaultTtlS: TTL_S, heldBytesMax, totalBytesMax };
}

export function expectType<T extends RelayAnswer["type"]>(answer: RelayAnswer | undefined, type: T): Answer<T> {
  check(answer?.type === type, `expected ${type}, was ${answer?.type}`);
  return answer as Answer<T>;
}

export function check(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(what);
}

/** Compares by what is in them; byte arrays of any make are their bytes. */
export function checkSame(actual: unknown, expected: unknown, what: string): void {
  const [is, should] = [render(actual), render(expected)];
  if (is !== should) throw new Error(`${what}: ${is} instead of ${should}`);
}

function render(value: unknown): string {
  if (value instanceof Uint8Array) return encodeHex(value);
  if (Array.isArray(value)) return `[${value.map(render).join(" ")}]`;
  if (typeof value !== "object" || value === null) return String(value);
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([key, field]) => `${key}: ${render(field)}`).join(", ")}}`;
}

export function sample(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (seed * 31 + (seed >> 8) + i * 7) & 0xff);
}
