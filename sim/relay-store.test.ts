import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeHex, isEqualBytes } from "../core/bytes.ts";
import { START } from "../core/ids.ts";
import type { AppendItem } from "../core/log/append.ts";
import type { ConformanceStore, RotField } from "../core/relay/conformance-desk.ts";
import { relayStoreConformance } from "../core/relay/store-conformance.ts";
import type { RelayAnswer, RelayOperation } from "../core/relay/store.ts";
import { readEntries } from "./journal.ts";
import { createCause } from "./kernel/choices.ts";
import type { Disk } from "./kernel/disk.ts";
import { Kernel } from "./kernel/kernel.ts";
import { ToyProgram } from "./kernel/toy-program.ts";
import { sealAgain } from "./record-checksum.ts";
import { endOfRecord } from "./record-reader.ts";
import { HexNames } from "./hex-names.ts";
import { RecordWriter } from "./record-writer.ts";
import { RELAY_ENTRIES } from "./relay-entries.ts";
import { RELAY_IDENTITY_FILE, RelayStore } from "./relay-store.ts";
import { toySuite } from "./toy-suite.ts";

const FILE = "relay.journal";
const QUOTAS = { heldBytesMax: 1e6, totalBytesMax: 1e9 };
const NOW = 1_700_000_000_000;
const writer = new RecordWriter();

function createDisk(seed = 1): Disk {
  const kernel = new Kernel({ seedLo: seed, seedHi: 0, startWallMs: 0, eventBudget: 1000 });
  return kernel.addHost("relay", new ToyProgram()).disk;
}
const open = (disk: Disk): RelayStore => new RelayStore(disk, toySuite, writer, new HexNames());

function run(store: RelayStore, operations: readonly RelayOperation[], wallMs = NOW): readonly RelayAnswer[] {
  store.stage(operations, { monoMs: 0, wallMs });
  return store.commit();
}

function conformant(disk: Disk): ConformanceStore {
  const store = open(disk);
  return {
    run: (operations, wallMs) => run(store, operations, wallMs),
    reopen: () => conformant(disk),
    rot(_group, blobId, field) {
      rot(disk, blobId, field);
      return conformant(disk);
    },
  };
}

/** In a whole record: a journal of which a record is torn is cut there, so that rot in it is a loss of the end. */
function rot(disk: Disk, blobId: Uint8Array, field: RotField): void {
  const bytes = disk.read(FILE);
  for (let at = 0, end = 0; at < bytes.length; at = end) {
    end = endOfRecord(bytes, at)!;
    for (const entry of readEntries(RELAY_ENTRIES, bytes, at)) {
      if (entry.type === "row" && isEqualBytes(entry.row.blobId, blobId)) entry.row[field]![0]! ^= 1;
    }
    sealAgain(bytes, at, end);
  }
  disk.truncate(FILE, 0);
  disk.append(FILE, bytes);
  disk.sync(FILE);
}

describe("the simulated store of a relay conforms to the port", () => {
  for (const { name, run: check } of relayStoreConformance(toySuite, () => conformant(createDisk()))) it(name, check);
});

const GROUPS = [1, 2].map((fill) => new Uint8Array(32).fill(fill));
const DEVICE = new Uint8Array(32).fill(0xd0);
const CLAIM = { epoch: null, contiguous: START, highest: START };

function item(number: number, sizeBytes = 20): AppendItem {
  const payload = new Uint8Array(sizeBytes).fill(number);
  return { blobId: new Uint8Array(16).fill(number), payload, payloadHash: toySuite.hash(payload), ttlS: 10 };
}
const load: RelayOperation = { id: 1, type: "load", fresh: new Uint8Array(32).fill(7) };
function admit(group = 0): RelayOperation {
  const freshEpoch = new Uint8Array(16).fill(0xe0 + group);
  return {
    id: 2,
    type: "admit",
    group: GROUPS[group]!,
    device: DEVICE,
    claim: CLAIM,
    freshEpoch,
    groupsMax: 9,
    devicesMax: 9,
  };
}
function append(numbers: readonly number[], group = 0): RelayOperation {
  const items = numbers.map((number) => item(number));
  return { id: 3, type: "append", group: GROUPS[group]!, device: DEVICE, items, defaultTtlS: 10, ...QUOTAS };
}
const page = (group = 0): RelayOperation => {
  return { id: 4, type: "page", group: GROUPS[group]!, after: 0, limit: 1000, bytesMax: 1e6 };
};

