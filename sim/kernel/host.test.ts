import { describe, expect, it } from "vitest";
import { createCause } from "./choices.ts";
import type { Cause } from "./choices.ts";
import type { Host } from "./host.ts";
import { Kernel } from "./kernel.ts";
import { ReplayedChoices } from "./recorded-choices.ts";
import { ToyProgram } from "./toy-program.ts";
import type { ToyCommand, ToyOperation, ToyOptions } from "./toy-program.ts";

type ToyHost = Host<ToyCommand, string, ToyOperation, string>;

/** One host, started at 0; every choice is calm: a commit 1 ms after its stage, its answers in the same millisecond. */
function createHost(options: ToyOptions = {}, eventBudget = 10_000) {
  const choices = new ReplayedChoices([], { exact: true });
  const kernel = new Kernel({ seedLo: 1, seedHi: 2, startWallMs: 1000, eventBudget, choices });
  const program = new ToyProgram(options);
  const host: ToyHost = kernel.addHost("a", program, { listen: "a:1" });
  const cause = createCause(1);
  host.start(cause);
  program.lines.length = 0;
  return {
    kernel,
    host,
    program,
    cause,
    command: (command: ToyCommand, by: Cause = cause) => host.command(command, by),
    at: (ms: number, action: () => void) => kernel.at(ms, cause, action),
    until: (ms: number): string[] => {
      expect(kernel.run(ms)).toBe("done");
      return program.lines.splice(0);
    },
  };
}

describe("a host's store", () => {
  it("stages at once, commits after the disk's time, and answers each operation by itself", () => {
    const { command, until, host } = createHost();
    command({ type: "write", text: "x" });
    expect(until(0)).toEqual(["0 stage x"]);
    expect([host.disk.unsyncedBytes, host.isStoring]).toEqual([1, true]);
    expect(until(10)).toEqual(["1 committed", "1 stored x"]);
    expect([host.disk.unsyncedBytes, host.isStoring]).toEqual([0, false]);
  });

  it("makes one transaction of the operations of all turns during the one in flight", () => {
    const { command, until, at, host } = createHost();
    host.disk.slowMs = 10;
    command({ type: "write", text: "1" });
    at(3, () => command({ type: "write", text: "2" }));
    at(5, () => command({ type: "look", text: "3" }));
    expect(until(100)).toEqual([
      "0 stage 1",
      "11 committed",
      "11 stored 1",
      "11 stage 2+3",
      "22 committed",
      "22 stored 2",
      "22 stored 3",
    ]);
  });

  it("answers what writes nothing in the same millisecond, by another entry", () => {
    const { command, until } = createHost();
    command({ type: "look", text: "x" });
    expect(until(0)).toEqual(["0 stage x", "0 committed", "0 stored x"]);
  });

  it("hands each answer on with the cause of its operation", () => {
    const { command, until, program, cause } = createHost();
    const answers: [string, number][] = [];
    program.onAnswer = (answer, by) => answers.push([answer, by.key]);
    command({ type: "write", text: "1" });
    command({ type: "write", text: "2" }, createCause(77));
    command({ type: "write", text: "3" }, createCause(78));
    until(100);
    expect(answers).toEqual([
      ["1", cause.key],
      ["2", 77],
      ["3", 78],
    ]);
  });

  it("takes longer when the seed says so", () => {
    const commits = new Set<string>();
    for (let seedLo = 0; seedLo < 50; seedLo++) {
      const kernel = new Kernel({ seedLo, seedHi: 0, startWallMs: 0, eventBudget: 100 });
      const program = new ToyProgram();
      const host = kernel.addHost("a", program);
      host.start(createCause(1));
      host.command({ type: "write", text: "x" }, createCause(2));
      kernel.run(100);
      commits.add(program.lines.slice(2).join(", "));
    }
    expect(commits.size).toBe(12);
    expect(commits).toContain("4 committed, 6 stored x");
  });
});

