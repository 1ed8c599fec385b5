/** For tests: a whole device on real sockets, with its store in memory (the simulated one, on a simulated disk). */
import { Client } from "../../core/client/client.ts";
import { DEFAULT_CLIENT_CONFIG } from "../../core/client/config.ts";
import type { ClientCommand, ClientEvent } from "../../core/client/events.ts";
import type { Context } from "../../core/context.ts";
import type { RelayAddress } from "../../core/ids.ts";
import { Redacted } from "../../core/redacted.ts";
import { encodeText } from "../../core/text.ts";
import { HexNames } from "../../sim/hex-names.ts";
import { DeviceStore } from "../../sim/device-store.ts";
import { RecordWriter } from "../../sim/record-writer.ts";
import type { Disk } from "../../sim/kernel/disk.ts";
import { Kernel } from "../../sim/kernel/kernel.ts";
import type { StagedStore } from "../../sim/kernel/program.ts";
import { ToyProgram } from "../../sim/kernel/toy-program.ts";
import { createFastSuite } from "../crypto/fast-suite.ts";
import type { Clock } from "./clock.ts";
import { createRealClock } from "./clock.ts";
import { createEntropy } from "./entropy.ts";
import { MachineDriver } from "./machine-driver.ts";
import type { TransactionStore } from "./transaction-store.ts";

export const CONTEXT: Context = { entropy: createEntropy(), suite: createFastSuite(), mark: () => {} };
export const WRITER = new RecordWriter();
export const GROUP_SECRET = new Uint8Array(32).map((_, i) => 0xc0 ^ (7 * i));

export function createDisk(): Disk {
  const kernel = new Kernel({ seedLo: 1, seedHi: 0, startWallMs: 0, eventBudget: 1000 });
  return kernel.addHost("memory", new ToyProgram()).disk;
}

/** A simulated store as a driver wants it. */
export function inMemory<Operation, Answer>(
  store: StagedStore<Operation, Answer>,
): TransactionStore<Operation, Answer> {
  return {
    run(operations, wallMs) {
      store.stage(operations, { monoMs: 0, wallMs });
      return store.commit();
    },
    close() {},
  };
}

/** Connects at once. */
export function startDevice(relay: RelayAddress, clock: Clock = createRealClock()) {
  const events: ClientEvent[] = [];
  const store = new DeviceStore(createDisk(), WRITER, new HexNames());
  const machine = new Client(
    { relays: [relay], groupSecret: new Redacted(GROUP_SECRET), config: DEFAULT_CLIENT_CONFIG },
    CONTEXT,
  );
  const driver = new MachineDriver({
    machine,
    store: inMemory(store),
    clock,
    onEvent: (event) => void events.push(event),
    onBroken(error) {
      throw error;
    },
  });
  driver.command({ type: "connect" });
  let pushes = 0;
  return {
    driver,
    events,
    tell: (command: ClientCommand) => driver.command(command),
    push: (text: string) => driver.command({ type: "push", ref: pushes++, body: encodeText(text), ttlS: 0 }),
    count: (type: ClientEvent["type"]) => events.filter((event) => event.type === type).length,
    delivered: () => store.inbox.map(({ body }) => Buffer.from(body).toString()),
    close: () => driver.close(),
  };
}
