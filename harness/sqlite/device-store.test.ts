import { statSync } from "node:fs";
import type Sqlite from "better-sqlite3";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { encodeHex } from "../../core/bytes.ts";
import type { ConformanceStore } from "../../core/client/store-conformance.ts";
import { deviceStoreConformance } from "../../core/client/store-conformance.ts";
import type { DeviceAnswer, DeviceOperation } from "../../core/client/store.ts";
import type { InboxItem } from "../../core/inbox/take.ts";
import { HexNames } from "../../sim/hex-names.ts";
import { DeviceStore as SimulatedStore } from "../../sim/device-store.ts";
import { RecordWriter } from "../../sim/record-writer.ts";
import type { Disk } from "../../sim/kernel/disk.ts";
import { Kernel } from "../../sim/kernel/kernel.ts";
import { ToyProgram } from "../../sim/kernel/toy-program.ts";
import { CrashFiles, walBytes } from "./crash-files.ts";
import { Database, openSqlite } from "./database.ts";
import { DEVICE_SCHEMA } from "./device-schema.ts";
import { SENT_KEPT_MS } from "./device-sent.ts";
import { DeviceStore, openDeviceStore } from "./device-store.ts";

const NOW = 1_700_000_000_000;
const RELAYS = ["aa", "bb"] as const;
const EPOCHS = [1, 2].map((fill) => new Uint8Array(16).fill(fill));
const files = new CrashFiles();
afterAll(() => files.remove());

function open(path: string): DeviceStore {
  const opened = openDeviceStore(path);
  if (!opened.ok) throw new Error(opened.error.sentence);
  return opened.value;
}

/** A store, and the handle to do harm through. */
function openBoth(path: string): { store: DeviceStore; sqlite: Sqlite.Database } {
  const sqlite = openSqlite(path, DEVICE_SCHEMA);
  if (!sqlite.ok) throw new Error(sqlite.error.sentence);
  return { store: new DeviceStore(new Database(sqlite.value)), sqlite: sqlite.value };
}

function conformant(path: string): ConformanceStore {
  const store = open(path);
  return {
    run: (operations, wallMs) => store.run(operations, wallMs),
    inbox: () => store.inbox(0, 1000).map(({ blob }) => blob),
    reopen() {
      store.close();
      return conformant(path);
    },
  };
}

describe("the SQLite store of a device conforms to the port", () => {
  for (const { name, run } of deviceStoreConformance(() => conformant(files.path()))) it(name, run);
});

const load = (relay = 0): DeviceOperation => {
  return { id: 1, type: "load", fresh: new Uint8Array(32).fill(7), relay: RELAYS[relay]! };
};
function stage(sequence: number, announced = 0, wallMs = NOW): DeviceOperation {
  const bytes = new Uint8Array(40).fill(sequence);
  const row = { sequence, blobId: bytes.slice(24), payload: bytes, payloadHash: bytes.slice(8), ttlS: 5 };
  return { id: 2, type: "stage", row: { ...row, expiresAtMs: wallMs + 5000 }, announced };
}
function rebase(epoch = 0, relay = 0): DeviceOperation {
  return { id: 3, type: "rebase", relay: RELAYS[relay]!, epoch: EPOCHS[epoch]! };
}
function acked(sequence: number, cursor: number, epoch = 0, relay = 0): DeviceOperation {
  const position = { cursor, chain: new Uint8Array(32).fill(cursor) };
  return { id: 4, type: "acked", relay: RELAYS[relay]!, epoch: EPOCHS[epoch]!, sequence, position };
}
function item(cursor: number, blob: number): InboxItem {
  const bytes = new Uint8Array(32).fill(blob);
  const isOpened = blob % 4 !== 3;
  const content = { sender: bytes, sequence: blob, previous: bytes, givenUp: [], body: bytes.slice(0, blob) };
  return {
    cursor,
    blobId: bytes.slice(16),
    timestampMs: NOW + cursor,
    payload: bytes,
    content: isOpened ? content : null,
    why: isOpened ? null : "Refused",
  };
}
function take(after: number, blobs: readonly number[], epoch = 0, relay = 0): DeviceOperation {
  const items = blobs.map((blob, i) => item(after + 2 + i, blob));
  const cursor = after + 1 + blobs.length;
  const through = { cursor, chain: new Uint8Array(32).fill(cursor) };
  const lost = [{ from: after + 1, to: after + 1, why: "expired" as const }];
  return { id: 5, type: "take", relay: RELAYS[relay]!, epoch: EPOCHS[epoch]!, items, lost, through };
}
const giveUp = (sequence: number): DeviceOperation => ({ id: 6, type: "give-up", sequence });
const types = (answers: readonly DeviceAnswer[]): string[] => answers.map(({ type }) => type);

