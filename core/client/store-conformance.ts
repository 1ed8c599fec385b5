/**
 * What every store of a device must do, as named cases that throw on failure: pure code, run by a test file on each
 * implementation. They hold that identity, sent log, inbox and positions are what was committed, over restarts of the
 * process; that rows are owed per relay and epoch; and that a sequence number is never used twice.
 */
import { encodeHex } from "../bytes.ts";
import type { ConformanceCase } from "../crypto/suite-conformance.ts";
import type { Position } from "../ids.ts";
import { START } from "../ids.ts";
import type { InboxItem, LostRange } from "../inbox/take.ts";
import type { DeviceAnswer, DeviceOperation, SentRow } from "./store.ts";

/** An open store. What it answered is durable: `reopen` is a new process on the same data. */
export interface ConformanceStore {
  /** One transaction: the answers, one per operation and in their order. */
  run(operations: readonly DeviceOperation[], wallMs: number): readonly DeviceAnswer[];
  /** Blob ids, in hex, of what an application reads in the inbox by index. */
  inbox(): readonly string[];
  reopen(): ConformanceStore;
}

type Answer<T extends DeviceAnswer["type"]> = Extract<DeviceAnswer, { type: T }>;

const NOW_MS = 1_700_000_000_000;
const [HERE, THERE] = ["aa", "bb"] as const;
const [EPOCH, SECOND_EPOCH] = [sample(16, 21), sample(16, 22)] as const;

/** A store, and what a client would say to it. */
class Desk {
  #store: ConformanceStore;
  #id = 0;

  constructor(store: ConformanceStore) {
    this.#store = store;
  }

  reopen(): void {
    this.#store = this.#store.reopen();
  }

