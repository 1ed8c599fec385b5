/** That E-HS-01 to 03 cut where they say: their limits of bytes against what the handshake puts on the wire. */
import { expect, test } from "vitest";
import { BytePool } from "../core/bytes.ts";
import { SecureChannel } from "../core/noise/channel.ts";
import { PROLOGUE } from "../core/prologue.ts";
import { findScenario } from "../scenarios/registry.ts";
import { Simulator } from "./simulator.ts";
import { toySuite as suite } from "./toy-suite.ts";

function channel(role: "initiator" | "responder", fill: number): SecureChannel {
  const [staticKey, ephemeral] = [new Uint8Array(32).fill(fill), new Uint8Array(32).fill(fill + 1)];
  return new SecureChannel({ suite, role, prologue: PROLOGUE, staticKey, ephemeral, pool: new BytePool() });
}

/** Bytes of the stream up to the end of each message of the handshake, by its direction. */
function borders() {
  const [device, relay] = [channel("initiator", 1), channel("responder", 3)];
  const first = device.start()!;
  relay.receive(first);
  const second = relay.pollSend()!;
  device.receive(second);
  const third = device.pollSend()!;
  relay.receive(third);
  expect([device.isEstablished, relay.isEstablished]).toEqual([true, true]);
  return {
    "E-HS-01": { stream: "up", bytes: first.length },
    "E-HS-02": { stream: "down", bytes: second.length },
    "E-HS-03": { stream: "up", bytes: first.length + third.length },
  };
}

test.each(Object.entries(borders()))("%s cuts at the border of its message, and the device notices", (id, border) => {
  const simulator = new Simulator();
  for (const seed of ["0x1", "0x2a"]) {
    const plan = findScenario(id)!.plan!(seed);
    const cuts = plan.steps.filter((step) => step.do === "toxic" && step.toxic.type === "limit_data");
    expect(cuts.length).toBeGreaterThan(0);
    for (const step of cuts) {
      if (step.do !== "toxic" || step.toxic.type !== "limit_data") continue;
      expect({ stream: step.stream, bytes: step.toxic.bytes }).toEqual(border);
    }
    const lost = simulator.run(plan).history.filter((record) => record.type === "disconnected");
    expect(lost.some(({ device, why }) => device === "a" && why === "closed")).toBe(true);
  }
});
