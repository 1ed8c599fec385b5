import { statSync, writeFileSync } from "node:fs";
import Sqlite from "better-sqlite3";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { encodeHex } from "../../core/bytes.ts";
import { START } from "../../core/ids.ts";
import type { AppendItem } from "../../core/log/append.ts";
import type { ConformanceStore } from "../../core/relay/conformance-desk.ts";
import { relayStoreConformance } from "../../core/relay/store-conformance.ts";
import type { RelayAnswer, RelayOperation } from "../../core/relay/store.ts";
import { HexNames } from "../../sim/hex-names.ts";
import { RecordWriter } from "../../sim/record-writer.ts";
import type { Disk } from "../../sim/kernel/disk.ts";
import { Kernel } from "../../sim/kernel/kernel.ts";
import { ToyProgram } from "../../sim/kernel/toy-program.ts";
import { RelayStore as SimulatedStore } from "../../sim/relay-store.ts";
import { toySuite } from "../../sim/toy-suite.ts";
import { CrashFiles, walBytes } from "./crash-files.ts";
import { Database, openSqlite } from "./database.ts";
import { openIdentityFile } from "./identity-file.ts";
import { RELAY_SCHEMA } from "./relay-schema.ts";
import { openRelayStore, RelayStore } from "./relay-store.ts";
import { SWEEP_ROWS_MAX } from "./relay-sweep.ts";

const NOW = 1_700_000_000_000;
const files = new CrashFiles();
afterAll(() => files.remove());

function open(path: string): RelayStore {
  const opened = openRelayStore({ data: path, identity: `${path}.key` }, toySuite);
  if (!opened.ok) throw new Error(opened.error.sentence);
  return opened.value;
}

/** A store, and the handle to do harm through. */
function openBoth(path: string): { store: RelayStore; sqlite: Sqlite.Database } {
  const sqlite = openSqlite(path, RELAY_SCHEMA);
  const identity = openIdentityFile(`${path}.key`);
  if (!sqlite.ok || !identity.ok) throw new Error("not opened");
  return { store: new RelayStore(new Database(sqlite.value), identity.value, toySuite), sqlite: sqlite.value };
}

const COLUMNS = { payload: "payload", payloadHash: "payload_hash", blobId: "blob_id", chain: "chain" } as const;

function conformant(path: string): ConformanceStore {
  const store = open(path);
  return {
    run: (operations, wallMs) => store.run(operations, wallMs),
    reopen() {
      store.close();
      return conformant(path);
    },
    rot(group, blobId, field) {
      store.close();
      const sqlite = new Sqlite(path);
      const column = COLUMNS[field];
      const row = "WHERE group_key = (SELECT key FROM groups WHERE id = ?) AND blob_id = ?";
      const read = sqlite.prepare<unknown[], Uint8Array>(`SELECT ${column} FROM rows ${row}`);
      const bytes = read.pluck().get(group, blobId)!;
      bytes[0]! ^= 1;
      expect(sqlite.prepare(`UPDATE rows SET ${column} = ? ${row}`).run(bytes, group, blobId).changes).toBe(1);
      sqlite.close();
      return conformant(path);
    },
  };
}

describe("the SQLite store of a relay conforms to the port", () => {
  for (const { name, run } of relayStoreConformance(toySuite, () => conformant(files.path()))) it(name, run);
});

const GROUPS = [1, 2].map((fill) => new Uint8Array(32).fill(fill));
const DEVICES = [0xd0, 0xd1, 0xd2].map((fill) => new Uint8Array(32).fill(fill));
const CLAIM = { epoch: null, contiguous: START, highest: START };

