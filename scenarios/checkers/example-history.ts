/**
 * A correct run, told in a few words, for the tests of the checkers: a relay `r1`, devices `alice` and `bob` in a
 * group. Each method writes the records of one event as a correct core would cause them, and keeps the relay's log and
 * each device's position, so that a test writes a right history by calls and a wrong one by `write` or `change`.
 */
import { encodeHex } from "../../core/bytes.ts";
import { DEFAULT_CLIENT_CONFIG } from "../../core/client/config.ts";
import { DEFAULT_RELAY_CONFIG } from "../../core/relay/config.ts";
import type { DeliverRecord, HistoryRecord } from "../history.ts";
import type { Plan, Step } from "../plan.ts";

export const RELAY = "r1";
export const GROUP = "g1";
export const EPOCH = exampleId("e", 1);

/** 16 bytes in hex that begin with a letter of their kind and end with a number. */
export function exampleId(kind: string, number: number): string {
  const digits = `${kind}${number.toString(16)}`.padEnd(8, "7").slice(0, 8);
  // Multiplying spreads the number, so that an id has no long run of zeros that would occur by chance.
  const spread = [0x9e3779b1, 0x85ebca6b, 0xc2b2ae35].map((factor) =>
    (Math.imul(number + 77 * kind.charCodeAt(0), factor) >>> 0).toString(16).padStart(8, "0"),
  );
  return digits + spread.join("");
}

export function examplePlan(steps: readonly Step[] = [], devices: readonly string[] = ["alice", "bob"]): Plan {
  return {
    format: "zerok-plan/1",
    scenario: "example",
    seed: "0x1",
    topology: {
      relays: [{ name: RELAY, config: DEFAULT_RELAY_CONFIG }],
      groups: [{ name: GROUP }],
      devices: devices.map((name) => ({
        name,
        group: GROUP,
        relays: [RELAY],
        config: DEFAULT_CLIENT_CONFIG,
        online: true,
      })),
      link: { name: "lan", latencyMs: 1, jitterMs: 0 },
    },
    steps,
    healAtMs: 10_000,
    bound: { withinMs: 60_000, framesMax: 1000 },
    trouble: [],
  };
}

export interface Row {
  readonly blob: string;
  readonly op: string;
  readonly digest: string;
  readonly sizeBytes: number;
  readonly sender: string;
  readonly sequence: number;
  isGone: boolean;
}

interface Device {
  readonly name: string;
  inbox: number;
  cursor: number;
  sequence: number;
  counter: number;
  readonly unanswered: Set<string>;
}

export class ExampleHistory {
  readonly plan: Plan;
  readonly records: HistoryRecord[] = [];
  readonly #devices = new Map<string, Device>();
  readonly #log: Row[] = [];
  #epoch = EPOCH;
  #at = 0;
  #process = 0;
  #pushes = 0;
  #frames = 0;