describe("a crash", () => {
  const crashed = (atMs: number, how: "kill" | "powerLoss"): { lines: string[]; pending: number } => {
    const { command, until, at, host, kernel, cause } = createHost();
    host.disk.slowMs = 10;
    command({ type: "write", text: "x" });
    at(atMs, () => host[how](cause));
    at(50, () => host.start(cause));
    const lines = until(100);
    return { lines, pending: kernel.pendingEntries };
  };

  it("between stage and commit: the process forgets, a kill keeps the bytes, power loss drops them", () => {
    expect(crashed(5, "kill").lines).toEqual(["0 stage x", "start 1 x"]);
    expect(crashed(5, "powerLoss").lines).toEqual(["0 stage x", "start 1 "]);
  });

  it("between commit and answer: the bytes are durable and nobody was told", () => {
    for (const how of ["kill", "powerLoss"] as const) {
      const { kernel, host, program, cause, command } = createHost();
      program.onCommit = () => host[how](cause);
      command({ type: "write", text: "x" });
      kernel.run(10);
      host.start(cause);
      expect(program.lines).toEqual(["0 stage x", "start 1 x"]);
      expect(kernel.run(100)).toBe("done");
      expect(kernel.handled).toBe(1);
    }
  });

  it("after the answer: all is done", () => {
    expect(crashed(20, "powerLoss").lines).toEqual(["0 stage x", "11 committed", "11 stored x", "start 1 x"]);
  });

  it("in the midst of the answers: the rest is not handed to the next incarnation", () => {
    const { program, host, cause, command, until } = createHost();
    program.onAnswer = (answer) => {
      if (answer !== "1") return;
      host.kill(cause);
      host.start(cause);
    };
    host.command({ type: "look", text: "0" }, cause);
    command({ type: "write", text: "1" });
    command({ type: "write", text: "2" });
    const lines = until(100);
    expect(lines.slice(-2)).toEqual(["1 stored 1", "start 1 12"]);
    expect(host.incarnation).toBe(1);
  });

  it("forgets commands that were not taken yet", () => {
    const { host, cause, command, until } = createHost();
    command({ type: "write", text: "x" });
    host.kill(cause);
    command({ type: "write", text: "y" });
    host.start(cause);
    expect(until(10)).toEqual(["start 1 "]);
  });
});

describe("a paused host", () => {
  it("takes nothing, and then everything in order", () => {
    const { command, until, at, host, kernel, cause } = createHost();
    const dialler = kernel.addHost("b", new ToyProgram());
    dialler.start(cause);
    host.disk.slowMs = 4;
    command({ type: "write", text: "x" });
    command({ type: "wake", atMs: 30 });
    at(2, () => host.pause());
    at(10, () => dialler.command({ type: "dial", connection: 1, address: "a:1" }, cause));
    at(20, () => dialler.command({ type: "send", connection: 1, text: "hi" }, cause));
    at(40, () => dialler.command({ type: "close", connection: 1 }, cause));
    at(50, () => command({ type: "look", text: "y" }));
    // The disk syncs by itself; the answer waits.
    expect(until(90)).toEqual(["0 stage x", "5 committed"]);
    expect(dialler.connectionCount).toBe(0);
    at(100, () => host.resume());
    expect(until(200)).toEqual([
      "100 stored x",
      "100 opened 2 b",
      "100 bytes 2 hi",
      "100 deadline",
      "100 closed 2",
      "100 stage y",
      "100 committed",
      "100 stored y",
    ]);
    expect(host.connectionCount).toBe(0);
  });

  it("lets nothing overtake what waits, and can be paused again before it has taken all", () => {
    const { command, until, at, host, program } = createHost();
    host.pause();
    for (const text of ["1", "2", "3"]) command({ type: "look", text });
    program.onAnswer = (answer) => {
      if (answer === "1+2+3") host.pause();
    };
    at(10, () => {
      // In the queue before the end of the pause, and still behind what waits.
      command({ type: "look", text: "4" });
      host.resume();
    });
    expect(until(20)).toEqual([
      "10 stage 1",
      "10 committed",
      "10 stored 1",
      "10 stage 2+3+4",
      "10 committed",
      "10 stored 2",
      "10 stored 3",
      "10 stored 4",
    ]);
    expect(host.isPaused).toBe(false);
  });

  it("loses what waits when it is killed", () => {
    const { command, until, host, cause } = createHost();
    host.pause();
    command({ type: "look", text: "1" });
    until(10);
    host.kill(cause);
    host.resume();
    host.start(cause);
    command({ type: "look", text: "2" });
    expect(until(20)).toEqual(["start 1 ", "10 stage 2", "10 committed", "10 stored 2"]);
  });

  it("hears nothing more of a connection that it closes when it goes on", () => {
    const { command, until, host, kernel, cause } = createHost();
    const dialler = kernel.addHost("b", new ToyProgram());
    dialler.start(cause);
    dialler.command({ type: "dial", connection: 1, address: "a:1" }, cause);
    until(10);
    host.pause();
    command({ type: "close", connection: 2 });
    until(20);
    dialler.command({ type: "send", connection: 1, text: "hi" }, cause);
    dialler.command({ type: "close", connection: 1 }, cause);
    until(30);
    host.resume();
    expect(until(40)).toEqual([]);
  });
});

