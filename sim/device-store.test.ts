import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeHex } from "../core/bytes.ts";
import type { ConformanceStore } from "../core/client/store-conformance.ts";
import { deviceStoreConformance } from "../core/client/store-conformance.ts";
import type { DeviceAnswer, DeviceOperation } from "../core/client/store.ts";
import type { InboxItem } from "../core/inbox/take.ts";
import { HexNames } from "./hex-names.ts";
import { DeviceStore } from "./device-store.ts";
import { RecordWriter } from "./record-writer.ts";
import { createCause } from "./kernel/choices.ts";
import type { Disk } from "./kernel/disk.ts";
import { Kernel } from "./kernel/kernel.ts";
import { ToyProgram } from "./kernel/toy-program.ts";

const FILE = "device.journal";
const NOW = { monoMs: 0, wallMs: 1_700_000_000_000 };
const RELAY = "aa";
const EPOCHS = [1, 2].map((fill) => new Uint8Array(16).fill(fill));
const writer = new RecordWriter();

function createDisk(seed = 1): Disk {
  const kernel = new Kernel({ seedLo: seed, seedHi: 0, startWallMs: 0, eventBudget: 1000 });
  return kernel.addHost("device", new ToyProgram()).disk;
}
const open = (disk: Disk): DeviceStore => new DeviceStore(disk, writer, new HexNames());

function run(store: DeviceStore, operations: readonly DeviceOperation[], wallMs = NOW.wallMs): readonly DeviceAnswer[] {
  store.stage(operations, { monoMs: 0, wallMs });
  return store.commit();
}

function conformant(disk: Disk): ConformanceStore {
  const store = open(disk);
  return {
    run: (operations, wallMs) => run(store, operations, wallMs),
    inbox: () => store.inbox.map(({ blob }) => blob),
    reopen: () => conformant(disk),
  };
}

describe("the simulated store of a device conforms to the port", () => {
  for (const { name, run: check } of deviceStoreConformance(() => conformant(createDisk()))) it(name, check);
});

const load: DeviceOperation = { id: 1, type: "load", fresh: new Uint8Array(32).fill(7), relay: RELAY };
function stage(sequence: number, announced = 0): DeviceOperation {
  const bytes = new Uint8Array(40).fill(sequence);
  const row = { sequence, blobId: bytes.slice(24), payload: bytes, payloadHash: bytes.slice(8), ttlS: 5 };
  return { id: 2, type: "stage", row: { ...row, expiresAtMs: NOW.wallMs + 5000 }, announced };
}
function rebase(epoch = 0): DeviceOperation {
  return { id: 3, type: "rebase", relay: RELAY, epoch: EPOCHS[epoch]! };
}
function acked(sequence: number, cursor: number, epoch = 0): DeviceOperation {
  const position = { cursor, chain: new Uint8Array(32).fill(cursor) };
  return { id: 4, type: "acked", relay: RELAY, epoch: EPOCHS[epoch]!, sequence, position };
}
function item(cursor: number, blob: number): InboxItem {
  const bytes = new Uint8Array(32).fill(blob);
  const isOpened = blob % 4 !== 3;
  const content = { sender: bytes, sequence: blob, previous: bytes, givenUp: [], body: bytes.slice(0, blob) };
  return {
    cursor,
    blobId: bytes.slice(16),
    timestampMs: 0,
    payload: bytes,
    content: isOpened ? content : null,
    why: isOpened ? null : "Refused",
  };
}
function take(after: number, blobs: readonly number[], epoch = 0): DeviceOperation {
  const items = blobs.map((blob, i) => item(after + 2 + i, blob));
  const cursor = after + 1 + blobs.length;
  const through = { cursor, chain: new Uint8Array(32).fill(cursor) };
  const lost = [{ from: after + 1, to: after + 1, why: "expired" as const }];
  return { id: 5, type: "take", relay: RELAY, epoch: EPOCHS[epoch]!, items, lost, through };
}
const giveUp = (sequence: number): DeviceOperation => ({ id: 6, type: "give-up", sequence });