  constructor(plan: Plan = examplePlan()) {
    this.plan = plan;
    for (const { name } of plan.topology.devices) {
      const counter = 0;
      this.#devices.set(name, { name, inbox: 0, cursor: 0, sequence: 0, counter, unanswered: new Set() });
    }
    this.write({ type: "secret", at: 0, what: "group secret", value: exampleId("5", 900) });
    this.write({ type: "resources", at: 0, host: RELAY, stage: "baseline", counts: { sessions: 0, timers: 1 } });
    this.write({ type: "phase", at: 0, phase: "steady", frames: 0 });
    for (const name of this.#devices.keys()) this.connect(name);
  }

  /** The time of the last record. */
  get at(): number {
    return this.#at;
  }

  /** A process number that nobody has. */
  freshProcess(): number {
    return ++this.#process;
  }

  write(record: HistoryRecord): this {
    this.records.push(record);
    this.#at = Math.max(this.#at, record.at);
    return this;
  }

  /** Replaces the last record for which `is` holds. */
  change<T extends HistoryRecord["type"]>(
    type: T,
    patch: Partial<Extract<HistoryRecord, { readonly type: T }>>,
    is: (record: Extract<HistoryRecord, { readonly type: T }>) => boolean = () => true,
  ): this {
    for (let i = this.records.length - 1; i >= 0; i--) {
      const record = this.records[i]!;
      if (record.type !== type || !is(record as Extract<HistoryRecord, { readonly type: T }>)) continue;
      this.records[i] = { ...record, ...patch } as HistoryRecord;
      return this;
    }
    throw new Error(`no ${type} to change`);
  }

  drop(is: (record: HistoryRecord) => boolean): this {
    const kept = this.records.filter((record) => !is(record));
    if (kept.length === this.records.length) throw new Error("nothing to drop");
    this.records.splice(0, this.records.length, ...kept);
    return this;
  }

  /** Lets time pass. */
  wait(ms: number): this {
    this.#at += ms;
    return this;
  }

  connect(name: string): this {
    const process = this.freshProcess();
    const base = { type: "op", device: name, group: GROUP, f: "connect", process, relay: RELAY } as const;
    this.write({ ...base, at: ++this.#at, outcome: "invoke" });
    this.#frame(name);
    this.write({ ...base, at: ++this.#at, outcome: "ok", epoch: this.#epoch, max: this.#log.length });
    return this.#hint(name, "Welcome", this.#log.length);
  }

  /** Invoked and queued, not yet sent. Returns what the next steps name. */
  queue(name: string, sizeBytes = 40): { readonly process: number; readonly row: Row } {
    const device = this.#device(name);
    const process = this.freshProcess();
    const number = ++this.#pushes;
    const op = exampleId("0", number);
    const blob = exampleId("b", number);
    const digest = exampleId("d", number);
    const sequence = ++device.sequence;
    const row: Row = { blob, op, digest, sizeBytes, sender: name, sequence, isGone: false };
    const base = { device: name, group: GROUP, process, op } as const;
    this.write({ type: "op", at: ++this.#at, f: "push", outcome: "invoke", ...base, sizeBytes, digest, ttlS: 3600 });
    this.write({ type: "seal", at: this.#at, host: name, key: 1, nonce: exampleId("c", number) + exampleId("c", 1) });
    this.write({ type: "queued", at: this.#at, ...base, blob, sequence });
    device.unanswered.add(blob);
    return { process, row };
  }

  /** The relay takes it in: its cursor. */
  store(row: Row): number {
    this.#frame(row.sender);
    return this.#log.push(row);
  }

  acknowledge(name: string, process: number, row: Row): this {
    const cursor = this.#log.indexOf(row) + 1;
    const log = { device: name, group: GROUP, relay: RELAY, epoch: this.#epoch } as const;
    const chain = exampleChain(this.#epoch, cursor);
    this.write({ type: "ack", at: ++this.#at, ...log, blob: row.blob, cursor, chain });
    this.#hint(name, "PushAck", cursor);
    this.#device(name).unanswered.delete(row.blob);
    const base = { type: "op", at: this.#at, device: name, group: GROUP, f: "push" } as const;
    return this.write({ ...base, outcome: "ok", process, op: row.op, blob: row.blob });
  }

  push(name: string, sizeBytes = 40): this {
    const { process, row } = this.queue(name, sizeBytes);
    this.store(row);
    return this.acknowledge(name, process, row);
  }

  /** The relay lets a blob go: later pulls call its cursor gone. */
  expire(cursor: number): this {
    this.#log[cursor - 1]!.isGone = true;
    return this;
  }

  /** One page of everything that is new. */
  pull(name: string): this {
    const device = this.#device(name);
    const process = this.freshProcess();
    const after = device.cursor;
    const through = this.#log.length;
    const epoch = this.#epoch;
    const log = { device: name, group: GROUP, relay: RELAY, epoch } as const;
    this.write({ type: "op", at: ++this.#at, f: "pull", outcome: "invoke", process, ...log, after });
    this.#frame(name);
    const gone: { from: number; to: number; why: string }[] = [];
    const rows = this.#log.slice(after);
    rows.forEach((row, i) => {
      if (row.isGone) gone.push({ from: after + i + 1, to: after + i + 1, why: "expired" });
    });
    const page = { after, through, max: through, gone, blobs: rows.length - gone.length, hasMore: false };
    this.write({ type: "op", at: ++this.#at, f: "pull", outcome: "ok", process, ...log, ...page });
    rows.forEach((row, i) => {
      const cursor = after + i + 1;
      if (row.isGone) this.write({ type: "lost", at: this.#at, ...log, from: cursor, to: cursor, why: "expired" });
      else this.write(this.delivery(name, row, cursor));
    });
    if (through === after) return this;
    device.cursor = through;
    return this.state(name, "commit");
  }

  /** The delivery of a row as the next of this device's inbox. */
  delivery(name: string, row: Row, cursor: number): DeliverRecord {
    return {
      type: "deliver",
      at: this.#at,
      device: name,
      group: GROUP,
      index: this.#device(name).inbox++,
      relay: RELAY,
      epoch: this.#epoch,
      cursor,
      blob: row.blob,
      op: row.sizeBytes === 0 ? null : row.op,
      digest: row.digest,
      sizeBytes: row.sizeBytes,
      sender: row.sender,
      sequence: row.sequence,
    };
  }

  state(name: string, why: "commit" | "crash"): this {
    const { cursor, inbox, unanswered } = this.#device(name);
    const outbox = why === "crash" ? { outbox: [...unanswered] } : {};
    const chain = exampleChain(this.#epoch, cursor);
    const log = { device: name, group: GROUP, relay: RELAY, epoch: this.#epoch } as const;
    return this.write({ type: "durable-state", at: this.#at, ...log, why, cursor, chain, inbox, ...outbox });
  }

  crash(name: string): this {
    this.#at += 10;
    return this.state(name, "crash").connect(name);
  }

  /** The relay comes back without its log, as a new epoch. */
  loseLog(): this {
    this.#epoch = exampleId("e", 2);
    this.#log.length = 0;
    for (const device of this.#devices.values()) device.cursor = 0;
    return this;
  }

  healed(): this {
    return this.write({ type: "phase", at: ++this.#at, phase: "healed", frames: this.#frames });
  }

  /** Everybody pulls what is left; converged, quiet, final reads, end. */
  end(): this {
    if (!this.records.some((record) => record.type === "phase" && record.phase === "healed")) this.healed();
    for (const device of this.#devices.values()) if (device.cursor < this.#log.length) this.pull(device.name);
    this.write({ type: "phase", at: ++this.#at, phase: "converged", frames: this.#frames });
    return this.finalReads();
  }

  /** Ends as if the recording had been cut off after it converged: nothing that is judged at `end` is judged. */
  cut(): this {
    this.healed();
    return this.write({ type: "phase", at: ++this.#at, phase: "converged", frames: this.#frames });
  }

  finalReads(): this {
    this.write({ type: "phase", at: ++this.#at, phase: "quiet", frames: this.#frames });
    for (const { name, cursor, inbox, unanswered } of this.#devices.values()) {
      const chain = exampleChain(this.#epoch, cursor);
      const log = { device: name, group: GROUP, relay: RELAY, epoch: this.#epoch } as const;
      const state = { cursor, chain, inbox, delivered: exampleId("f", inbox), outbox: [...unanswered] };
      this.write({ type: "final-state", at: this.#at, ...log, ...state });
    }
    this.write({ type: "resources", at: this.#at, host: RELAY, stage: "end", counts: { sessions: 0, timers: 1 } });
    return this.write({ type: "phase", at: ++this.#at, phase: "end", frames: this.#frames });
  }

  #device(name: string): Device {
    const device = this.#devices.get(name);
    if (device === undefined) throw new Error(`no device ${name}`);
    return device;
  }

  #hint(name: string, by: "Welcome" | "PushAck", cursor: number): this {
    const log = { device: name, group: GROUP, relay: RELAY, epoch: this.#epoch } as const;
    return this.write({ type: "notified", at: this.#at, ...log, by, cursor });
  }

  /** A frame from a device: sealed with a counter, read by the relay as noise. */
  #frame(name: string): void {
    this.#frames++;
    const device = this.#device(name);
    const key = 2 + [...this.#devices.keys()].indexOf(name);
    this.write({ type: "seal", at: this.#at, host: name, key, nonce: device.counter++ });
    const bytes = new Uint8Array(120);
    for (let i = 0; i < bytes.length; i++) bytes[i] = (Math.imul(this.#frames * 977 + i, 0x9e3779b1) >>> 19) & 255;
    this.write({ type: "relay-view", at: this.#at, relay: RELAY, bytes });
  }
}

/** The chain of a log at a cursor. */
export function exampleChain(epoch: string, cursor: number): string {
  if (cursor === 0) return encodeHex(new Uint8Array(32));
  return exampleId("a", cursor) + epoch;
}
