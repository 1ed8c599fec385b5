import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createCause } from "./choices.ts";
import { Kernel } from "./kernel.ts";
import type { KernelOptions } from "./kernel.ts";
import { ToyProgram } from "./toy-program.ts";
import type { TraceEvent } from "./trace.ts";
import { WordHash } from "./word-hash.ts";

interface Played {
  readonly hash: string;
  readonly shapeHash: string;
  readonly lines: readonly string[];
}

/** A lively run: two hosts talk to the echo of a third, under toxics, a crash, a pause and a power loss. */
function play(kernel: Kernel, text = "x"): Played {
  const relay = new ToyProgram({ echoes: true, writesAtOpen: "log" });
  const programs = [relay, new ToyProgram(), new ToyProgram()];
  const [r, a, b] = [
    kernel.addHost("r", programs[0]!, { listen: "r:1" }),
    kernel.addHost("a", programs[1]!),
    kernel.addHost("b", programs[2]!),
  ];
  const setup = createCause(1);
  for (const host of [r, a, b]) host.start(setup);
  kernel.network.link("a", "r").up.add({ type: "loss", permille: 100, burst: 3 });
  kernel.network.link("b", "r").down.add({ type: "slicer", averageBytes: 3, delayMs: 2 });
  for (let i = 0; i < 100; i++) {
    const cause = createCause(10 + i);
    const host = i % 2 === 0 ? a : b;
    const connection = 1 + 2 * Math.floor(i / 20);
    kernel.at(i * 20, cause, () => {
      if (i % 20 < 2) host.command({ type: "dial", connection, address: "r:1" }, cause);
      else host.command({ type: "send", connection, text: `${text}${i}`.repeat(i % 7) }, cause);
    });
  }
  kernel.at(300, setup, () => r.pause());
  kernel.at(400, setup, () => r.resume());
  kernel.at(900, setup, () => r.powerLoss(setup));
  kernel.at(1000, setup, () => r.start(setup));
  kernel.at(1500, setup, () => a.kill(setup));
  kernel.at(1510, setup, () => a.start(setup));
  expect(kernel.run(60_000)).toBe("done");
  // Enough for some checkpoints.
  for (let i = 0; i < 3000; i++) kernel.trace.addWord(i);
  const lines = programs.flatMap((program) => program.lines);
  return { hash: kernel.trace.hash(), shapeHash: kernel.trace.shapeHash(), lines };
}

const options = (seedLo: number): KernelOptions => ({ seedLo, seedHi: 0, startWallMs: 1e12, eventBudget: 100_000 });

describe("a kernel", () => {
  it("plays the same seed the same way, and another seed another way", () => {
    const first = play(new Kernel(options(1)));
    expect(first.lines.length).toBeGreaterThan(100);
    expect(play(new Kernel(options(1)))).toEqual(first);
    expect(play(new Kernel(options(2))).hash).not.toBe(first.hash);
  });

  it("is as new after a reset, whatever happened before", () => {
    const kernel = new Kernel(options(5));
    play(kernel);
    kernel.network.link("a", "r").up.add({ type: "blocked" });
    kernel.at(70_000, createCause(1), () => expect.unreachable());
    for (const seed of [1, 2, 1]) {
      kernel.reset(options(seed));
      expect([kernel.nowMs, kernel.handled, kernel.pendingEntries, kernel.hosts.length]).toEqual([0, 0, 0, 0]);
      const fresh = new Kernel(options(seed));
      expect(play(kernel)).toEqual(play(fresh));
      expect(kernel.trace.checkpoints).toEqual(fresh.trace.checkpoints);
      expect(fresh.trace.checkpoints.length).toBeGreaterThan(2);
      expect(kernel.handled).toBe(fresh.handled);
    }
  });

  it("forgets a violation at reset", () => {
    const kernel = new Kernel(options(1));
    kernel.fail("a", new Error("broken"));
    expect(kernel.run(1)).toBe("violation");
    kernel.reset(options(1));
    expect([kernel.run(5), kernel.nowMs, kernel.violation]).toEqual(["done", 5, undefined]);
  });

  it("takes no host or address twice", () => {
    const kernel = new Kernel(options(1));
    kernel.addHost("a", new ToyProgram(), { listen: "x" });
    expect(() => kernel.addHost("a", new ToyProgram())).toThrow("host a");
    expect(() => kernel.addHost("b", new ToyProgram(), { listen: "x" })).toThrow("listen on x");
  });

  it("moves no other operation's choices when one is taken out", () => {
    const arrivals = (without: number): Map<string, string> => {
      const kernel = new Kernel(options(3));
      const program = new ToyProgram();
      kernel.addHost("r", program, { listen: "r:1" }).start(createCause(1));
      const a = kernel.addHost("a", new ToyProgram());
      a.start(createCause(1));
      a.command({ type: "dial", connection: 1, address: "r:1" }, createCause(2));
      kernel.run(100);
      kernel.network.link("a", "r").up.profile = { latencyMs: 5, jitterMs: 50 };
      for (let i = 0; i < 20; i++) {
        const cause = createCause(10 + i);
        if (i === without) continue;
        kernel.at(1000 + i * 100, cause, () => a.command({ type: "send", connection: 1, text: `${i}` }, cause));
      }
      kernel.run(10_000);
      return new Map(program.lines.slice(2).map((line) => [line.split(" ")[3]!, line]));
    };
    const all = arrivals(-1);
    const some = arrivals(7);
    expect(all.delete("7")).toBe(true);
    expect(some).toEqual(all);
  });
});