/** What can be asked of a store, as text. */
function dump(store: RelayStore): string {
  const answers = GROUPS.flatMap((_, group) => {
    const admitted = run(store, [admit(group)])[0]!;
    return [admitted, ...run(store, [page(group)])];
  });
  const text = JSON.stringify(answers, (_, value: unknown) => (value instanceof Uint8Array ? encodeHex(value) : value));
  return `${text} ${encodeHex(identityOf(store))}`;
}
function identityOf(store: RelayStore): Uint8Array {
  const [answer] = run(store, [{ ...load, fresh: new Uint8Array(32) } as RelayOperation]);
  return answer?.type === "loaded" ? answer.identity : new Uint8Array(0);
}
/** What a process that starts now would find, on a copy, so that looking leaves no trace: answers and whole records. */
function found(disk: Disk): string {
  const copy = createDisk();
  copy.restore(disk.image());
  const store = open(copy);
  const records = encodeHex(copy.read(FILE));
  return `${dump(store)} ${records}`;
}
const cursors = (answers: readonly RelayAnswer[]): number[] | undefined => {
  const last = answers.at(-1);
  return last?.type === "paged" ? last.page?.blobs.map(({ cursor }) => cursor) : undefined;
};
const types = (answers: readonly RelayAnswer[]): string[] => answers.map(({ type }) => type);

describe("the simulated store of a relay", () => {
  it("writes once per transaction, and not at all when nothing changed", () => {
    const disk = createDisk();
    const store = open(disk);
    expect(store.stage([load, admit(), append([1, 2])], { monoMs: 0, wallMs: NOW })).toBe(true);
    const writtenBytes = disk.sizeBytes(FILE) + disk.sizeBytes(RELAY_IDENTITY_FILE);
    expect(disk.unsyncedBytes).toBe(writtenBytes);
    expect(types(store.commit())).toEqual(["loaded", "admitted", "appended"]);
    expect(disk.unsyncedBytes).toBe(0);
    const size = disk.sizeBytes(FILE);
    expect(store.stage([load, admit(), append([2]), page()], { monoMs: 0, wallMs: NOW })).toBe(false);
    expect(types(store.commit())).toEqual(["loaded", "admitted", "appended", "paged"]);
    expect(disk.sizeBytes(FILE)).toBe(size);
  });

  it("keeps the relay's key when its data is wiped, and loses it with its own file only", () => {
    const disk = createDisk();
    run(open(disk), [load, admit(), append([1])]);
    const kept = new Map([...disk.image().files].filter(([name]) => name === RELAY_IDENTITY_FILE));
    disk.restore({ files: kept });
    const wiped = open(disk);
    expect(identityOf(wiped)).toEqual(load.type === "load" && load.fresh);
    expect(cursors(run(wiped, [admit(), page()]))).toEqual([]);
    disk.wipe();
    expect(identityOf(open(disk))).toEqual(new Uint8Array(32));
  });

  it("when the disk is full: every operation of the transaction failed, and nothing of it is there", () => {
    const disk = createDisk();
    const store = open(disk);
    run(store, [load, admit(), append([1])]);
    const before = found(disk);
    disk.full = true;
    const failed = run(store, [page(), append([2]), append([3])]);
    expect(failed).toEqual([4, 3, 3].map((id) => ({ id, type: "failed", error: { type: "StorageFull" } })));
    expect(cursors(run(store, [page()]))).toEqual([1]);
    disk.full = false;
    expect(found(disk)).toBe(before);
    expect(cursors(run(store, [append([2]), page()]))).toEqual([1, 2]);
    expect(cursors(run(open(disk), [page()]))).toEqual([1, 2]);
  });

  it("when a write or a sync fails: the same, and the cursor is given to the next one", () => {
    const disk = createDisk();
    const store = open(disk);
    run(store, [load, admit(), append([1])]);
    for (const moment of ["write", "sync"]) {
      const before = found(disk);
      if (moment === "write") disk.writeErrors = { num: 1, den: 1 };
      store.stage([append([2])], { monoMs: 0, wallMs: NOW });
      disk.writeErrors = { num: 1, den: 1 };
      expect(store.commit()).toEqual([{ id: 3, type: "failed", error: { type: "StorageFailed" } }]);
      disk.writeErrors = undefined;
      expect(found(disk)).toBe(before);
      expect(disk.unsyncedBytes).toBe(0);
    }
    expect(cursors(run(store, [append([3]), page()]))).toEqual([1, 2]);
    expect(cursors(run(open(disk), [page()]))).toEqual([1, 2]);
  });

  it("makes no group of an admission that failed", () => {
    const disk = createDisk();
    const store = open(disk);
    disk.full = true;
    expect(types(run(store, [admit()]))).toEqual(["failed"]);
    disk.full = false;
    const fresh = { ...admit(), freshEpoch: new Uint8Array(16).fill(0x77) } as RelayOperation;
    const [answer] = run(store, [fresh]);
    expect(answer?.type === "admitted" && answer.head.epoch[0]).toBe(0x77);
  });

  it("cuts off a torn record wherever it is torn, and goes on behind what is whole", () => {
    const disk = createDisk();
    const store = open(disk);
    run(store, [load, admit(), append([1])]);
    const whole = disk.image();
    const start = disk.sizeBytes(FILE);
    const before = found(disk);
    run(store, [append([2])]);
    const end = disk.sizeBytes(FILE);
    for (let length = start; length < end; length++) {
      const torn = createDisk();
      torn.restore(disk.image());
      torn.truncate(FILE, length);
      expect(found(torn), `torn at byte ${length} of ${end}`).toBe(before);
      const reopened = open(torn);
      expect(torn.sizeBytes(FILE)).toBe(start);
      expect(cursors(run(reopened, [append([3]), page()]))).toEqual([1, 2]);
      expect(cursors(run(open(torn), [page()]))).toEqual([1, 2]);
    }
    expect(whole.files.get(FILE)?.length).toBe(start);
  });

  it("notices a flipped bit, and keeps what lies before it", () => {
    const disk = createDisk();
    const store = open(disk);
    run(store, [load, admit(), append([1])]);
    const start = disk.sizeBytes(FILE);
    const before = found(disk);
    run(store, [append([2])]);
    for (let offset = start; offset < disk.sizeBytes(FILE); offset++) {
      const rotten = createDisk();
      rotten.restore(disk.image());
      rotten.rot(FILE, offset, 0x10);
      expect(found(rotten), `byte ${offset}`).toBe(before);
    }
  });

  it("goes on, with an answer, when a group that it knew has rotted away", () => {
    const disk = createDisk();
    const store = open(disk);
    run(store, [load]);
    const start = disk.sizeBytes(FILE);
    run(store, [admit(), append([1])]);
    disk.rot(FILE, start + 9, 1);
    disk.full = true;
    run(store, [append([2])]);
    disk.full = false;
    const acknowledge: RelayOperation = { id: 5, type: "acknowledge", group: GROUPS[0]!, device: DEVICE, cursor: 1 };
    for (const operation of [append([2]), page(), acknowledge]) {
      expect(() => run(store, [operation]), operation.type).not.toThrow();
    }
  });

  it("answers nothing that a power loss can still take back, also after the process alone had died", () => {
    for (let seed = 1; seed <= 10; seed++) {
      const disk = createDisk(seed);
      run(open(disk), [load, admit()]);
      // The process is killed between the write and the sync …
      open(disk).stage([append([1])], { monoMs: 0, wallMs: NOW });
      // … its next life hears the push again, finds it in the file, and acknowledges it.
      const [answer] = run(open(disk), [append([1])]);
      expect(answer?.type === "appended" && answer.answers[0]?.type).toBe("accepted");
      disk.powerLoss(createCause(seed));
      expect(cursors(run(open(disk), [page()])), `seed ${seed}`).toEqual([1]);
    }
  });
});

