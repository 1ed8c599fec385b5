/**
 * A device that does what a controller tells it: the client machine on a real socket and a real disk, with orders
 * coming in and reports going out as lines (`scenarios/agent-protocol.ts`). It decides nothing; what it tells is what
 * its machine told it and what its disk holds after a commit.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { encodeHex } from "../../core/bytes.ts";
import { Client } from "../../core/client/client.ts";
import type { ClientCommand, ClientEvent } from "../../core/client/events.ts";
import type { DeviceAnswer, DeviceOperation } from "../../core/client/store.ts";
import { assertInvariant, InvariantViolation, unreachable } from "../../core/invariant.ts";
import type { AgentConfig } from "../../scenarios/agent-config.ts";
import { isTold } from "../../scenarios/agent-event.ts";
import {
  AGENT_PROTOCOL,
  describeAgentLineError,
  encodeAgentReport,
  isAgentRecord,
  parseAgentOrder,
  type AgentOrder,
  type AgentReport,
  type AgentState,
} from "../../scenarios/agent-protocol.ts";
import { DiskReader } from "../../scenarios/disk-reader.ts";
import type { HistorySink } from "../../scenarios/history-sink.ts";
import type { HistoryRecord } from "../../scenarios/history.ts";
import { observeSuite } from "../../scenarios/observed-suite.ts";
import { createPayload } from "../../scenarios/payload.ts";
import { sealRecord } from "../../scenarios/seal-record.ts";
import { createFastSuite } from "../crypto/fast-suite.ts";
import { createRealClock } from "../driver/clock.ts";
import { createEntropy } from "../driver/entropy.ts";
import type { FaultFile } from "../driver/fault-file.ts";
import { MachineDriver } from "../driver/machine-driver.ts";
import { makeFolder } from "../made-folder.ts";
import { openDeviceStore, type DeviceStore } from "../sqlite/device-store.ts";
import { UserError } from "../user-error.ts";
import { Moments } from "./moments.ts";
import { createSqliteDisk } from "./sqlite-disk.ts";

/** What an agent needs of its process. */
export interface AgentPort {
  /** One line, without its line break; the controller has it when this returns. */
  readonly write: (line: string) => void;
  /** The machine's monotonic clock, whole microseconds. */
  readonly nowUs: () => number;
  /** SIGKILL to this process: does not return. */
  readonly killSelf: () => void;
  /** Only where a controller may spoil its clock and its disk. */
  readonly faults?: FaultFile | undefined;
}

type Report = AgentReport extends infer R ? (R extends unknown ? Omit<R, "atUs"> : never) : never;
type Resume = Extract<AgentOrder, { type: "resume" }>;
type Driver = MachineDriver<ClientCommand, ClientEvent, DeviceOperation, DeviceAnswer>;

interface Device {
  readonly machine: Client;
  readonly driver: Driver;
  readonly store: DeviceStore;
  readonly reader: DiskReader;
}

const DATABASE = "device.db";

export class Agent {
  /** Resolves when it has ended: true unless something broke. */
  readonly ended: Promise<boolean>;
  readonly #config: AgentConfig;
  readonly #port: AgentPort;
  readonly #relayNames: ReadonlyMap<string, string>;
  readonly #moments: Moments;
  #device: Device | undefined;
  #isEnding = false;
  #end: (isWell: boolean) => void = () => {};