describe("the trace", () => {
  it("sees one flipped byte in the full hash and not in the shape", () => {
    const [x, y] = [play(new Kernel(options(1)), "x"), play(new Kernel(options(1)), "y")];
    expect(y.hash).not.toBe(x.hash);
    expect(y.shapeHash).toBe(x.shapeHash);
    expect(play(new Kernel(options(1)), "xx").shapeHash).not.toBe(x.shapeHash);
    expect(x.hash).toMatch(/^[0-9a-f]{32}$/);
    expect(x.shapeHash).not.toBe(x.hash);
  });

  it("covers every byte of the content, and in the shape its length", () => {
    const hashes = (bytes: readonly number[]): readonly [string, string] => {
      const { trace } = new Kernel(options(1));
      trace.addBytes(Uint8Array.from(bytes));
      return [trace.hash(), trace.shapeHash()];
    };
    const [hash, shape] = hashes([1, 2, 3]);
    for (const bytes of [
      [0, 2, 3],
      [1, 0, 3],
      [1, 2, 0],
    ]) {
      expect(hashes(bytes)[0]).not.toBe(hash);
      expect(hashes(bytes)[1]).toBe(shape);
    }
    expect(hashes([1, 2, 3, 0])[0]).not.toBe(hash);
    expect(hashes([1, 2, 3, 0])[1]).not.toBe(shape);
  });

  it("shows a range of events, each where the whole list has it", () => {
    const list = (from: number, to: number): TraceEvent[] => {
      const kernel = new Kernel(options(1));
      const events: TraceEvent[] = [];
      kernel.trace.detail = { from, to, sink: (event) => events.push(event) };
      const { hash } = play(kernel);
      expect(hash).toBe(play(new Kernel(options(1))).hash);
      return events;
    };
    const all = list(0, Infinity);
    expect(all.map(({ event }) => event)).toEqual(all.map((_, i) => i));
    expect(list(50, 60)).toEqual(all.slice(50, 60));
    expect(all[0]).toMatchObject({ host: "r", kind: "start", connection: 0, cause: 1, atMs: 0 });
    const kinds = new Set(all.map(({ kind }) => kind));
    for (const kind of [
      "opened",
      "bytes",
      "closed",
      "command",
      "stored",
      "dial",
      "diskAppend",
      "diskSync",
      "toxicAdd",
    ]) {
      expect(kinds).toContain(kind);
    }
  });

  it("has checkpoints that agree up to where two runs part", () => {
    const { trace } = new Kernel(options(1));
    const other = new Kernel(options(1)).trace;
    for (let i = 0; i < 5000; i++) {
      trace.addWord(i);
      other.addWord(i === 2500 ? 0 : i);
    }
    const same = trace.checkpoints.map((checkpoint, i) => checkpoint.hash === other.checkpoints[i]!.hash);
    expect(same).toEqual([true, true, false, false]);
    expect(trace.checkpoints.map(({ event }) => event)).toEqual([1024, 2048, 3072, 4096]);
  });

  it("is not changed by being asked", () => {
    const { trace } = new Kernel(options(1));
    const other = new Kernel(options(1)).trace;
    for (let i = 0; i < 3000; i++) {
      for (const each of [trace, other]) each.addBytes(Uint8Array.of(i, i >>> 8, 3));
      trace.hash();
      trace.shapeHash();
    }
    expect(trace.hash()).toBe(other.hash());
  });

  it("digests times beyond 32 bits", () => {
    const { trace } = new Kernel(options(1));
    const other = new Kernel(options(1)).trace;
    trace.event(0, 0, 0, 0, 5);
    other.event(0, 0, 0, 0, 0x1_0000_0005);
    expect(trace.shapeHash()).not.toBe(other.shapeHash());
  });
});

describe("the word hash", () => {
  const lanes = (chunks: readonly Uint8Array[]): readonly number[] => {
    const hash = new WordHash();
    for (const chunk of chunks) hash.addBytes(chunk);
    return hash.peek(new WordHash());
  };

  it("differs for every flipped bit, at any length and alignment", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), fc.nat(7), fc.nat(), (bytes, bit, position) => {
        const flipped = bytes.slice();
        flipped[position % bytes.length]! ^= 1 << bit;
        expect(lanes([flipped])).not.toEqual(lanes([bytes]));
        const shifted = new Uint8Array(bytes.length + 3);
        shifted.set(bytes, 3);
        expect(lanes([shifted.subarray(3)])).toEqual(lanes([bytes]));
      }),
    );
  });

  it("starts anew after a reset", () => {
    const hash = new WordHash();
    const bytes = new Uint8Array(49).fill(7);
    hash.addBytes(new Uint8Array(4000).fill(255));
    hash.reset();
    hash.addBytes(bytes);
    expect(hash.peek(new WordHash())).toEqual(lanes([bytes]));
  });

  it("goes on over the end of its buffer, in short and in long pieces", () => {
    const long = Uint8Array.from({ length: 20_000 }, (_, i) => (i * 7) & 0xff);
    const flipped = long.slice();
    flipped[19_999]! ^= 1;
    expect(lanes([flipped])).not.toEqual(lanes([long]));
    for (const size of [1, 40, 60, 1000, 4096, 7000]) {
      const pieces = [];
      for (let at = 0; at < long.length; at += size) pieces.push(long.subarray(at, at + size));
      const once = lanes(pieces);
      expect(lanes(pieces)).toEqual(once);
      const last = pieces.length - 1;
      pieces[last] = Uint8Array.from(pieces[last]!, (byte) => byte ^ 1);
      expect(lanes(pieces)).not.toEqual(once);
    }
  });
});
