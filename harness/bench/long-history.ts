/**
 * A long correct history, made without running anything: some groups of devices at two relays push, pull in pages of
 * different sizes, crash and come back, for as many operations as are asked for. Drawn from one number, the same each
 * time; it hands out piece after piece, so that nobody needs to hold all of it. For measuring the checkers.
 */
import { DEFAULT_CLIENT_CONFIG } from "../../core/client/config.ts";
import { encodeHex, writeU32 } from "../../core/bytes.ts";
import { DEFAULT_RELAY_CONFIG } from "../../core/relay/config.ts";
import type { HistoryRecord } from "../../scenarios/history.ts";
import type { Plan } from "../../scenarios/plan.ts";

const RELAYS = ["r1", "r2"] as const;
const GROUPS = 4;
const DEVICES_PER_GROUP = 4;
const PAGE_MAX = 50;
const CRASH_ONE_IN = 5_000;
/** Bytes of frames are drawn once and used in turn: what a relay reads is random to whoever looks for secrets. */
const FRAMES = 2048;
const FRAME_BYTES = 160;

const START_CHAIN = "0".repeat(64);

export interface LongHistory {
  readonly plan: Plan;
  /** The next records, at least this many unless it is over; empty when it is. The array is filled anew by each call. */
  next(count: number): readonly HistoryRecord[];
  readonly operations: number;
}

interface Row {
  readonly blob: string;
  readonly op: string;
  readonly digest: string;
  readonly sizeBytes: number;
  readonly sender: string;
  readonly sequence: number;
  readonly chain: string;
}

interface Unacked {
  readonly process: number;
  readonly row: Row;
  readonly cursor: number;
}

class Log {
  readonly where: { readonly group: string; readonly relay: string; readonly epoch: string };
  /** What some device has still to read, from `base` + 1 on. */
  rows: Row[] = [];
  base = 0;

  constructor(group: string, relay: string, epoch: string) {
    this.where = { group, relay, epoch };
  }

  get length(): number {
    return this.base + this.rows.length;
  }

  at(cursor: number): Row {
    return this.rows[cursor - this.base - 1]!;
  }
}

class Device {
  cursor = 0;
  chain = START_CHAIN;
  inbox = 0;
  sequence = 0;
  counter = 0;
  open: { readonly process: number; readonly after: number } | undefined;
  unacked: Unacked[] = [];

  readonly name: string;
  readonly number: number;
  readonly id: string;
  readonly log: Log;

  constructor(number: number, id: string, log: Log) {
    this.name = `d${number + 1}`;
    this.number = number;
    this.id = id;
    this.log = log;
  }
}

/** xorshift32: quick, and good enough to make ids that differ. */
class Numbers {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  word(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return x >>> 0;
  }

  below(limit: number): number {
    return this.word() % limit;
  }

  /** Made as the devices make theirs: a text that is put together from pieces costs whoever looks it up much more. */
  hex(words: number): string {
    const bytes = new Uint8Array(4 * words);
    for (let i = 0; i < words; i++) writeU32(bytes, 4 * i, this.word());
    return encodeHex(bytes);
  }
}

