import { connect } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { DEFAULT_RELAY_CONFIG } from "../../core/relay/config.ts";
import type { RelayEvent } from "../../core/relay/events.ts";
import { Relay } from "../../core/relay/relay.ts";
import type { Disk } from "../../sim/kernel/disk.ts";
import { HexNames } from "../../sim/hex-names.ts";
import { RelayStore } from "../../sim/relay-store.ts";
import { createRealClock } from "./clock.ts";
import { MachineDriver } from "./machine-driver.ts";
import { WRITER, CONTEXT, createDisk, inMemory, startDevice } from "./memory-device.ts";

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close();
});

async function until<T>(find: () => T | undefined | false): Promise<T> {
  const endMs = Date.now() + 10_000;
  for (;;) {
    const found = find();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > endMs) throw new Error("did not come about within ten seconds");
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

async function startRelay(disk: Disk, atPort = 0) {
  const events: RelayEvent[] = [];
  const machine = new Relay(DEFAULT_RELAY_CONFIG, CONTEXT);
  const driver = new MachineDriver({
    machine,
    store: inMemory(new RelayStore(disk, CONTEXT.suite, WRITER, new HexNames())),
    clock: createRealClock(),
    onEvent: (event) => void events.push(event),
    onBroken(error) {
      throw error;
    },
  });
  open.push(driver);
  const { port } = await driver.listen({ host: "127.0.0.1", port: atPort });
  const id = await until(() => events.find((event) => event.type === "ready")?.relayId);
  return { machine, driver, events, id, port };
}
function device(relay: { readonly id: Uint8Array; readonly port: number }) {
  const started = startDevice({ id: relay.id, endpoint: `127.0.0.1:${relay.port}` });
  open.push(started);
  return started;
}

describe("relay and devices on real sockets", () => {
  it("push, acknowledge, notify, pull: two devices end with the same inbox", async () => {
    const relay = await startRelay(createDisk());
    const [one, other] = [device(relay), device(relay)];
    await until(() => one.count("connected") + other.count("connected") === 2);
    for (let i = 0; i < 200; i++) one.push(`blob ${i}`);
    await until(() => one.count("acked") === 200);
    await until(() => other.delivered().length === 200 && one.delivered().length === 200);
    expect(other.delivered()).toEqual(one.delivered());
    expect(new Set(one.delivered()).size).toBe(200);
  });

  it("what was pushed while the relay was away arrives when it is back", async () => {
    const disk = createDisk();
    const relay = await startRelay(disk);
    const one = device(relay);
    await until(() => one.count("connected") === 1);
    relay.driver.command({ type: "shutdown" });
    await until(() => relay.events.find((event) => event.type === "stopped"));
    await relay.driver.close();
    expect(relay.driver.resources).toEqual({ connections: 0, sockets: 0, waitingOperations: 0 });
    await until(() => one.count("disconnected") === 1);
    one.push("kept");
    await until(() => one.count("queued") === 1);
    const again = await startRelay(disk, relay.port);
    expect(again.id).toEqual(relay.id);
    one.tell({ type: "connect" });
    await until(() => one.count("acked") === 1);
  });

  it("a stranger who talks nonsense, or says nothing, disturbs nobody", async () => {
    const relay = await startRelay(createDisk());
    const one = device(relay);
    const strangers = Array.from({ length: 50 }, (_, i) => {
      const socket = connect(relay.port, "127.0.0.1");
      socket.on("error", () => {});
      if (i % 2 === 0) socket.write(Buffer.alloc(1 + i * 100, i));
      return socket;
    });
    await until(() => one.count("connected") === 1);
    one.push("through");
    await until(() => one.count("acked") === 1);
    await until(() => relay.events.some((event) => event.type === "dropped"));
    for (const socket of strangers) socket.destroy();
    await until(() => relay.machine.resources()["sessions"] === 1);
    expect(relay.driver.resources.connections).toBe(1);
  });
});