function item(number: number, sizeBytes = 20, ttlS = 10): AppendItem {
  const payload = new Uint8Array(sizeBytes).fill(number);
  const blobId = new Uint8Array(16).fill(number & 0xff);
  blobId[0] = number >> 8;
  return { blobId, payload, payloadHash: toySuite.hash(payload), ttlS };
}
const load: RelayOperation = { id: 1, type: "load", fresh: new Uint8Array(32).fill(7) };
function admit(group = 0, device = 0): RelayOperation {
  return {
    id: 2,
    type: "admit",
    group: GROUPS[group]!,
    device: DEVICES[device]!,
    claim: CLAIM,
    freshEpoch: new Uint8Array(16).fill(0xe0 + group),
    groupsMax: 9,
    devicesMax: 2,
  };
}
function append(items: readonly AppendItem[], group = 0): RelayOperation {
  const device = DEVICES[0]!;
  const limits = { defaultTtlS: 10, heldBytesMax: 1e9, totalBytesMax: 1e9 };
  return { id: 3, type: "append", group: GROUPS[group]!, device, items, ...limits };
}
function page(group = 0, after = 0): RelayOperation {
  return { id: 4, type: "page", group: GROUPS[group]!, after, limit: 1000, bytesMax: 1e6 };
}
const acknowledge = (cursor: number): RelayOperation => {
  return { id: 5, type: "acknowledge", group: GROUPS[0]!, device: DEVICES[0]!, cursor };
};
const sweep: RelayOperation = { id: 6, type: "sweep", dedupeRetentionS: 20, acknowledgedRetentionS: 0 };