  /** Several operations as one transaction. */
  run(operations: readonly DeviceOperation[], wallMs = NOW_MS): readonly DeviceAnswer[] {
    const asked = operations.map((operation) => ({ ...operation, id: ++this.#id }));
    const answers = this.#store.run(asked, wallMs);
    checkSame(
      answers.map(({ id }) => id),
      asked.map(({ id }) => id),
      "an answer per operation, in order",
    );
    return answers;
  }

  one<T extends DeviceAnswer["type"]>(type: T, operation: DeviceOperation, wallMs = NOW_MS): Answer<T> {
    return expectType(this.run([operation], wallMs)[0], type);
  }

  load(relay: string = HERE, fresh = sample(32, 1), wallMs = NOW_MS): Answer<"loaded"> {
    return this.one("loaded", { id: 0, type: "load", fresh, relay }, wallMs);
  }

  stage(sequence: number, announced = 0, expiresAtMs = NOW_MS + 1000): SentRow {
    const sent = row(sequence, expiresAtMs);
    this.one("staged", { id: 0, type: "stage", row: sent, announced });
    return sent;
  }

  acked(sequence: number, at: Position, epoch = EPOCH, relay: string = HERE): void {
    this.one("done", { id: 0, type: "acked", relay, epoch, sequence, position: at });
  }

  giveUp(sequence: number): void {
    this.one("done", { id: 0, type: "give-up", sequence });
  }

  /** Sequence numbers that are owed in the epoch. */
  rebase(epoch = EPOCH, relay: string = HERE, wallMs = NOW_MS): number[] {
    return numbers(this.one("rebased", { id: 0, type: "rebase", relay, epoch }, wallMs).outbox);
  }

  take(items: readonly InboxItem[], through: number, epoch = EPOCH, relay: string = HERE): Answer<"taken"> {
    return this.one("taken", taking(items, through, [], epoch, relay));
  }

  /** Sequence numbers that are owed. */
  owed(relay: string = HERE, wallMs = NOW_MS): number[] {
    return numbers(this.load(relay, sample(32, 9), wallMs).outbox);
  }

  inbox(): readonly string[] {
    return this.#store.inbox();
  }
}

function taking(
  items: readonly InboxItem[],
  through: number,
  lost: readonly LostRange[] = [],
  epoch = EPOCH,
  relay: string = HERE,
): DeviceOperation {
  return { id: 0, type: "take", relay, epoch, items, lost, through: position(through) };
}

export function deviceStoreConformance(open: () => ConformanceStore): ConformanceCase[] {
  const cases: Cases = { ...SENT_LOG, ...QUEUE, ...POSITIONS, ...INBOX };
  return Object.entries(cases).map(([name, run]) => ({ name, run: () => run(new Desk(open())) }));
}

type Cases = { readonly [name: string]: (desk: Desk) => void };

const SENT_LOG: Cases = {
  "load: an empty store takes the fresh key, and begins at number 1": (desk) => {
    const loaded = { type: "loaded", identity: sample(32, 1), nextSequence: 1, previous: new Uint8Array(32) };
    checkSame(desk.load(), { ...loaded, id: 1, givenUp: [], position: null, outbox: [] }, "empty");
    checkSame(desk.load(HERE, sample(32, 2)).identity, sample(32, 1), "the first key stays");
    desk.reopen();
    checkSame(desk.load(THERE, sample(32, 3)).identity, sample(32, 1), "over restarts, for every relay");
  },
  "stage: rows come back byte for byte, in order, with the next number and the last hash": (desk) => {
    const rows = [desk.stage(1), desk.stage(2), desk.stage(3)];
    for (const restart of [false, true]) {
      if (restart) desk.reopen();
      const { outbox, nextSequence, previous } = desk.load();
      checkSame(outbox, rows, "rows");
      checkSame([nextSequence, previous], [4, rows[2]!.payloadHash], "what comes next");
    }
  },
  "stage: given-up numbers that were announced are done with, first ones first": (desk) => {
    for (const sequence of [1, 2, 3]) desk.stage(sequence);
    for (const sequence of [2, 1, 3]) desk.giveUp(sequence);
    checkSame(desk.load().givenUp, [2, 1, 3], "in the order of giving up");
    desk.stage(4, 2);
    desk.reopen();
    checkSame(desk.load().givenUp, [3], "the rest");
  },
  "give-up: the row is owed nowhere any more, in no epoch": (desk) => {
    desk.rebase();
    desk.stage(1);
    desk.stage(2);
    desk.giveUp(1);
    for (const restart of [false, true]) {
      if (restart) desk.reopen();
      checkSame([desk.owed(), desk.owed(THERE), desk.load().givenUp], [[2], [2], [1]], "owed");
      checkSame(desk.rebase(SECOND_EPOCH), [2], "in another epoch");
    }
  },
  "give-up: a number that was given up is never used again, though its row was never stored": (desk) => {
    desk.stage(1);
    desk.giveUp(2);
    desk.reopen();
    checkSame([desk.load().nextSequence, desk.load().givenUp], [3, [2]], "after number 2 was given up");
  },
  "acked: a row is owed in every epoch, of every relay, that has not acknowledged it": (desk) => {
    desk.rebase();
    desk.stage(1);
    desk.stage(2);
    desk.acked(1, position(1));
    for (const restart of [false, true]) {
      if (restart) desk.reopen();
      checkSame([desk.owed(), desk.owed(THERE)], [[2], [1, 2]], "owed");
    }
    checkSame(desk.rebase(EPOCH, THERE), [1, 2], "in the same epoch of another relay");
    checkSame(desk.rebase(SECOND_EPOCH), [1, 2], "in a new epoch");
    desk.reopen();
    checkSame(desk.owed(), [1, 2], "after a restart in it");
  },
  "rebase: a row beyond its ttl is owed only if nobody ever acknowledged it": (desk) => {
    desk.rebase();
    desk.stage(1, 0, NOW_MS);
    desk.stage(2, 0, NOW_MS);
    desk.stage(3, 0, NOW_MS + 1);
    desk.acked(1, position(1));
    desk.acked(3, position(2));
    checkSame(desk.rebase(SECOND_EPOCH), [2, 3], "at that time");
    checkSame(desk.rebase(SECOND_EPOCH, HERE, NOW_MS + 1), [2], "a millisecond later");
    desk.reopen();
    checkSame(desk.owed(HERE, NOW_MS + 1), [2], "after a restart");
  },
};

const QUEUE: Cases = {
  "load: what waits without an acknowledgement is all there to be counted, over restarts": (desk) => {
    desk.rebase();
    const rows = [1, 2, 3, 4].map((sequence) => desk.stage(sequence, 0, NOW_MS + sequence));
    desk.acked(2, position(1));
    desk.giveUp(3);
    const waiting = [rows[0]!, rows[3]!];
    for (const restart of [false, true]) {
      if (restart) desk.reopen();
      // Beyond its ttl it waits still: it is the machine's to give up.
      const { outbox } = desk.load(HERE, sample(32, 9), NOW_MS + 3600_000);
      checkSame([outbox.length, bytesOf(outbox)], [2, bytesOf(waiting)], "rows and bytes that wait");
    }
  },
};

function bytesOf(rows: readonly SentRow[]): number {
  return rows.reduce((bytes, { payload }) => bytes + payload.length, 0);
}

const POSITIONS: Cases = {
  "rebase: the device starts over in the new epoch, at that relay only": (desk) => {
    desk.rebase();
    desk.take([item(1, 1)], 1);
    desk.rebase(EPOCH, THERE);
    desk.rebase(SECOND_EPOCH, THERE);
    for (const restart of [false, true]) {
      if (restart) desk.reopen();
      const at = position(1);
      checkSame(desk.load().position, { epoch: EPOCH, contiguous: at, highest: at }, "here");
      checkSame(desk.load(THERE).position, { epoch: SECOND_EPOCH, contiguous: START, highest: START }, "there");
    }
  },
  "acked: raises the highest position and never the contiguous one": (desk) => {
    desk.rebase();
    desk.stage(1);
    desk.stage(2);
    desk.acked(1, position(7));
    desk.acked(2, position(5));
    desk.reopen();
    checkSame(desk.load().position, { epoch: EPOCH, contiguous: START, highest: position(7) }, "position");
  },
  "acked: an acknowledgement of an old epoch says nothing about the present one": (desk) => {
    desk.rebase();
    desk.stage(1);
    desk.rebase(SECOND_EPOCH);
    desk.acked(1, position(7), EPOCH);
    checkSame(desk.load().position, { epoch: SECOND_EPOCH, contiguous: START, highest: START }, "position");
    checkSame(desk.owed(), [1], "owed in the present epoch");
  },
  "take: moves both positions, but the highest never back": (desk) => {
    desk.rebase();
    desk.stage(1);
    desk.acked(1, position(5));
    desk.take([], 3);
    checkSame(desk.load().position, { epoch: EPOCH, contiguous: position(3), highest: position(5) }, "behind it");
    desk.take([], 6);
    desk.reopen();
    checkSame(desk.load().position, { epoch: EPOCH, contiguous: position(6), highest: position(6) }, "beyond it");
  },
};

const INBOX: Cases = {
  "take: delivers each blob once, over pages, relays, epochs and restarts": (desk) => {
    desk.rebase();
    const first = desk.take([item(1, 1), item(2, 2)], 2);
    checkSame([first.inbox, first.added, first.quarantined], [2, 2, 0], "the first page");
    desk.reopen();
    desk.rebase(SECOND_EPOCH);
    const again = desk.take([item(1, 2), item(2, 3), item(3, 1)], 3, SECOND_EPOCH);
    checkSame([again.inbox, again.added], [3, 1], "in a new epoch");
    desk.rebase(EPOCH, THERE);
    checkSame(desk.take([item(1, 3), item(2, 4)], 2, EPOCH, THERE).added, 1, "from another relay");
    for (const restart of [false, true]) {
      if (restart) desk.reopen();
      checkSame(desk.inbox(), [1, 2, 3, 4].map(blobHex), "the inbox, in the order of delivery");
    }
  },
  "take: delivers a blob once that stands twice in one page": (desk) => {
    desk.rebase();
    const { inbox, added } = desk.take([item(1, 1), item(2, 1)], 2);
    checkSame([inbox, added, desk.inbox()], [1, 1, [blobHex(1)]], "delivered");
  },
  "take: what could not be opened goes to quarantine once, and the others go on": (desk) => {
    desk.rebase();
    const { inbox, added, quarantined } = desk.take([item(1, 1), item(2, 2, false), item(3, 3)], 3);
    checkSame([inbox, added, quarantined], [2, 2, 1], "the first page");
    desk.reopen();
    desk.rebase(SECOND_EPOCH);
    const again = desk.take([item(1, 2, false)], 1, SECOND_EPOCH);
    checkSame([again.added, again.quarantined, desk.inbox()], [0, 0, [1, 3].map(blobHex)], "a second time");
  },
  "take: later operations of a transaction see what earlier ones did": (desk) => {
    const rebase: DeviceOperation = { id: 0, type: "rebase", relay: HERE, epoch: EPOCH };
    const load: DeviceOperation = { id: 0, type: "load", fresh: sample(32, 1), relay: HERE };
    const stage: DeviceOperation = { id: 0, type: "stage", row: row(1, NOW_MS + 1), announced: 0 };
    const lost: LostRange = { from: 2, to: 2, why: "expired" };
    const answers = desk.run([load, stage, rebase, taking([item(1, 1)], 2, [lost]), taking([item(3, 1)], 3), load]);
    checkSame(numbers(expectType(answers[2], "rebased").outbox), [1], "the row that was just staged");
    checkSame(
      [3, 4].map((at) => expectType(answers[at], "taken").added),
      [1, 0],
      "a blob of the page before",
    );
    const at = { epoch: EPOCH, contiguous: position(3), highest: position(3) };
    checkSame(expectType(answers[5], "loaded").position, at, "the position after both pages");
    desk.reopen();
    checkSame([desk.load().position, desk.inbox()], [at, [blobHex(1)]], "after a restart");
  },
};

function numbers(rows: readonly SentRow[]): number[] {
  return rows.map(({ sequence }) => sequence);
}

function row(sequence: number, expiresAtMs: number): SentRow {
  const payload = sample(40 + sequence, sequence);
  return { sequence, blobId: sample(16, sequence), payload, payloadHash: sample(32, sequence), ttlS: 5, expiresAtMs };
}

function position(cursor: number): Position {
  return { cursor, chain: sample(32, 100 + cursor) };
}

function blobHex(blob: number): string {
  return encodeHex(sample(16, 50 + blob));
}

function item(cursor: number, blob: number, isOpened = true): InboxItem {
  const bytes = sample(32, blob);
  const content = { sender: bytes, sequence: blob, previous: bytes, givenUp: [], body: sample(5, blob) };
  return {
    cursor,
    blobId: sample(16, 50 + blob),
    timestampMs: NOW_MS,
    payload: bytes,
    content: isOpened ? content : null,
    why: isOpened ? null : "Refused",
  };
}

function expectType<T extends DeviceAnswer["type"]>(answer: DeviceAnswer | undefined, type: T): Answer<T> {
  check(answer?.type === type, `expected ${type}, was ${answer?.type}`);
  return answer as Answer<T>;
}

function check(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(what);
}

/** Compares by what is in them; byte arrays of any make are their bytes. */
function checkSame(actual: unknown, expected: unknown, what: string): void {
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

function sample(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (seed * 31 + (seed >> 8) + i * 7) & 0xff);
}
