import { describe, expect, it } from "vitest";
import { createCause } from "./choices.ts";
import { calm, createOpenPair, createPair, received, times } from "./toy-pair.ts";
import { ToyProgram } from "./toy-program.ts";

describe("connections", () => {
  it("open in a round trip, carry bytes both ways and close after what was sent before", () => {
    const pair = createPair(calm(), { echoes: true });
    pair.dial();
    expect(pair.until(10)).toEqual({ a: ["start 0 ", "2 opened 1 b:1"], b: ["start 0 ", "1 opened 2 a"] });
    pair.send("hi");
    expect(pair.until(20)).toEqual({ a: ["12 bytes 1 hi"], b: ["11 bytes 2 hi"] });
    pair.send("bye");
    pair.close();
    expect(pair.until(30)).toEqual({ a: [], b: ["21 bytes 2 bye", "21 closed 2"] });
    expect([pair.a.connectionCount, pair.b.connectionCount, pair.link.connections.size]).toEqual([0, 0, 0]);
    expect(pair.kernel.pendingEntries).toBe(0);
  });

  it("keep what was sent before they are open", () => {
    const pair = createPair();
    pair.dial();
    pair.send("early");
    expect(pair.until(10)).toEqual({
      a: ["start 0 ", "2 opened 1 b:1"],
      b: expect.arrayContaining(["3 bytes 2 early"]),
    });
  });

  it("number what they accept evenly, and never twice in one incarnation", () => {
    const pair = createOpenPair();
    pair.close();
    pair.dial(3);
    expect(pair.until(20).b).toEqual(["11 closed 2", "11 opened 4 a"]);
  });

  it("deliver in order under jitter, in whatever sizes", () => {
    for (let seedLo = 0; seedLo < 20; seedLo++) {
      const pair = createOpenPair(undefined);
      pair.kernel.reset({ seedLo, seedHi: 0, startWallMs: 0, eventBudget: 100_000 });
      const program = new ToyProgram();
      const a = pair.kernel.addHost("a", new ToyProgram());
      const b = pair.kernel.addHost("b", program, { listen: "b:1" });
      for (const host of [a, b]) host.start(pair.cause);
      const { up } = pair.kernel.network.link("a", "b");
      up.profile = { latencyMs: 5, jitterMs: 200 };
      a.command({ type: "dial", connection: 1, address: "b:1" }, pair.cause);
      pair.kernel.run(1000);
      let sent = "";
      for (let i = 0; i < 30; i++) {
        const text = `<${i}>`;
        sent += text;
        a.command({ type: "send", connection: 1, text }, createCause(100 + i));
        pair.kernel.run(1000 + i * 3);
      }
      pair.kernel.run(3000);
      expect(received(program.lines)).toBe(sent);
      expect(new Set(times(program.lines.slice(2))).size).toBeGreaterThan(2);
    }
  });

  it("answer bytes for an end that was closed meanwhile with nothing more than the close", () => {
    const pair = createOpenPair();
    pair.close();
    pair.send("into the void", pair.b);
    expect(pair.until(20)).toEqual({ a: [], b: ["11 closed 2"] });
  });

  it("give up a dial that is closed before it is accepted", () => {
    const pair = createPair();
    pair.dial();
    pair.close();
    expect(pair.until(10)).toEqual({ a: ["start 0 "], b: ["start 0 "] });
    expect(pair.link.connections.size).toBe(0);
  });
});

describe("a host that is not there", () => {
  it("refuses after a round trip when nobody listens", () => {
    const pair = createPair();
    pair.dial(1, "nowhere");
    pair.b.kill(pair.cause);
    pair.dial(3);
    expect(pair.until(10).a).toEqual(["start 0 ", "2 refused 1", "2 refused 3"]);
    expect(pair.a.connectionCount).toBe(0);
  });

  it("closes its peers' connections when the process dies, after what it had sent", () => {
    const pair = createOpenPair();
    pair.send("last words", pair.b);
    pair.kernel.at(10, pair.cause, () => pair.b.kill(pair.cause));
    expect(pair.until(20).a).toEqual(["11 bytes 1 last words", "11 closed 1"]);
  });

  it("leaves connections half open at power loss, until a peer sends something and the power is back", () => {
    const pair = createOpenPair();
    pair.b.powerLoss(pair.cause);
    expect(pair.until(5000).a).toEqual([]);
    pair.send("anyone there?");
    expect(pair.until(10_000).a).toEqual([]);
    pair.b.start(pair.cause);
    // The retransmission (calm: at once) and the reset.
    expect(pair.until(20_000)).toEqual({ a: ["10001 closed 1"], b: ["start 1 "] });
    expect(pair.link.connections.size).toBe(0);
  });

  it("resets at once when the power is back before the peer sends", () => {
    const pair = createOpenPair();
    pair.b.powerLoss(pair.cause);
    pair.b.start(pair.cause);
    expect(pair.until(5000).a).toEqual([]);
    pair.send("hello?");
    expect(pair.until(6000).a).toEqual(["5002 closed 1"]);
  });

  it("is dialled in vain without power, and gets the dial when it is back", () => {
    const pair = createPair();
    pair.b.powerLoss(pair.cause);
    pair.dial();
    expect(pair.until(5000).a).toEqual(["start 0 "]);
    pair.b.start(pair.cause);
    expect(pair.until(6000)).toEqual({ a: ["5001 opened 1 b:1"], b: ["start 1 ", "5000 opened 2 a"] });
  });

  it("is told nothing that a peer held back behind a block when that peer lost power", () => {
    const pair = createOpenPair();
    const toxic = pair.link.up.add({ type: "blocked" });
    pair.send("lost");
    pair.until(20);
    pair.link.up.profile = { latencyMs: 100, jitterMs: 0 };
    pair.send("a gap would be before this");
    pair.until(21);
    pair.a.powerLoss(pair.cause);
    pair.link.up.remove(toxic);
    expect(pair.until(5000).b).toEqual([]);
    expect(pair.b.connectionCount).toBe(1);
  });
});

describe("a dial into a partition", () => {
  it("hears nothing until it heals, and may be given up before", () => {
    const pair = createPair();
    const toxic = pair.link.down.add({ type: "blocked" });
    pair.dial(1);
    pair.dial(3);
    expect(pair.until(5000)).toEqual({ a: ["start 0 "], b: ["start 0 ", "1 opened 2 a", "1 opened 4 a"] });
    pair.close(pair.a, 3);
    pair.link.down.remove(toxic);
    expect(pair.until(6000)).toEqual({ a: ["5000 opened 1 b:1"], b: ["5001 closed 4"] });
  });
});