describe("deadlines", () => {
  it("come at their time, however often they move, with few entries", () => {
    const { command, until, at, kernel } = createHost();
    for (let ms = 0; ms < 100; ms++) at(ms, () => command({ type: "wake", atMs: ms + 50 }));
    at(100, () => expect(kernel.pendingEntries).toBeLessThanOrEqual(1));
    expect(until(140)).toEqual([]);
    expect(until(1000)).toEqual(["149 deadline"]);
    expect(kernel.pendingEntries).toBe(0);
  });

  it("do not leave an entry behind for each time they were later and came earlier", () => {
    const { command, until, kernel } = createHost();
    for (let i = 0; i < 50; i++) {
      command({ type: "wake", atMs: 100_000 + i });
      until(i * 10);
      command({ type: "wake", atMs: i * 10 + 5 });
      expect(until(i * 10 + 9)).toEqual([`${i * 10 + 5} deadline`]);
    }
    expect(kernel.pendingEntries).toBe(1);
    expect(until(200_000)).toEqual([]);
  });

  it("that are past come at once, and asking again and again ends with the budget", () => {
    const { command, kernel, program } = createHost({ isStubborn: true }, 100);
    kernel.run(500);
    command({ type: "wake", atMs: 20 });
    expect(kernel.run(1000)).toBe("budget");
    expect([kernel.nowMs, kernel.handled, program.lines[0]]).toEqual([500, 100, "500 deadline"]);
    expect(kernel.run(1000)).toBe("budget");
  });

  it("of a dead process are nobody's", () => {
    const { command, until, host, cause } = createHost();
    command({ type: "wake", atMs: 20 });
    until(5);
    host.kill(cause);
    host.start(cause);
    expect(until(100)).toEqual(["start 1 "]);
  });
});

describe("a machine that throws", () => {
  it("ends the run as a violation", () => {
    const { command, kernel, at } = createHost();
    at(7, () => command({ type: "throw" }));
    at(9, () => expect.unreachable());
    expect(kernel.run(100)).toBe("violation");
    expect(kernel.violation).toMatchObject({ host: "a", atMs: 7, message: "the toy is broken" });
    expect(kernel.run(100)).toBe("violation");
    expect(kernel.nowMs).toBe(7);
  });

  it("or dials with a number that is not its to use, is in violation of its contract", () => {
    for (const connections of [[2], [1, 1]]) {
      const { command, kernel } = createHost();
      for (const connection of connections) command({ type: "dial", connection, address: "nowhere" });
      expect(kernel.run(0)).toBe("violation");
    }
  });

  it("is not blamed for what the world's own callbacks throw", () => {
    const { command, kernel, program } = createHost();
    program.onAnswer = () => {
      throw new Error("the recorder is broken");
    };
    command({ type: "look", text: "x" });
    expect(() => kernel.run(100)).toThrow("the recorder is broken");
    expect(kernel.violation).toBeUndefined();
  });
});

describe("clocks", () => {
  it("are one that only goes on, and one that can be wrong", () => {
    const { kernel, host } = createHost();
    kernel.run(500);
    host.wallOffsetMs = -200;
    expect(host.now()).toEqual({ monoMs: 500, wallMs: 1300 });
  });
});
