import { describe, expect, it } from "vitest";
import { createCause } from "./choices.ts";
import { Kernel } from "./kernel.ts";
import { createOpenPair, createPair, received, times } from "./toy-pair.ts";
import { ToyProgram } from "./toy-program.ts";

describe("toxics", () => {
  it("latency: adds to what is sent, leaves what is in flight, and keeps the order after removal", () => {
    const pair = createOpenPair();
    pair.link.up.profile = { latencyMs: 50, jitterMs: 0 };
    pair.send("a");
    pair.until(20);
    const toxic = pair.link.up.add({ type: "latency", latencyMs: 100, jitterMs: 10 });
    pair.send("b");
    pair.until(30);
    pair.link.up.remove(toxic);
    pair.send("c");
    expect(pair.until(1000).b).toEqual(["60 bytes 2 a", "170 bytes 2 b", "170 bytes 2 c"]);
    expect(toxic.effect).toBe(1);
  });

  it("bandwidth: delays by size, connection by connection, in pieces of at most 100 ms", () => {
    const pair = createOpenPair();
    pair.dial(3);
    pair.until(20);
    pair.send("before");
    pair.until(20);
    const toxic = pair.link.up.add({ type: "bandwidth", bytesPerS: 100 });
    pair.send("x".repeat(25));
    pair.send("yy");
    pair.send("zz", pair.a, 3);
    const { b } = pair.until(1000);
    expect(times(b)).toEqual([21, 41, 121, 221, 271, 291]);
    expect(b[1]).toBe("41 bytes 4 zz");
    expect(received(b)).toBe(`before${"zz"}${"x".repeat(25)}yy`);
    expect(toxic.effect).toBe(3);
  });

  it("bandwidth: what waits follows the rate of the moment, and goes at once, in order, when the toxic goes", () => {
    const pair = createOpenPair();
    const { up } = pair.link;
    const toxic = up.add({ type: "bandwidth", bytesPerS: 100 });
    pair.send("x".repeat(50));
    expect(times(pair.until(201).b)).toEqual([111]);
    const slower = up.add({ type: "bandwidth", bytesPerS: 10 });
    // The piece that is leaving goes on at its old rate, the next ones are smaller.
    expect(times(pair.until(520).b)).toEqual([211, 311, 411, 511]);
    pair.send("y");
    up.remove(slower);
    expect(pair.until(530).b).toEqual([]);
    up.remove(toxic);
    const { b } = pair.until(532);
    expect(received(b)).toBe(`${"x".repeat(27)}y`);
  });

  it("slicer: cuts into pieces of about that size with pauses, and few enough", () => {
    const pair = createOpenPair(undefined);
    pair.link.up.add({ type: "slicer", averageBytes: 10, delayMs: 5 });
    const text = Array.from({ length: 40 }, (_, i) => `${i % 10}abcdefghi`).join("");
    pair.send(text);
    const { b } = pair.until(1000);
    expect(received(b)).toBe(text);
    const sizes = b.map((line) => received([line]).length);
    for (const size of sizes.slice(0, -1)) expect(size).toBeGreaterThan(4);
    for (const size of sizes) expect(size).toBeLessThan(16);
    expect(times(b).at(-1)! - times(b)[0]!).toBe((sizes.length - 1) * 5);
    pair.send("z".repeat(100_000));
    expect(pair.until(100_000).b.length).toBeLessThanOrEqual(256);
  });

  it("loss: holds the stream for retransmissions, in bursts as long as asked for, and loses nothing", () => {
    for (const burst of [1, 4]) {
      const base = { seedLo: 3, seedHi: 0, startWallMs: 0, eventBudget: 100_000 };
      const kernel = new Kernel(base);
      const program = new ToyProgram();
      const [a, b] = [kernel.addHost("a", new ToyProgram()), kernel.addHost("b", program, { listen: "b:1" })];
      const cause = createCause(1);
      a.start(cause);
      b.start(cause);
      a.command({ type: "dial", connection: 1, address: "b:1" }, cause);
      kernel.run(10);
      kernel.network.link("a", "b").up.profile = { latencyMs: 1, jitterMs: 0 };
      const toxic = kernel.network.link("a", "b").up.add({ type: "loss", permille: 200, burst });
      const delays: number[] = [];
      program.lines.length = 0;
      for (let i = 0; i < 1000; i++) {
        const sentMs = kernel.nowMs;
        a.command({ type: "send", connection: 1, text: "x" }, cause);
        kernel.run(sentMs + 60_000);
        delays.push(times(program.lines.splice(0))[0]! - sentMs - 1);
      }
      const lost = delays.filter((delay) => delay > 0);
      expect(toxic.effect).toBe(lost.length);
      // 200, 200 + 400, …, the seventh further one costs no more than 3.2 s.
      expect(lost.every((delay) => [200, 600, 1400, 3000, 6200].includes(delay) || (delay - 6200) % 3200 === 0)).toBe(
        true,
      );
      const runs = delays.map((delay) => [0, 200, 600, 1400, 3000].indexOf(delay)).map((run) => (run < 0 ? 5 : run));
      const mean = runs.reduce((sum, run) => sum + run, 0) / lost.length;
      if (burst === 1) expect(mean).toBeLessThan(1.5);
      else expect(mean).toBeGreaterThan(2);
    }
  });

  it("slow_close: delays the end, not the bytes before it", () => {
    const pair = createOpenPair();
    pair.link.up.add({ type: "slow_close", delayMs: 500 });
    pair.send("bye");
    pair.close();
    expect(pair.until(1000).b).toEqual(["11 bytes 2 bye", "511 closed 2"]);
  });

  it("blocked: holds what is in flight, dials and closes too, and lets all of it through in order", () => {
    const pair = createOpenPair();
    pair.send("a");
    pair.send("back", pair.b);
    const toxic = pair.link.up.add({ type: "blocked" });
    pair.until(20);
    pair.send("b");
    pair.dial(3);
    expect(pair.until(5000)).toEqual({ a: [], b: [] });
    pair.send("c");
    pair.close();
    pair.until(5000);
    pair.link.up.remove(toxic);
    pair.dial(5);
    const { b } = pair.until(9000);
    expect(b).toEqual([
      "5000 bytes 2 a",
      "5000 bytes 2 b",
      "5000 opened 4 a",
      "5001 bytes 2 c",
      "5001 closed 2",
      "5001 opened 6 a",
    ]);
    expect(toxic.effect).toBe(3);
  });

  it("blocked: the release is chosen, and nothing overtakes what is held", () => {
    for (let seedLo = 0; seedLo < 30; seedLo++) {
      const kernel = new Kernel({ seedLo, seedHi: 0, startWallMs: 0, eventBudget: 1000 });
      const program = new ToyProgram();
      const [a, b] = [kernel.addHost("a", new ToyProgram()), kernel.addHost("b", program, { listen: "b:1" })];
      const cause = createCause(1);
      for (const host of [a, b]) host.start(cause);
      a.command({ type: "dial", connection: 1, address: "b:1" }, cause);
      kernel.run(100);
      const { up } = kernel.network.link("a", "b");
      const toxic = up.add({ type: "blocked" });
      a.command({ type: "send", connection: 1, text: "1" }, cause);
      kernel.run(200);
      up.remove(toxic);
      a.command({ type: "send", connection: 1, text: "2" }, cause);
      kernel.run(210);
      const again = up.add({ type: "blocked" });
      kernel.run(5000);
      a.command({ type: "send", connection: 1, text: "3" }, cause);
      kernel.run(6000);
      up.remove(again);
      kernel.run(8000);
      const bytes = program.lines.filter((line) => line.includes("bytes"));
      expect(received(bytes)).toBe("123");
      expect(times(bytes).every((ms) => ms <= 210 || (ms >= 6000 && ms <= 7000))).toBe(true);
    }
  });

  it("timeout: drops bytes in flight too, and breaks the connection after the time since the last", () => {
    const pair = createOpenPair();
    pair.send("in flight");
    pair.kernel.at(10, pair.cause, () => pair.link.up.add({ type: "timeout", timeoutMs: 100 }));
    pair.until(50);
    pair.send("late");
    pair.send("the other way still works", pair.b);
    expect(pair.until(150)).toEqual({ a: ["51 bytes 1 the other way still works"], b: [] });
    expect(pair.until(1000)).toEqual({ a: ["151 closed 1"], b: ["151 closed 2"] });
  });

  it("timeout 0: breaks only at removal; a new connection under a timeout breaks too", () => {
    const pair = createOpenPair();
    const toxic = pair.link.down.add({ type: "timeout", timeoutMs: 0 });
    pair.send("dropped", pair.b);
    expect(pair.until(5000)).toEqual({ a: [], b: [] });
    pair.link.down.remove(toxic);
    expect(pair.until(6000)).toEqual({ a: ["5000 closed 1"], b: ["5000 closed 2"] });
    pair.link.down.add({ type: "timeout", timeoutMs: 300 });
    pair.dial(3);
    expect(pair.until(9000)).toEqual({
      a: ["6002 opened 3 b:1", "6301 closed 3"],
      b: ["6001 opened 4 a", "6301 closed 4"],
    });
  });

  it("reset_peer: breaks some time after the first bytes, which are dropped, even if removed meanwhile", () => {
    const pair = createOpenPair();
    const toxic = pair.link.up.add({ type: "reset_peer", timeoutMs: 100 });
    pair.until(50);
    pair.send("first");
    pair.until(60);
    pair.link.up.remove(toxic);
    pair.send("second");
    expect(pair.until(1000)).toEqual({ a: ["151 closed 1"], b: ["151 closed 2"] });
    pair.link.up.add({ type: "reset_peer", timeoutMs: 0 });
    pair.dial(3);
    pair.until(1010);
    pair.send("first", pair.a, 3);
    expect(pair.until(2000)).toEqual({ a: ["1011 closed 3"], b: ["1011 closed 4"] });
  });

  it("limit_data: lets the bytes up to the limit through, in flight too, and then breaks", () => {
    const pair = createOpenPair();
    pair.send("123");
    pair.kernel.at(10, pair.cause, () => pair.link.up.add({ type: "limit_data", bytes: 5 }));
    pair.until(20);
    expect(pair.b.connectionCount).toBe(1);
    pair.send("4567");
    expect(pair.until(30)).toEqual({ a: ["21 closed 1"], b: ["21 bytes 2 45", "21 closed 2"] });
  });

  it("down: breaks everything at once, loses what is in flight and refuses dials", () => {
    const pair = createOpenPair();
    pair.send("lost");
    pair.dial(3);
    const toxic = (): unknown => pair.link.down.toxics[0];
    pair.kernel.at(10, pair.cause, () => pair.link.down.add({ type: "down" }));
    expect(pair.until(20)).toEqual({ a: ["10 closed 1", "10 refused 3"], b: ["10 closed 2"] });
    pair.dial(5);
    expect(pair.until(30)).toEqual({ a: ["22 refused 5"], b: [] });
    expect(toxic()).toMatchObject({ effect: 3 });
    pair.link.down.remove(pair.link.down.toxics[0]!);
    pair.dial(7);
    expect(pair.until(40).a).toEqual(["32 opened 7 b:1"]);
  });

  it("tell of their first effect only, and are idle when nothing came by", () => {
    const pair = createOpenPair();
    const effects: [string, number][] = [];
    pair.kernel.network.onEffect = (toxic, atMs) => effects.push([toxic.spec.type, atMs]);
    const idle = pair.link.down.add({ type: "blocked" });
    const busy = pair.link.up.add({ type: "latency", latencyMs: 5, jitterMs: 0 });
    pair.send("a");
    pair.until(20);
    pair.send("b");
    pair.until(30);
    expect([effects, idle.effect, busy.effect]).toEqual([[["latency", 10]], 0, 2]);
  });

  it("refuse what is not built or makes no sense", () => {
    const { up } = createPair().link;
    expect(() => up.add({ type: "tamper", how: "flip", skip: 0 })).toThrow("tamper needs to know of messages");
    expect(() => up.add({ type: "loss", permille: 1000, burst: 1 })).toThrow(RangeError);
    expect(() => up.add({ type: "bandwidth", bytesPerS: 0 })).toThrow(RangeError);
    expect(up.toxics).toEqual([]);
  });
});