  constructor(config: AgentConfig, port: AgentPort) {
    this.#config = config;
    this.#port = port;
    this.#relayNames = new Map(config.relays.map(({ name, address }) => [encodeHex(address.id), name]));
    this.#moments = new Moments((moment) => {
      this.#report({ type: "stopping", moment });
      port.killSelf();
    });
    this.ended = new Promise((resolve) => (this.#end = resolve));
  }

  /** One line of the controller's. Throws a `UserError` for what is no order. */
  order(line: string): void {
    if (this.#isEnding) return;
    const parsed = parseAgentOrder(line);
    if (!parsed.ok) throw new UserError(`An order was not understood: ${describeAgentLineError(parsed.error)}.`);
    const order = parsed.value;
    if (order.type === "exit") return this.stop();
    if (order.type === "resume") return this.#resume(order);
    if (this.#device === undefined) throw new UserError(`The first order must be "resume", and was "${order.type}".`);
    this.#obey(this.#device, order);
  }

  /** Leaves its relay with a word, and closes everything. */
  stop(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    const device = this.#device;
    if (device === undefined) return this.#end(true);
    device.driver.command({ type: "disconnect" });
    void device.driver.close().then(() => {
      device.store.close();
      this.#end(true);
    });
  }

  #resume(order: Resume): void {
    if (this.#device !== undefined) throw new UserError('The order "resume" comes once.');
    if (order.protocol !== AGENT_PROTOCOL) {
      throw new UserError(
        `The controller speaks version ${order.protocol} of the agent's protocol and this agent version ` +
          `${AGENT_PROTOCOL}: start both from the same build.`,
      );
    }
    const { dataDir, device, group, groupSecret, relays, config } = this.#config;
    makeFolder(dataDir, 0o700);
    const opened = openDeviceStore(join(dataDir, DATABASE), { faults: this.#port.faults });
    if (!opened.ok) throw new UserError(opened.error.sentence);
    const store = opened.value;

    const hexes = new Map(relays.map(({ name, address }) => [name, encodeHex(address.id)]));
    const reader = new DiskReader(this.#sink(), device, group, hexes, order);
    reader.opened(createSqliteDisk(store), order.isFirst);

    const suite = observeSuite(createFastSuite(), {
      sealed: (key, nonce) => {
        const seal = sealRecord(0, device, key, nonce);
        if (seal !== undefined) this.#record(seal);
      },
    });
    const context = { entropy: createEntropy(), suite, mark: () => {} };
    const machine = new Client({ relays: relays.map(({ address }) => address), groupSecret, config }, context);
    const transactions = this.#moments.watchStore(store);
    const driver: Driver = new MachineDriver({
      machine: this.#moments.watchMachine(machine),
      store: {
        run(operations, wallMs) {
          const answers = transactions.run(operations, wallMs);
          reader.committed();
          return answers;
        },
        close: () => store.close(),
      },
      clock: this.#port.faults?.shift(createRealClock()) ?? createRealClock(),
      onEvent: (event) => this.#heard(machine, event),
      onBroken: (error) => this.#broke(error),
    });
    this.#device = { machine, driver, store, reader };
  }

  #obey(device: Device, order: Exclude<AgentOrder, { type: "resume" | "exit" }>): void {
    const { driver, reader } = device;
    switch (order.type) {
      case "push": {
        const { ref, op, sizeBytes, ttlS } = order;
        return driver.command({ type: "push", ref, body: createPayload(op, sizeBytes), ttlS });
      }
      case "pull":
      case "connect":
      case "disconnect":
        return driver.command({ type: order.type });
      case "pause":
        // Nothing of this process takes a turn: not its timers, not its sockets.
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, order.forMs);
        return;
      case "stop-at":
        return this.#moments.await(order.moment);
      case "report":
        return this.#report({ type: "answer", id: order.id, ...this.#state(device) });
      case "final":
        reader.recordFinal();
        return this.#report({ type: "answer", id: order.id, ...this.#state(device) });
      default:
        return unreachable(order);
    }
  }

  /** Records go to the controller, which adds the time of the report. */
  #sink(): HistorySink {
    return {
      at: 0,
      names: { of: encodeHex },
      nextProcess() {
        throw new InvariantViolation("the controller numbers the operations");
      },
      add: (record) => this.#record(record),
    };
  }

  #record(record: HistoryRecord): void {
    assertInvariant(isAgentRecord(record), `an agent does not record "${record.type}"`);
    const { at: _at, ...untimed } = record;
    this.#report({ type: "record", record: untimed });
  }

  #heard(machine: Client, event: ClientEvent): void {
    if (event.type === "ready") {
      const deviceId = encodeHex(event.deviceId);
      this.#report({ type: "up", protocol: AGENT_PROTOCOL, deviceId, pid: process.pid });
    } else if (isTold(event)) {
      const position = "relay" in event ? machine.positionAt(event.relay) : undefined;
      this.#report({ type: "event", event, epoch: position === undefined ? "" : encodeHex(position.epoch) });
    }
  }

  #broke(error: unknown): void {
    this.#isEnding = true;
    const why = error instanceof Error ? error.message : String(error);
    this.#report({ type: "failed", why, isInvariant: error instanceof InvariantViolation });
    this.#device?.store.close();
    this.#end(false);
  }

  #state({ machine, driver }: Device): AgentState {
    const { connections, sockets, waitingOperations } = driver.resources;
    const descriptors = descriptorCount();
    const standing: Record<string, string> = {};
    for (const [relay, name] of this.#relayNames) standing[name] = describeStanding(machine, relay);
    return {
      standing,
      waitingFor: machine.waitingFor().map(({ relay, what }) => {
        return relay === null ? what : `${what} (${this.#relayNames.get(relay) ?? relay})`;
      }),
      outbox: machine.outbox().length,
      resources: {
        ...machine.resources(),
        driverConnections: connections,
        sockets,
        waitingOperations,
        ...(descriptors === undefined ? {} : { descriptors }),
      },
      heapBytes: process.memoryUsage().heapUsed,
    };
  }

  #report(report: Report): void {
    this.#port.write(encodeAgentReport({ ...report, atUs: this.#port.nowUs() } as AgentReport));
  }
}

function describeStanding(machine: Client, relay: string): string {
  const position = machine.positionAt(relay);
  if (position === undefined) return "";
  const { cursor, chain } = position.contiguous;
  return `${encodeHex(position.epoch)}/${cursor}/${encodeHex(chain)}`;
}

/** `undefined` where the system does not tell. */
function descriptorCount(): number | undefined {
  try {
    // One of them is this look's own.
    return readdirSync("/proc/self/fd").length - 1;
  } catch {
    return undefined;
  }
}