describe("the simulated store of a relay, against a model", () => {
  type Crash = "none" | "kill" | "power" | "kill-staged" | "power-staged" | "write-error" | "sync-error" | "full";
  const operation = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant("push" as const),
        numbers: fc.array(fc.nat(12), { minLength: 1, maxLength: 4 }),
        group: fc.nat(1),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant("acknowledge" as const), cursor: fc.nat(9), group: fc.nat(1) }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("sweep" as const) }) },
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
    passMs: fc.nat(15_000),
  });
  type Turn = typeof turn extends fc.Arbitrary<infer T> ? T : never;

  function operationsOf({ operations }: Turn): RelayOperation[] {
    return operations.map((what, id): RelayOperation => {
      if (what.do === "sweep") return { id, type: "sweep", dedupeRetentionS: 20, acknowledgedRetentionS: 0 };
      const group = GROUPS[what.group]!;
      if (what.do === "acknowledge") return { id, type: "acknowledge", group, device: DEVICE, cursor: what.cursor };
      return { ...append(what.numbers, what.group), id };
    });
  }

  it("after a crash and a restart its tables are those of a committed prefix, and the latest unless the power went", () => {
    fc.assert(
      fc.property(fc.nat(), fc.array(turn, { minLength: 1, maxLength: 12 }), (seed, turns) => {
        const disk = createDisk(seed);
        let store = open(disk);
        // The model: the same store on a disk that never fails, one image of it per transaction.
        const calm = createDisk();
        run(store, [load, admit(0), admit(1)]);
        run(open(calm), [load, admit(0), admit(1)]);
        /** What a power loss may leave: all since the last sync. */
        let states = [calm.image()];
        let wallMs = NOW;
        for (const each of turns) {
          wallMs += each.passMs;
          const operations = operationsOf(each);
          calm.restore(states.at(-1)!);
          const expected = run(open(calm), operations, wallMs);
          const after = calm.image();
          const isFailing = each.crash === "write-error" || each.crash === "full";
          disk.full = each.crash === "full";
          if (each.crash === "write-error") disk.writeErrors = { num: 1, den: 1 };
          const isWritten = store.stage(operations, { monoMs: 0, wallMs });
          if (each.crash === "sync-error") disk.writeErrors = { num: 1, den: 1 };
          if (each.crash === "kill-staged" || each.crash === "power-staged") {
            if (isWritten) states.push(after);
          } else {
            const answers = store.commit();
            const hasFailed = answers.some(({ type }) => type === "failed");
            if (hasFailed) {
              expect(isFailing || each.crash === "sync-error").toBe(true);
              expect(new Set(types(answers))).toEqual(new Set(["failed"]));
            } else {
              expect(answers).toEqual(expected);
              states = isWritten ? [after] : states;
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