const types = (answers: readonly RelayAnswer[]): string[] => answers.map(({ type }) => type);
function cursors(answers: readonly RelayAnswer[]): number[] | undefined {
  const last = answers.at(-1);
  return last?.type === "paged" ? last.page?.blobs.map(({ cursor }) => cursor) : undefined;
}
/** What is in a value, whatever the order of its fields. */
function text(value: unknown): string {
  if (value instanceof Uint8Array) return encodeHex(value);
  if (Array.isArray(value)) return `[${value.map(text).join(" ")}]`;
  if (typeof value !== "object" || value === null) return String(value);
  const fields = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${fields.map(([key, field]) => `${key}: ${text(field)}`).join(", ")}}`;
}
/** All that can be asked without changing anything. */
const QUESTIONS: readonly RelayOperation[] = GROUPS.flatMap((group, at) => [
  page(at),
  { id: 7, type: "devices", group } as const,
]);

describe("the SQLite store of a relay", () => {
  it("keeps the relay's key when its data are wiped, in a file that only its owner may read", () => {
    const path = files.path();
    const store = open(path);
    store.run([load, admit(), append([item(1)])], NOW);
    store.close();
    for (const each of [path, `${path}.key`]) expect(statSync(each).mode & 0o777, each).toBe(0o600);
    const fresh = files.path();
    writeFileSync(`${fresh}.key`, `${encodeHex(new Uint8Array(32).fill(7))}\n`);
    const [loaded] = open(fresh).run([{ ...load, fresh: new Uint8Array(32).fill(9) } as RelayOperation], NOW);
    expect(loaded).toEqual({ id: 1, type: "loaded", identity: new Uint8Array(32).fill(7) });
  });

  it("refuses a key file that holds no key, with one sentence, and lets go of the data", () => {
    const path = files.path();
    writeFileSync(`${path}.key`, "not a key");
    const opened = openRelayStore({ data: path, identity: `${path}.key` }, toySuite);
    expect(opened).toMatchObject({ ok: false, error: { type: "Corrupt" } });
    writeFileSync(`${path}.key`, `${"ab".repeat(32)}\n`);
    expect(openRelayStore({ data: path, identity: `${path}.key` }, toySuite).ok).toBe(true);
  });

  it("refuses a second relay on the same data", () => {
    const path = files.path();
    const first = open(path);
    const again = openRelayStore({ data: path, identity: `${path}.key` }, toySuite, { lockTimeoutMs: 0 });
    expect(again).toMatchObject({ ok: false, error: { type: "InUse" } });
    expect(types(first.run([load, admit()], NOW))).toEqual(["loaded", "admitted"]);
    first.close();
    open(path).close();
  });

  it("answers what a full disk, a refused write or a broken rule prevented as failed, and nothing of it happened", () => {
    const troubles: Record<string, { begin: string; end: string; error: string }> = {
      "full disk": { begin: "PRAGMA max_page_count = 1", end: "PRAGMA max_page_count = 1000000", error: "StorageFull" },
      "read-only": { begin: "PRAGMA query_only = ON", end: "PRAGMA query_only = OFF", error: "StorageFailed" },
      "broken rule": {
        begin: `CREATE TEMP TRIGGER broken BEFORE INSERT ON main.rows WHEN new.cursor = 4
                BEGIN SELECT raise(ABORT, 'broken'); END`,
        end: "DROP TRIGGER broken",
        error: "StorageFailed",
      },
    };
    const path = files.path();
    const { store, sqlite } = openBoth(path);
    store.run([load, admit(), append([item(1, 3000), item(2, 3000)]), acknowledge(1)], NOW);
    for (const [trouble, { begin, end, error }] of Object.entries(troubles)) {
      const before = text(store.run(QUESTIONS, NOW));
      const heads = text(store.run([admit()], NOW));
      sqlite.exec(begin);
      const operations = [admit(1), append([item(3, 3000)]), sweep, append([item(4, 90_000)]), page()];
      const failed = operations.map(({ id }) => ({ id, type: "failed", error: { type: error } }));
      expect(store.run(operations, NOW), trouble).toEqual(failed);
      sqlite.exec(end);
      expect(text(store.run(QUESTIONS, NOW)), trouble).toBe(before);
      expect(text(store.run([admit()], NOW)), trouble).toBe(heads);
    }
    expect(cursors(store.run([append([item(3), item(4)]), page()], NOW))).toEqual([1, 2, 3, 4]);
    expect(types(store.run([{ ...admit(1), groupsMax: 1 } as RelayOperation], NOW))).toEqual(["full"]);
    store.close();
    expect(cursors(open(path).run([page()], NOW))).toEqual([1, 2, 3, 4]);
  });

  it("knows after a kill what its groups had grown by, with all that happened to them in between", () => {
    const path = files.path();
    const { store, sqlite } = openBoth(path);
    const behind = sqlite.prepare("SELECT max((SELECT max(cursor) FROM rows) - max_cursor) FROM groups").pluck();
    const drop: RelayOperation = {
      id: 8,
      type: "delete",
      group: GROUPS[0]!,
      device: DEVICES[0]!,
      blobId: item(2).blobId,
    };
    const steps: readonly (readonly RelayOperation[])[] = [
      [load, admit(), append([item(1, 100)])],
      [append([item(2, 200)])],
      [append([item(3, 300), item(4, 400)])],
      // Changed and grown in one transaction, in either order.
      [drop, append([item(5, 500)])],
      [append([item(6, 600)])],
      [append([item(7, 700)]), { ...drop, blobId: item(6).blobId } as RelayOperation],
      [append([item(8, 800)])],
    ];
    let mostBehind = 0;
    for (const step of steps) {
      store.run(step, NOW);
      mostBehind = Math.max(mostBehind, Number(behind.get()));
      const killed = open(files.kill(path));
      expect(text(killed.run([admit(), ...QUESTIONS], NOW))).toBe(text(store.run([admit(), ...QUESTIONS], NOW)));
      // The room that is left is the same, too: one byte more than it is a quota.
      const limits = { defaultTtlS: 10, heldBytesMax: 1e9 };
      const full = (totalBytesMax: number): RelayOperation =>
        ({ ...append([item(99, 1)]), ...limits, totalBytesMax }) as RelayOperation;
      const answers = [store, killed].map((each) => text(each.run([full(1)], NOW)));
      expect(answers[1]).toBe(answers[0]);
      killed.close();
    }
    expect(mostBehind, "rows that a head was behind by: else nothing was tested").toBeGreaterThan(1);
    store.close();
    const closed = new Sqlite(path);
    expect(closed.prepare("SELECT max_cursor FROM groups").pluck().get()).toBe(8);
    closed.close();
  });

  it("sweeps a bounded number of rows at a time, and all of them in the end", () => {
    const path = files.path();
    let { store, sqlite } = openBoth(path);
    const count = SWEEP_ROWS_MAX + 700;
    const items = Array.from({ length: count }, (_, i) => item(i, 1, i < count - 100 ? 10 : 1000));
    store.run([admit(), append(items)], NOW);
    const swept = (wallMs: number): unknown => store.run([sweep], wallMs)[0];
    expect(swept(NOW + 10_000)).toMatchObject({ gone: SWEEP_ROWS_MAX, hasMore: true });
    // What waits is found again after a restart, too.
    store.close();
    ({ store, sqlite } = openBoth(path));
    expect(swept(NOW + 10_000)).toMatchObject({ gone: 600, hasMore: false });
    expect(swept(NOW + 10_000)).toMatchObject({ gone: 0 });
    store.run([acknowledge(count)], NOW + 10_000);
    expect(swept(NOW + 10_000)).toMatchObject({ gone: 100 });
    for (let left = 3; left > 0; left--) swept(NOW + 2_000_000);
    const head = { max: { cursor: count }, trimmed: { cursor: count }, floor: count + 1, heldBytes: 0 };
    expect(store.run([admit()], NOW)).toMatchObject([{ head, pending: 0 }]);
    const forgettable = "SELECT count(*) FROM groups WHERE oldest_expires_at_ms IS NOT NULL";
    expect(sqlite.prepare(forgettable).pluck().get(), "groups to look at in the next sweep").toBe(0);
    store.close();
  });

  it("finds at the next sweep what an acknowledgement, a revocation or a late push lets go", () => {
    const store = open(files.path());
    const swept = (...operations: readonly RelayOperation[]): unknown => store.run([...operations, sweep], NOW).at(-1);
    const [group, device, by] = [GROUPS[0]!, DEVICES[1]!, DEVICES[0]!];
    expect(swept(load, admit(0, 0), admit(0, 1), append([item(1), item(2)]))).toMatchObject({ gone: 0 });
    expect(swept(acknowledge(1))).toMatchObject({ gone: 0 });
    expect(swept({ ...acknowledge(1), device } as RelayOperation)).toMatchObject({ gone: 1 });
    expect(swept(acknowledge(9))).toMatchObject({ gone: 0 });
    expect(swept({ id: 8, type: "revoke", group, device, by, reason: "lost" })).toMatchObject({ gone: 1 });
    // Not as long as it must stay all the same, and then without anybody saying so again.
    const late = { ...sweep, acknowledgedRetentionS: 5 } as RelayOperation;
    store.run([append([item(4)]), late], NOW);
    expect(store.run([late], NOW + 4_999)).toMatchObject([{ gone: 0 }]);
    expect(store.run([late], NOW + 5_000)).toMatchObject([{ gone: 1 }]);
    // Acknowledged before it was there: nobody does so, and it counts all the same.
    expect(swept(append([item(3)]))).toMatchObject({ gone: 1 });
    store.close();
  });

  it("sweeps what everybody acknowledged in bounded steps, without a new acknowledgement in between", () => {
    const store = open(files.path());
    const count = SWEEP_ROWS_MAX + 50;
    const items = Array.from({ length: count }, (_, i) => item(i, 1));
    store.run([admit(), append(items), acknowledge(count)], NOW);
    expect([1, 2, 3].map(() => store.run([sweep], NOW)[0])).toMatchObject([
      { gone: SWEEP_ROWS_MAX },
      { gone: 50 },
      { gone: 0 },
    ]);
    store.close();
  });
});

function createDisk(): Disk {
  const kernel = new Kernel({ seedLo: 1, seedHi: 0, startWallMs: 0, eventBudget: 1000 });
  return kernel.addHost("relay", new ToyProgram()).disk;
}
const writer = new RecordWriter();

/** The simulated store on a disk that never fails: what the real one must answer, operation for operation. */
class Model {
  readonly #disk = createDisk();
  #store = new SimulatedStore(this.#disk, toySuite, writer, new HexNames());
  #before = this.#disk.image();

  run(operations: readonly RelayOperation[], wallMs: number): readonly RelayAnswer[] {
    this.#before = this.#disk.image();
    this.#store.stage(operations, { monoMs: 0, wallMs });
    return this.#store.commit();
  }

  /** The last transaction did not happen. */
  undo(): void {
    this.#disk.restore(this.#before);
    this.#store = new SimulatedStore(this.#disk, toySuite, writer, new HexNames());
  }
}

/** What was accepted, by group, epoch and cursor: to see with one's own eyes that nothing moves or vanishes. */
class Ledger {
  #accepted = new Map<string, string>();
  #before = new Map<string, string>();

  note(operations: readonly RelayOperation[], answers: readonly RelayAnswer[]): void {
    this.#before = new Map(this.#accepted);
    for (const [at, answer] of answers.entries()) {
      const operation = operations[at]!;
      if (answer.type !== "appended" || operation.type !== "append") continue;
      for (const each of answer.answers) {
        if (each.type !== "accepted") continue;
        const place = `${encodeHex(operation.group)} ${each.cursor}`;
        const blob = encodeHex(each.blobId);
        if (each.isNew) expect(this.#accepted.has(place), `cursor ${each.cursor} was given twice`).toBe(false);
        expect(this.#accepted.get(place) ?? blob).toBe(blob);
        this.#accepted.set(place, blob);
      }
    }
  }

  undo(): void {
    this.#accepted = this.#before;
  }

  check(store: RelayStore): void {
    const seen = new Set<string>();
    for (const [at, group] of GROUPS.entries()) {
      const [answer] = store.run([page(at)], NOW);
      if (answer?.type !== "paged") continue;
      for (const { cursor, blobId } of answer.page!.blobs) {
        expect(encodeHex(blobId)).toBe(this.#accepted.get(`${encodeHex(group)} ${cursor}`));
        seen.add(`${encodeHex(group)} ${cursor}`);
      }
      for (const { from, to } of answer.page!.gone) {
        for (let cursor = from; cursor <= to; cursor++) seen.add(`${encodeHex(group)} ${cursor}`);
      }
    }
    expect([...seen].sort()).toEqual([...this.#accepted.keys()].sort());
  }
}

describe("the SQLite store of a relay, against the simulated one and a ledger", () => {
  const group = fc.constantFrom(...GROUPS);
  const device = fc.constantFrom(...DEVICES);
  const small = fc.nat(8);
  const lookup = fc.nat(2).map((fill) => new Uint8Array(16).fill(fill));
  const position = fc.record({ cursor: fc.nat(4), chain: fc.constant(new Uint8Array(32)) });
  const claim = fc.record({
    epoch: fc.option(fc.constantFrom(0xe0, 0xe1, 0xe2).map((fill) => new Uint8Array(16).fill(fill))),
    contiguous: position,
    highest: position,
  });
  const items = fc.array(
    fc.record({ number: fc.nat(12), sizeBytes: fc.constantFrom(0, 20, 21, 5000), ttlS: fc.nat(20) }),
    { maxLength: 4 },
  );
  const freshEpoch = fc.constantFrom(0xe0, 0xe1, 0xe2).map((fill) => new Uint8Array(16).fill(fill));
  const of = <T extends RelayOperation["type"]>(type: T) => ({ id: fc.constant(0), type: fc.constant(type) });
  const operation: fc.Arbitrary<RelayOperation> = fc.oneof(
    fc.constant(load),
    fc.record({
      ...of("admit"),
      group,
      device,
      claim: fc.oneof({ weight: 3, arbitrary: fc.constant(CLAIM) }, claim),
      freshEpoch,
      groupsMax: fc.integer({ min: 1, max: 3 }),
      devicesMax: fc.integer({ min: 1, max: 3 }),
    }),
    ...[1, 2, 3].map(() =>
      fc.record({
        ...of("append"),
        group,
        device,
        items: items.map((each) => each.map(({ number, sizeBytes, ttlS }) => item(number, sizeBytes, ttlS))),
        defaultTtlS: fc.constant(7),
        heldBytesMax: fc.constantFrom(30, 1e4, 1e6),
        totalBytesMax: fc.constantFrom(50, 1e4, 1e6),
      }),
    ),
    fc.record({ ...of("page"), group, after: small, limit: fc.integer({ min: 1, max: 9 }), bytesMax: fc.nat(6000) }),
    fc.record({ ...of("acknowledge"), group, device, cursor: small }),
    fc.record({ ...of("acknowledge"), group, device, cursor: small }),
    fc.record({ ...of("sweep"), dedupeRetentionS: fc.nat(10), acknowledgedRetentionS: fc.nat(10) }),
    fc.record({
      ...of("put-invite"),
      group,
      device,
      lookup,
      sealed: fc.uint8Array({ maxLength: 8 }),
      ttlS: fc.nat(9),
      invitesMax: fc.nat(3),
      groupInvitesMax: fc.nat(3),
    }),
    fc.record({ ...of("claim-invite"), lookup }),
    fc.record({ ...of("cancel-invite"), group, device, lookup }),
    fc.record({ ...of("devices"), group }),
    fc.record({ ...of("revoke"), group, device, by: device, reason: fc.constantFrom("lost", "compromised") }),
    fc.record({ ...of("delete"), group, device, blobId: fc.nat(12).map((number) => item(number).blobId) }),
  );
  const turn = fc.record({
    operations: fc.array(operation, { minLength: 1, maxLength: 5 }),
    passMs: fc.nat(4000),
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
        const ledger = new Ledger();
        store.run([load, admit(0)], NOW);
        model.run([load, admit(0)], NOW);
        let wallMs = NOW;
        for (const { operations: drawn, passMs, crash, share } of turns) {
          wallMs += passMs;
          const operations = drawn.map((each, id) => ({ ...each, id }));
          const before = walBytes(path);
          const expected = model.run(operations, wallMs);
          if (crash === "full") sqlite.pragma("max_page_count = 1");
          if (crash === "broken") {
            const raise = "BEGIN SELECT raise(ABORT, 'broken'); END";
            sqlite.exec(`CREATE TEMP TRIGGER broken BEFORE UPDATE ON main.groups ${raise}`);
          }
          const answers = store.run(operations, wallMs);
          sqlite.pragma("max_page_count = 1000000");
          if (crash === "broken") sqlite.exec("DROP TRIGGER broken");
          const isFailed =
            (crash === "full" || crash === "broken") && types(answers).every((type) => type === "failed");
          if (isFailed) {
            model.undo();
          } else {
            expect(text(answers)).toBe(text(expected));
            ledger.note(operations, answers);
          }
          if (crash === "close" || crash === "kill" || crash === "power") {
            const hasWritten = walBytes(path) > before;
            // A power loss before the answer: the last transaction is torn, wherever.
            const left =
              crash === "kill" ? files.kill(path) : crash === "power" ? files.tear(path, before, share) : path;
            store.close();
            if (crash === "power" && hasWritten) {
              model.undo();
              ledger.undo();
            }
            path = left;
            ({ store, sqlite } = openBoth(path));
          }
          expect(text(store.run(QUESTIONS, wallMs)), crash).toBe(text(model.run(QUESTIONS, wallMs)));
          ledger.check(store);
        }
        store.close();
      }),
      { numRuns: 40 },
    );
  });
});