/** All tables of a store, as text. */
function dump(store: DeviceStore): string {
  const { inbox, quarantine, lost } = store;
  const tables = [run(store, [load]), inbox, quarantine, lost, store.positionAt(RELAY), store.outbox(RELAY)];
  return JSON.stringify(tables, (_, value: unknown) => (value instanceof Uint8Array ? encodeHex(value) : value));
}
/** What a process that starts now would find, on a copy, so that looking leaves no trace: tables and whole records. */
function found(disk: Disk): string {
  const copy = createDisk();
  copy.restore(disk.image());
  const store = open(copy);
  const records = encodeHex(copy.read(FILE));
  return `${dump(store)} ${records}`;
}
const types = (answers: readonly DeviceAnswer[]): string[] => answers.map(({ type }) => type);

describe("the simulated store of a device", () => {
  it("lets the application read bodies, quarantine and losses, with where they came from", () => {
    const disk = createDisk();
    run(open(disk), [load, rebase(), take(0, [2, 3])]);
    const { inbox, quarantine, lost } = open(disk);
    const where = { relay: RELAY, epoch: encodeHex(EPOCHS[0]!) };
    const sender = new Uint8Array(32).fill(2);
    const blob = (id: number): string => encodeHex(new Uint8Array(16).fill(id));
    expect(inbox).toEqual([{ ...where, cursor: 2, blob: blob(2), sender, sequence: 2, body: sender.slice(0, 2) }]);
    const payload = new Uint8Array(32).fill(3);
    expect(quarantine).toEqual([{ ...where, cursor: 3, blob: blob(3), payload, why: "Refused" }]);
    expect(lost).toEqual([{ ...where, from: 1, to: 1, why: "expired" }]);
  });

  it("commits blobs and cursor together: a crash before the sync leaves both or neither", () => {
    const kept = new Set<string>();
    for (let seed = 1; seed <= 60; seed++) {
      const disk = createDisk(seed);
      run(open(disk), [load, rebase()]);
      open(disk).stage([take(0, [1, 2])], NOW);
      disk.powerLoss(createCause(seed));
      const store = open(disk);
      kept.add(`${store.inbox.length} rows at cursor ${store.positionAt(RELAY)!.contiguous.cursor}`);
    }
    expect([...kept].every((what) => ["0 rows at cursor 0", "2 rows at cursor 3"].includes(what))).toBe(true);
    expect(kept.has("0 rows at cursor 0")).toBe(true);
  });

  it("when the disk is full, or a write or a sync fails: all operations have failed, and nothing of them is there", () => {
    const disk = createDisk();
    const store = open(disk);
    run(store, [load, rebase(), stage(1)]);
    for (const trouble of ["full", "write", "sync"] as const) {
      const before = found(disk);
      disk.full = trouble === "full";
      if (trouble === "write") disk.writeErrors = { num: 1, den: 1 };
      store.stage([stage(2), take(0, [1]), giveUp(1), load], NOW);
      if (trouble === "sync") disk.writeErrors = { num: 1, den: 1 };
      const error = { type: trouble === "full" ? "StorageFull" : "StorageFailed" };
      expect(store.commit()).toEqual([2, 5, 6, 1].map((id) => ({ id, type: "failed", error })));
      disk.full = false;
      disk.writeErrors = undefined;
      expect(found(disk)).toBe(before);
      expect(dump(store)).toBe(before.slice(0, before.lastIndexOf(" ")));
    }
    expect(types(run(store, [stage(2), take(0, [1])]))).toEqual(["staged", "taken"]);
    expect(open(disk).inbox.length).toBe(1);
  });

  it("cuts off a torn record wherever it is torn, and goes on behind what is whole", () => {
    const disk = createDisk();
    const store = open(disk);
    run(store, [load, rebase(), stage(1)]);
    const start = disk.sizeBytes(FILE);
    const before = found(disk);
    run(store, [stage(2), take(0, [1])]);
    for (let length = start; length < disk.sizeBytes(FILE); length++) {
      const torn = createDisk();
      torn.restore(disk.image());
      torn.truncate(FILE, length);
      expect(found(torn), `torn at byte ${length}`).toBe(before);
      run(open(torn), [take(0, [5])]);
      expect(open(torn).inbox.map(({ sequence }) => sequence)).toEqual([5]);
    }
  });

  it("answers nothing that a power loss can still take back, also after the process alone had died", () => {
    for (let seed = 1; seed <= 10; seed++) {
      const disk = createDisk(seed);
      // The process is killed between the write and the sync of its identity …
      open(disk).stage([load], NOW);
      // … its next life takes that identity for its own, and is known by it.
      const [first] = run(open(disk), [load]);
      disk.powerLoss(createCause(seed));
      const [second] = run(open(disk), [{ ...load, fresh: new Uint8Array(32).fill(8) } as DeviceOperation]);
      expect(second, `seed ${seed}`).toEqual(first);
    }
  });
});