/** What is in a value, whatever the order of its fields. */
function text(value: unknown): string {
  if (value instanceof Uint8Array) return encodeHex(value);
  if (Array.isArray(value)) return `[${value.map(text).join(" ")}]`;
  if (typeof value !== "object" || value === null) return String(value);
  const fields = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${fields.map(([key, field]) => `${key}: ${text(field)}`).join(", ")}}`;
}
/** All that can be read, of either store: what only one of them keeps is left out. */
function contents(store: DeviceStore): string {
  const [inbox, quarantine, lost] = [store.inbox(0, 1000), store.quarantine(0, 1000), store.lost(0, 1000)];
  return text([
    inbox.map(({ index: _, timestampMs: __, ...row }) => row),
    quarantine.map(({ index: _, ...row }) => row),
    lost.map(({ index: _, ...row }) => row),
    RELAYS.map((relay) => store.outboxCount(relay)),
  ]);
}

describe("the SQLite store of a device", () => {
  it("lets the application read by index, page by page, and keep its marks", () => {
    const path = files.path();
    let store = open(path);
    store.run([load(), rebase(), take(0, [1, 2, 3]), take(4, [4, 5])], NOW);
    const where = { relay: "aa", epoch: encodeHex(EPOCHS[0]!) };
    expect(store.inbox(0, 2).map(({ index, sequence }) => [index, sequence])).toEqual([
      [1, 1],
      [2, 2],
    ]);
    const sender = new Uint8Array(32).fill(4);
    const blob = encodeHex(sender.slice(16));
    expect(store.inbox(2, 1)).toEqual([
      { index: 3, ...where, cursor: 6, blob, sender, sequence: 4, timestampMs: NOW + 6, body: sender.slice(0, 4) },
    ]);
    expect(store.inbox(4, 10)).toEqual([]);
    expect(store.inboxCount).toBe(4);
    const payload = new Uint8Array(32).fill(3);
    const quarantined = encodeHex(payload.slice(16));
    expect(store.quarantine(0, 9)).toEqual([
      { index: 1, ...where, cursor: 4, blob: quarantined, payload, why: "Refused" },
    ]);
    expect(store.lost(1, 9)).toEqual([{ index: 2, ...where, from: 5, to: 5, why: "expired" }]);
    expect(store.mark("pull")).toBe(0);
    expect([store.setMark("pull", 3), store.setMark("watch", 1), store.setMark("pull", 4)]).toEqual(
      Array.from({ length: 3 }, () => undefined),
    );
    store.close();
    store = open(path);
    expect([store.mark("pull"), store.mark("watch")]).toEqual([4, 1]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    store.close();
  });

  it("tells how many rows wait at each relay, and where it stands there", () => {
    const store = open(files.path());
    store.run([load(), rebase(), rebase(1, 1), stage(1), stage(2), acked(1, 3), take(0, [1])], NOW);
    expect(RELAYS.map((relay) => store.outboxCount(relay))).toEqual([1, 2]);
    expect(store.positions).toMatchObject([
      { relay: "aa", epoch: EPOCHS[0], contiguous: { cursor: 2 }, highest: { cursor: 3 } },
      { relay: "bb", epoch: EPOCHS[1], contiguous: { cursor: 0 }, highest: { cursor: 0 } },
    ]);
    store.close();
  });

  it("forgets acknowledged rows some time after their ttl, and never one that nobody acknowledged", () => {
    const { store, sqlite } = openBoth(files.path());
    const stored = (): number => sqlite.prepare<[], number>("SELECT count(*) FROM sent").pluck().get()!;
    store.run([load(), rebase(), ...Array.from({ length: 40 }, (_, i) => stage(i + 1))], NOW);
    store.run([stage(41), ...Array.from({ length: 39 }, (_, i) => acked(i + 2, 1))], NOW);
    const later = NOW + 5000 + SENT_KEPT_MS;
    store.run([stage(42, 0, later)], later - 1);
    expect(stored()).toBe(42);
    for (let sequence = 43; sequence < 53; sequence++) store.run([stage(sequence, 0, later)], later);
    expect(stored()).toBe(2 + 11);
    expect(sqlite.prepare("SELECT count(*) FROM acks").pluck().get()).toBe(0);
    const [loaded] = store.run([load()], later);
    expect(loaded).toMatchObject({ nextSequence: 53, previous: new Uint8Array(32).fill(52) });
    expect(loaded?.type === "loaded" && loaded.outbox.slice(0, 3).map(({ sequence }) => sequence)).toEqual([1, 41, 42]);
    store.close();
  });

  it("answers what a full disk, a refused write or a broken rule prevented as failed, and nothing of it happened", () => {
    const troubles = [
      ["PRAGMA max_page_count = 1", "PRAGMA max_page_count = 1000000", "StorageFull"],
      ["PRAGMA query_only = ON", "PRAGMA query_only = OFF", "StorageFailed"],
      [
        "CREATE TEMP TRIGGER broken BEFORE INSERT ON main.lost BEGIN SELECT raise(ABORT, 'broken'); END",
        "DROP TRIGGER broken",
        "StorageFailed",
      ],
    ] as const;
    const path = files.path();
    const { store, sqlite } = openBoth(path);
    store.run([load(), rebase(), stage(1), take(0, [1, 3])], NOW);
    for (const [begin, end, type] of troubles) {
      const before = contents(store) + text(store.run([load()], NOW));
      sqlite.exec(begin);
      const big = { ...stage(2), row: { ...(stage(2) as { row: object }).row, payload: new Uint8Array(90_000) } };
      const operations = [giveUp(1), acked(1, 5), big as DeviceOperation, take(3, [2]), load()];
      const failed = operations.map(({ id }) => ({ id, type: "failed", error: { type } }));
      expect(store.run(operations, NOW), begin).toEqual(failed);
      if (type === "StorageFailed" && begin.startsWith("PRAGMA")) expect(store.setMark("a", 1)).toEqual({ type });
      sqlite.exec(end);
      expect(contents(store) + text(store.run([load()], NOW)), begin).toBe(before);
    }
    expect(types(store.run([stage(2), take(3, [2])], NOW))).toEqual(["staged", "taken"]);
    store.close();
    expect(open(path).inboxCount).toBe(2);
  });
});

const writer = new RecordWriter();
function createDisk(): Disk {
  const kernel = new Kernel({ seedLo: 1, seedHi: 0, startWallMs: 0, eventBudget: 1000 });
  return kernel.addHost("device", new ToyProgram()).disk;
}

/** The simulated store on a disk that never fails: what the real one must answer, operation for operation. */
class Model {
  readonly #disk = createDisk();
  #store = new SimulatedStore(this.#disk, writer, new HexNames());
  #before = this.#disk.image();

  run(operations: readonly DeviceOperation[], wallMs: number): readonly DeviceAnswer[] {
    this.#before = this.#disk.image();
    this.#store.stage(operations, { monoMs: 0, wallMs });
    return this.#store.commit();
  }

  /** The last transaction did not happen. */
  undo(): void {
    this.#disk.restore(this.#before);
    this.#store = new SimulatedStore(this.#disk, writer, new HexNames());
  }

  get contents(): string {
    const { inbox, quarantine, lost } = this.#store;
    return text([inbox, quarantine, lost, RELAYS.map((relay) => this.#store.outbox(relay).length)]);
  }
}

describe("the SQLite store of a device, against the simulated one", () => {
  type Step = (nextSequence: number, wallMs: number) => DeviceOperation;
  const near = fc.integer({ min: 1, max: 9 });
  const [relay, epoch] = [fc.nat(1), fc.nat(1)];
  const blobs = fc.uniqueArray(fc.nat(11), { maxLength: 4 });
  const step: fc.Arbitrary<Step> = fc.oneof(
    relay.map((at) => () => load(at)),
    fc.nat(2).map((announced) => (next: number, wallMs: number) => stage(next, announced, wallMs)),
    fc.nat(2).map((announced) => (next: number, wallMs: number) => stage(next, announced, wallMs)),
    fc.tuple(near, near, epoch, relay).map(([back, cursor, ...where]) => (next: number) => {
      return acked(Math.max(1, next - back), cursor, ...where);
    }),
    fc.nat(5).map((back) => (next: number) => giveUp(Math.max(1, next - back))),
    fc.tuple(epoch, relay).map((where) => () => rebase(...where)),
    fc.tuple(near, blobs, epoch, relay).map((page) => () => take(...page)),
  );
  const turn = fc.record({
    steps: fc.array(step, { minLength: 1, maxLength: 5 }),
    passMs: fc.nat(3000),
    crash: fc.oneof(
      { weight: 4, arbitrary: fc.constant("go on" as const) },
      { weight: 3, arbitrary: fc.constantFrom("close", "kill", "power", "full", "broken") },
    ),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
  });

  it("answers the same, and after any crash it is what was answered", () => {
    fc.assert(
      fc.property(fc.array(turn, { minLength: 1, maxLength: 14 }), (turns) => {
        let path = files.path();
        let { store, sqlite } = openBoth(path);
        const model = new Model();
        let wallMs = NOW;
        let nextSequence = 1;
        for (const { steps, passMs, crash, share } of turns) {
          wallMs += passMs;
          const sequenceBefore = nextSequence;
          const operations = steps.map((each, id) => {
            const operation = each(nextSequence, wallMs);
            if (operation.type === "stage") nextSequence += 1;
            if (operation.type === "give-up") nextSequence = Math.max(nextSequence, operation.sequence + 1);
            return { ...operation, id };
          });
          const before = walBytes(path);
          const expected = model.run(operations, wallMs);
          if (crash === "full") sqlite.pragma("max_page_count = 1");
          if (crash === "broken") {
            const raise = "BEGIN SELECT raise(ABORT, 'broken'); END";
            sqlite.exec(`CREATE TEMP TRIGGER broken BEFORE INSERT ON main.positions ${raise}`);
          }
          const answers = store.run(operations, wallMs);
          sqlite.pragma("max_page_count = 1000000");
          if (crash === "broken") sqlite.exec("DROP TRIGGER broken");
          const isFailed =
            (crash === "full" || crash === "broken") && types(answers).every((type) => type === "failed");
          if (!isFailed) expect(text(answers)).toBe(text(expected));
          // A power loss before the answer: the last transaction is torn, wherever.
          const isLost = crash === "power" && walBytes(path) > before;
          if (isFailed || isLost) {
            model.undo();
            nextSequence = sequenceBefore;
          }
          if (crash === "close" || crash === "kill" || crash === "power") {
            const left =
              crash === "kill" ? files.kill(path) : crash === "power" ? files.tear(path, before, share) : path;
            store.close();
            path = left;
            ({ store, sqlite } = openBoth(path));
          }
          expect(contents(store), crash).toBe(model.contents);
          const questions = [load(0), load(1)];
          expect(text(store.run(questions, wallMs)), crash).toBe(text(model.run(questions, wallMs)));
        }
        store.close();
      }),
      { numRuns: 60 },
    );
  });
});