export function createLongHistory(operationsMax: number, seed = 0x2f6e2b1): LongHistory {
  const numbers = new Numbers(seed);
  const frames = Array.from({ length: FRAMES }, () =>
    Uint8Array.from({ length: FRAME_BYTES }, () => numbers.below(256)),
  );
  const logs = Array.from(
    { length: GROUPS },
    (_, i) => new Log(`g${i + 1}`, RELAYS[i % RELAYS.length]!, numbers.hex(4)),
  );
  const devices = Array.from({ length: GROUPS * DEVICES_PER_GROUP }, (_, i) => {
    const log = logs[i % GROUPS]!;
    return new Device(i, numbers.hex(8), log);
  });
  const out: HistoryRecord[] = [];
  let at = 0;
  let processes = 0;
  let frame = 0;
  let operations = 0;
  let stage: "start" | "middle" | "over" = "start";

  const plan: Plan = {
    format: "zerok-plan/1",
    scenario: "long-history",
    seed: "0x1",
    topology: {
      relays: RELAYS.map((name) => ({ name, config: DEFAULT_RELAY_CONFIG })),
      groups: logs.map(({ where }) => ({ name: where.group })),
      devices: devices.map(({ name, log }) => ({
        name,
        group: log.where.group,
        relays: [log.where.relay],
        config: DEFAULT_CLIENT_CONFIG,
        online: true,
      })),
      link: { name: "lan", latencyMs: 1, jitterMs: 0 },
    },
    steps: [],
    healAtMs: 1_000_000_000,
    bound: { withinMs: 60_000, framesMax: 1_000_000 },
    trouble: [],
  };

  /** A frame of the device: sealed by it, read by its relay. */
  function send(device: Device): void {
    out.push({ type: "seal", at, host: device.name, key: device.number, nonce: device.counter++ });
    out.push({ type: "relay-view", at, relay: device.log.where.relay, bytes: frames[frame++ % FRAMES]! });
  }

  function connect(device: Device): void {
    const { name, log } = device;
    const process = processes++;
    const { group, relay, epoch } = log.where;
    operations++;
    out.push({ type: "op", at, device: name, group, relay, f: "connect", outcome: "invoke", process });
    send(device);
    const max = log.length;
    out.push({ type: "op", at, device: name, group, relay, f: "connect", outcome: "ok", process, epoch, max });
    out.push({ type: "notified", at, device: name, group, relay, epoch, by: "Welcome", cursor: max });
  }

  function push(device: Device): void {
    const { name, log } = device;
    const { group } = log.where;
    const process = processes++;
    operations++;
    const op = numbers.hex(4);
    const digest = numbers.hex(4);
    const blob = numbers.hex(4);
    const sizeBytes = 16 + numbers.below(400);
    const ttlS = 2_592_000;
    out.push({
      type: "op",
      at,
      device: name,
      group,
      f: "push",
      outcome: "invoke",
      process,
      op,
      sizeBytes,
      digest,
      ttlS,
    });
    out.push({ type: "seal", at, host: name, key: 1000 + (device.number % GROUPS), nonce: numbers.hex(6) });
    const sequence = ++device.sequence;
    out.push({ type: "queued", at, device: name, group, process, op, blob, sequence });
    send(device);
    const row = { blob, op, digest, sizeBytes, sender: device.id, sequence, chain: numbers.hex(8) };
    log.rows.push(row);
    device.unacked.push({ process, row, cursor: log.length });
  }

  function acknowledge(device: Device): void {
    const { process, row, cursor } = device.unacked.shift()!;
    const where = { device: device.name, ...device.log.where };
    const { group } = where;
    const { blob, op, sizeBytes, digest, chain } = row;
    out.push({ type: "ack", at, ...where, blob, cursor, chain });
    out.push({ type: "notified", at, ...where, by: "PushAck", cursor });
    const push = { f: "push", outcome: "ok", process, op, sizeBytes, digest, ttlS: 2_592_000, blob } as const;
    out.push({ type: "op", at, device: device.name, group, ...push });
  }

  function ask(device: Device): void {
    const process = processes++;
    operations++;
    const where = { device: device.name, ...device.log.where };
    const after = device.cursor;
    out.push({ type: "op", at, ...where, f: "pull", outcome: "invoke", process, after });
    send(device);
    device.open = { process, after };
  }

  function answer(device: Device): void {
    const { log, name } = device;
    const { process, after } = device.open!;
    device.open = undefined;
    const max = log.length;
    const through = Math.min(max, after + 1 + numbers.below(PAGE_MAX));
    const where = { device: name, ...log.where };
    const page = { through, max, blobs: through - after, hasMore: through < max, gone: [] };
    out.push({ type: "op", at, ...where, f: "pull", outcome: "ok", process, after, ...page });
    if (through === after) return;
    for (let cursor = after + 1; cursor <= through; cursor++) {
      const { blob, op, digest, sizeBytes, sender, sequence } = log.at(cursor);
      const content = { blob, op, digest, sizeBytes, sender, sequence };
      out.push({ type: "deliver", at, ...where, index: device.inbox++, cursor, ...content });
    }
    device.cursor = through;
    device.chain = log.at(through).chain;
    const state = { cursor: through, chain: device.chain, inbox: device.inbox };
    out.push({ type: "durable-state", at, ...where, why: "commit", ...state });
    if (log.rows.length > 4096) forget(log);
  }

  /** What everybody has read is not needed any more. */
  function forget(log: Log): void {
    let lowest = log.length;
    for (const device of devices) if (device.log === log) lowest = Math.min(lowest, device.cursor);
    log.rows = log.rows.slice(lowest - log.base);
    log.base = lowest;
  }

  function crash(device: Device): void {
    const { name, log, open } = device;
    const where = { device: name, ...log.where };
    if (open !== undefined) {
      device.open = undefined;
      out.push({ type: "op", at, ...where, f: "pull", outcome: "info", ...open, error: "crashed" });
    }
    at += 10_000;
    const { cursor, chain, inbox } = device;
    const outbox = device.unacked.map(({ row }) => row.blob);
    out.push({ type: "durable-state", at, ...where, why: "crash", cursor, chain, inbox, outbox });
    connect(device);
  }

  function step(): void {
    at += 2;
    const device = devices[numbers.below(devices.length)]!;
    if (numbers.below(CRASH_ONE_IN) === 0) return crash(device);
    if (device.unacked.length > 4 || (device.unacked.length > 0 && numbers.below(2) === 0)) acknowledge(device);
    if (device.open !== undefined) return answer(device);
    if (numbers.below(5) < 2) push(device);
    else ask(device);
  }

  function begin(): void {
    for (const name of RELAYS) {
      out.push({ type: "resources", at, host: name, stage: "baseline", counts: { sessions: 0, timers: 1 } });
    }
    out.push({ type: "phase", at, phase: "steady", frames: 0 });
    for (const device of devices) connect(device);
  }

  function end(): void {
    at += 1000;
    out.push({ type: "phase", at, phase: "healed", frames: 0 });
    for (const device of devices) while (device.unacked.length > 0) acknowledge(device);
    for (const device of devices) {
      if (device.open !== undefined) answer(device);
      while (device.cursor < device.log.length) {
        ask(device);
        answer(device);
      }
    }
    out.push({ type: "phase", at, phase: "converged", frames: 0 });
    out.push({ type: "phase", at: at + 2000, phase: "quiet", frames: 0 });
    for (const { name, log, cursor, chain, inbox } of devices) {
      const state = { cursor, chain, inbox, delivered: "", outbox: [] };
      out.push({ type: "final-state", at: at + 2000, device: name, ...log.where, ...state });
    }
    for (const name of RELAYS) {
      out.push({ type: "resources", at: at + 2000, host: name, stage: "end", counts: { sessions: 0, timers: 1 } });
    }
    out.push({ type: "phase", at: at + 2000, phase: "end", frames: 0 });
  }

  return {
    plan,
    get operations() {
      return operations;
    },
    next(count) {
      out.length = 0;
      if (stage === "over") return out;
      if (stage === "start") begin();
      stage = "middle";
      while (out.length < count && operations < operationsMax) step();
      if (operations >= operationsMax) {
        end();
        stage = "over";
      }
      return out;
    },
  };
}