describe("the simulated store of a device, against a model", () => {
  type Crash = "none" | "kill" | "power" | "kill-staged" | "power-staged" | "write-error" | "sync-error" | "full";
  const operation = fc.oneof(
    fc.constant(load),
    fc
      .record({ n: fc.integer({ min: 1, max: 9 }), announced: fc.nat(2) })
      .map(({ n, announced }) => stage(n, announced)),
    fc
      .record({ n: fc.integer({ min: 1, max: 9 }), at: fc.integer({ min: 1, max: 9 }) })
      .map(({ n, at }) => acked(n, at)),
    fc.integer({ min: 1, max: 9 }).map(giveUp),
    fc.nat(1).map(rebase),
    fc
      .record({ after: fc.nat(9), blobs: fc.uniqueArray(fc.nat(9), { maxLength: 3 }), epoch: fc.nat(1) })
      .map((page) => {
        return take(page.after, page.blobs, page.epoch);
      }),
  );
  const crash = fc.oneof(
    { weight: 3, arbitrary: fc.constant<Crash>("none") },
    {
      weight: 5,
      arbitrary: fc.constantFrom<Crash>(
        "kill",
        "power",
        "kill-staged",
        "power-staged",
        "write-error",
        "sync-error",
        "full",
      ),
    },
  );
  const turn = fc.record({
    operations: fc.array(operation, { minLength: 1, maxLength: 3 }),
    crash,
    passMs: fc.nat(3000),
  });

  it("after a crash and a restart its tables are those of a committed prefix, and the latest unless the power went", () => {
    fc.assert(
      fc.property(fc.nat(), fc.array(turn, { minLength: 1, maxLength: 12 }), (seed, turns) => {
        const disk = createDisk(seed);
        let store = open(disk);
        // The model: the same store on a disk that never fails, one image of it per transaction.
        const calm = createDisk();
        /** What a power loss may leave: all since the last sync. */
        let states = [calm.image()];
        let { wallMs } = NOW;
        for (const each of turns) {
          wallMs += each.passMs;
          const { operations } = each;
          calm.restore(states.at(-1)!);
          const expected = run(open(calm), operations, wallMs);
          const after = calm.image();
          disk.full = each.crash === "full";
          if (each.crash === "write-error") disk.writeErrors = { num: 1, den: 1 };
          const isWritten = store.stage(operations, { monoMs: 0, wallMs });
          if (each.crash === "sync-error") disk.writeErrors = { num: 1, den: 1 };
          if (each.crash === "kill-staged" || each.crash === "power-staged") {
            if (isWritten) states.push(after);
          } else {
            const answers = store.commit();
            if (answers.some(({ type }) => type === "failed")) {
              expect(["write-error", "sync-error", "full"]).toContain(each.crash);
              expect(new Set(types(answers))).toEqual(new Set(["failed"]));
            } else {
              expect(answers).toEqual(expected);
              if (isWritten) states = [after];
            }
          }
          disk.full = false;
          disk.writeErrors = undefined;
          if (each.crash === "power" || each.crash === "power-staged") {
            disk.powerLoss(createCause(seed));
            const left = found(disk);
            const at = states.findLastIndex((image) => {
              calm.restore(image);
              return found(calm) === left;
            });
            expect(at, "a committed prefix").toBeGreaterThanOrEqual(0);
            states = [states[at]!];
          }
          if (each.crash !== "none") store = open(disk);
          calm.restore(states.at(-1)!);
          expect(found(disk), each.crash).toBe(found(calm));
        }
      }),
      { numRuns: 150 },
    );
  });
});
