import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { InvariantViolation } from "../../core/invariant.ts";
import type { Input, Machine, Now, Output } from "../../core/machine.ts";
import { createFastClock, createRealClock } from "./clock.ts";
import { MachineDriver } from "./machine-driver.ts";
import type { DriverOptions } from "./driver-options.ts";
import type { TransactionStore } from "./transaction-store.ts";

type Told = Input<string, number>;
type Asked = Output<number, string>;
type Script = (input: Told, now: Now) => readonly Asked[];

/** A machine that does what its script says, and remembers what it was told. */
class Toy implements Machine<string, string, number, number> {
  readonly told: Told[] = [];
  dueMs: number | undefined;
  readonly #script: Script;
  readonly #outputs: Asked[];

  constructor(script: Script, first: readonly Asked[] = []) {
    this.#script = script;
    this.#outputs = [...first];
  }
  handle(input: Told, now: Now): void {
    this.told.push(input);
    this.#outputs.push(...this.#script(input, now));
  }
  poll(): Asked | undefined {
    return this.#outputs.shift();
  }
  deadline(): number | undefined {
    return this.dueMs;
  }
}

/** Answers each operation with its double, and remembers what came together. */
class ToyStore implements TransactionStore<number, number> {
  readonly transactions: (readonly number[])[] = [];
  run(operations: readonly number[]): readonly number[] {
    this.transactions.push(operations);
    return operations.map((operation) => 2 * operation);
  }
  close(): void {}
}

const clean: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const undo of clean.splice(0).toReversed()) await undo();
});

async function listen(script: Script, options: Partial<DriverOptions<string, string, number, number>> = {}) {
  const machine = new Toy(script);
  const store = new ToyStore();
  const broken: unknown[] = [];
  const driver = new MachineDriver({
    machine,
    store,
    clock: createRealClock(),
    onBroken: (error) => broken.push(error),
    ...options,
  });
  clean.push(() => driver.close());
  const { port } = await driver.listen({ host: "127.0.0.1", port: 0 });
  return { machine, store, driver, broken, port };
}

async function dial(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  clean.push(() => void socket.destroy());
  await once(socket, "connect");
  return socket;
}
/** All that comes until the peer ends. */
async function readAll(socket: Socket): Promise<string> {
  let text = "";
  for await (const chunk of socket) text += String(chunk);
  return text;
}
async function until(condition: () => boolean): Promise<void> {
  const endMs = Date.now() + 15_000;
  while (!condition()) {
    if (Date.now() > endMs) throw new Error("did not come about within fifteen seconds");
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();
const bytes = (words: string) => new Uint8Array(Buffer.from(words));
const types = (machine: Toy) => machine.told.map((input) => input.type);

describe("a listening machine", () => {
  it("is told of a connection, its bytes and its end; what it sends arrives, with a half-close after the last", async () => {
    const { machine, port, driver } = await listen((input) => {
      if (input.type !== "bytes") return [];
      const { connection } = input;
      const answer = bytes(`<${text(input.bytes)}>`);
      return [
        { type: "send", connection, bytes: answer },
        { type: "send", connection, bytes: bytes("bye") },
        { type: "close", connection },
        // Into the void: it has closed that one.
        { type: "send", connection, bytes: bytes("lost") },
      ];
    });
    const socket = await dial(port);
    socket.write("hello");
    expect(await readAll(socket)).toBe("<hello>bye");
    expect(machine.told[0]).toEqual({ type: "opened", connection: 2, address: "127.0.0.1" });
    expect(machine.told[1]).toMatchObject({ type: "bytes", connection: 2 });
    await until(() => driver.resources.sockets === 0);
    // It closed itself: nobody tells it so.
    expect(types(machine)).toEqual(["opened", "bytes"]);
  });

  it("gets even numbers, never twice, and `closed` once for an end or a reset", async () => {
    const { machine, port, driver } = await listen(() => []);
    const one = await dial(port);
    one.end();
    await until(() => types(machine).includes("closed"));
    const other = await dial(port);
    await until(() => driver.resources.connections === 1);
    other.resetAndDestroy();
    await until(() => types(machine).filter((type) => type === "closed").length === 2);
    await until(() => driver.resources.sockets === 0);
    const ids = machine.told.map((input) => ("connection" in input ? [input.type, input.connection] : []));
    expect(ids).toEqual([
      ["opened", 2],
      ["closed", 2],
      ["opened", 4],
      ["closed", 4],
    ]);
  });

  it("hands over plain arrays: `slice` copies", async () => {
    let copy: Uint8Array | undefined;
    const { port } = await listen((input) => {
      if (input.type !== "bytes") return [];
      copy = input.bytes.slice();
      input.bytes.fill(0);
      return [];
    });
    (await dial(port)).write("keep");
    await until(() => copy !== undefined);
    expect(text(copy!)).toBe("keep");
  });

  it("tells whoever counts which connections the machine took", async () => {
    let accepted = 0;
    const { machine, port } = await listen(
      (input) =>
        input.type === "opened" && input.connection > 4 ? [{ type: "close", connection: input.connection }] : [],
      { onAccepted: () => accepted++ },
    );
    for (let i = 0; i < 4; i++) await dial(port);
    await until(() => machine.told.length === 4);
    expect(accepted).toBe(2);
  });

  it("cannot be given a port that is taken", async () => {
    const { port } = await listen(() => []);
    const second = new MachineDriver({
      machine: new Toy(() => []),
      store: new ToyStore(),
      clock: createRealClock(),
      onBroken: () => {},
    });
    await expect(second.listen({ host: "127.0.0.1", port })).rejects.toMatchObject({ code: "EADDRINUSE" });
    await second.close();
  });
});

describe("a dialling machine", () => {
  function create(address: string, script: Script = () => []) {
    const machine = new Toy(script, [{ type: "dial", connection: 1, address }]);
    const driver = new MachineDriver({
      machine,
      store: new ToyStore(),
      clock: createRealClock(),
      onBroken: () => {},
    });
    clean.push(() => driver.close());
    return { machine, driver };
  }

  it("is told that it got through, and what comes", async () => {
    const server = createServer((socket) => socket.end("welcome")).listen(0, "127.0.0.1");
    clean.push(() => void server.close());
    await once(server, "listening");
    const { machine } = create(`127.0.0.1:${(server.address() as AddressInfo).port}`);
    await until(() => types(machine).includes("closed"));
    expect(types(machine)).toEqual(["opened", "bytes", "closed"]);
    expect(machine.told[0]).toEqual({ type: "opened", connection: 1, address: "127.0.0.1" });
  });

  it.each(["no endpoint at all", "127.0.0.1:0", "127.0.0.1:1", "[::1", "does-not-exist.invalid:4433"])(
    "is refused at %j, once",
    async (address) => {
      const { machine, driver } = create(address);
      await until(() => machine.told.length > 0 && driver.resources.sockets === 0);
      expect(machine.told).toEqual([{ type: "refused", connection: 1 }]);
    },
  );

  it("may let go before it got through", async () => {
    const { machine, driver } = create("127.0.0.1:1", () => []);
    driver.command("never mind");
    await driver.close();
    expect(driver.resources).toEqual({ connections: 0, sockets: 0, waitingOperations: 0 });
    expect(types(machine)).toEqual(["command"]);
  });
});

describe("the store", () => {
  it("gets all operations of one turn as one transaction, and its answers come after", async () => {
    const { machine, store, driver } = await listen((input) =>
      input.type === "command" ? [{ type: "store", operation: Number(input.command) }] : [],
    );
    for (const command of ["1", "2", "3"]) driver.command(command);
    expect(store.transactions).toEqual([]);
    await until(() => machine.told.length === 6);
    expect(store.transactions).toEqual([[1, 2, 3]]);
    expect(machine.told.slice(3)).toEqual([2, 4, 6].map((answer) => ({ type: "stored", answer })));
  });

  it("does what an answer leads to in the next transaction", async () => {
    const { store, driver } = await listen((input) => {
      if (input.type === "command") return [{ type: "store", operation: 1 }];
      return input.type === "stored" && input.answer < 16 ? [{ type: "store", operation: input.answer }] : [];
    });
    driver.command("start");
    await until(() => store.transactions.length === 4);
    expect(store.transactions).toEqual([[1], [2], [4], [8]]);
  });

  it("is seen by whoever measures", async () => {
    const seen: unknown[] = [];
    const { driver } = await listen((input) => (input.type === "command" ? [{ type: "store", operation: 21 }] : []), {
      onTransaction: ({ operations, answers, askedMs, beganMs, endedMs }) => {
        seen.push([operations, answers, askedMs <= beganMs && beganMs <= endedMs]);
      },
    });
    driver.command("go");
    await until(() => seen.length > 0);
    expect(seen).toEqual([[[21], [42], true]]);
  });

  it("that is behind stops the reading: peers wait, and nothing gets lost", async () => {
    let received = 0;
    let most = 0;
    const { store, driver, port } = await listen(
      (input) => {
        if (input.type !== "bytes") return [];
        received += input.bytes.length;
        most = Math.max(most, driver.resources.waitingOperations);
        return [{ type: "store", operation: 1 }];
      },
      { limits: { turnBytesMax: 100_000, waitingOperationsMax: 2 } },
    );
    const sockets = await Promise.all(Array.from({ length: 8 }, () => dial(port)));
    for (const socket of sockets) socket.write(Buffer.alloc(2_000_000));
    await until(() => received === 16_000_000);
    // Beyond two operations or 100 kB there is one piece more at most from what each socket had read ahead.
    expect(most).toBeLessThanOrEqual(2 + sockets.length);
    expect(Math.max(...store.transactions.map((operations) => operations.length))).toBeLessThanOrEqual(
      3 + sockets.length,
    );
  });
});

describe("a peer that sends without end", () => {
  it("has its share of each turn, and no more; nothing gets lost", async () => {
    const { store, port } = await listen((input) =>
      input.type === "bytes" ? [{ type: "store", operation: input.bytes.length }] : [],
    );
    const socket = await dial(port);
    socket.write(Buffer.alloc(16_000_000));
    const sum = (all: readonly number[]) => all.reduce((total, one) => total + one, 0);
    await until(() => sum(store.transactions.flat()) === 16_000_000);
    // It stops with the chunk that reaches the share; a chunk is 64 KiB at most.
    expect(Math.max(...store.transactions.map(sum))).toBeLessThan(128 * 1024);
  });
});

describe("a peer that does not read", () => {
  const chunk = new Uint8Array(256 * 1024);

  it("is cut off beyond the bound, the machine is told, the others go on", async () => {
    let slow = 0;
    const { machine, driver, port } = await listen(
      (input) => {
        if (input.type !== "command") return [];
        return input.command === "flood"
          ? [{ type: "send", connection: 2, bytes: chunk }]
          : [{ type: "send", connection: 4, bytes: bytes("still here") }];
      },
      { limits: { sendBufferBytesMax: 1024 * 1024, sendBufferTotalBytesMax: 2 ** 40 }, onSlowReader: () => slow++ },
    );
    const lazy = await dial(port);
    lazy.pause();
    const other = await dial(port);
    await until(() => machine.told.length === 2);
    // The system itself takes some megabytes.
    for (let i = 0; i < 60 && slow === 0; i++) {
      driver.command("flood");
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(machine.told.at(-1)).toEqual({ type: "closed", connection: 2 });
    driver.command("talk");
    const [said] = (await once(other, "data")) as [Buffer];
    expect(said.toString()).toBe("still here");
    await until(() => driver.resources.sockets === 1);
    expect(slow).toBe(1);
  });

  it("counts towards what all of them may leave unread", async () => {
    let slow = 0;
    const { machine, driver, port } = await listen(
      (input) =>
        input.type === "command" ? [2, 4, 6, 8].map((connection) => ({ type: "send", connection, bytes: chunk })) : [],
      { limits: { sendBufferBytesMax: 2 ** 40, sendBufferTotalBytesMax: 3 * 1024 * 1024 }, onSlowReader: () => slow++ },
    );
    for (let i = 0; i < 4; i++) (await dial(port)).pause();
    await until(() => machine.told.length === 4);
    for (let i = 0; i < 60 && slow < 4; i++) {
      driver.command("flood");
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(slow).toBeGreaterThan(0);
  });

  it("is not read from, until it reads again", async () => {
    let heard = 0;
    const { machine, driver, port } = await listen((input) => {
      if (input.type === "bytes") heard += input.bytes.length;
      return input.type === "command" ? [{ type: "send", connection: 2, bytes: new Uint8Array(6 * 1024 * 1024) }] : [];
    });
    const lazy = await dial(port);
    lazy.pause();
    await until(() => machine.told.length === 1);
    driver.command("flood");
    // Written in the turn after the command.
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    const asked = 4 * 1024 * 1024;
    lazy.write(Buffer.alloc(asked));
    const other = await dial(port);
    other.write("x");
    await until(() => machine.told.some((input) => input.type === "bytes" && input.connection === 4));
    // What node had read ahead by then may come; all of it may not.
    expect(heard).toBeLessThan(asked / 2);
    lazy.resume();
    await until(() => heard === asked + 1);
  });

  it("does not keep a connection that the machine has closed", async () => {
    const { machine, driver, port } = await listen(
      (input) =>
        input.type === "command"
          ? [
              { type: "send", connection: 2, bytes: new Uint8Array(6 * 1024 * 1024) },
              { type: "close", connection: 2 },
            ]
          : [],
      { limits: { lingerMs: 30 } },
    );
    (await dial(port)).pause();
    await until(() => machine.told.length === 1);
    driver.command("close");
    await until(() => driver.resources.sockets === 0);
  });
});

describe("deadlines", () => {
  it("come when they are due, at the rate of the clock", async () => {
    const clock = createFastClock(30);
    const dueMs = clock.now().monoMs + 1500;
    let rangMs = 0;
    const { machine, driver } = await listen(
      (input, now) => {
        if (input.type !== "deadline") machine.dueMs = dueMs;
        else {
          rangMs = now.monoMs;
          machine.dueMs = undefined;
        }
        return [];
      },
      { clock },
    );
    const startMs = Date.now();
    driver.command("set");
    await until(() => rangMs > 0);
    expect(rangMs).toBeGreaterThanOrEqual(dueMs);
    // Fifty real milliseconds; what is slower than a second did not run at thirty times.
    expect(Date.now() - startMs).toBeLessThan(1000);
    expect(types(machine)).toEqual(["command", "deadline"]);
  });

  it("that moved away are not told early, that moved near are told in time", async () => {
    const clock = createRealClock();
    const rang: number[] = [];
    const { machine, driver } = await listen((input, now) => {
      if (input.type === "deadline") {
        rang.push(now.monoMs);
        machine.dueMs = undefined;
      } else if (input.type === "command") machine.dueMs = now.monoMs + Number(input.command);
      return [];
    });
    driver.command("20");
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    driver.command("80");
    const firstMs = machine.dueMs!;
    await until(() => rang.length === 1);
    expect(rang[0]).toBeGreaterThanOrEqual(firstMs);
    driver.command("100000");
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    driver.command("5");
    await until(() => rang.length === 2);
    expect(clock.now().monoMs - rang[1]!).toBeLessThan(1000);
  });
});

describe("events and commands", () => {
  it("a command given within an event comes after the turn that told it", async () => {
    const order: string[] = [];
    const { driver } = await listen(
      (input) => {
        if (input.type !== "command") return [];
        order.push(`handle ${input.command}`);
        return input.command === "first"
          ? [
              { type: "event", event: "a" },
              { type: "event", event: "b" },
            ]
          : [];
      },
      {
        onEvent: (event) => {
          order.push(`event ${event}`);
          if (event === "a") driver.command("second");
        },
      },
    );
    driver.command("first");
    expect(order).toEqual(["handle first", "event a", "event b", "handle second"]);
  });
});

describe("a machine that broke", () => {
  it.each(["handle", "store", "event"])(
    "in its %s gets no further turn: sockets are cut, it is told once",
    async (place) => {
      const error = new InvariantViolation("two times two");
      const blowUp = () => {
        throw error;
      };
      const { machine, driver, broken, port } = await listen(
        (input) => {
          if (input.type !== "command") return [];
          if (place === "handle") blowUp();
          return [place === "store" ? { type: "store", operation: 1 } : { type: "event", event: "e" }];
        },
        {
          ...(place === "event" && { onEvent: blowUp }),
          ...(place === "store" && { store: { run: blowUp, close: () => {} } }),
        },
      );
      const socket = await dial(port);
      await until(() => machine.told.length === 1);
      driver.command("go");
      await once(socket, "close");
      driver.command("again");
      await until(() => driver.resources.sockets === 0);
      expect(broken).toEqual([error]);
      expect(types(machine)).toEqual(["opened", "command"]);
      await expect(once(connect(port, "127.0.0.1"), "connect")).rejects.toMatchObject({ code: "ECONNREFUSED" });
    },
  );
});

describe("closing", () => {
  it("finishes the turn, gives last words their time, cuts the rest, and leaves nothing", async () => {
    const { machine, store, driver, port } = await listen((input) =>
      input.type === "command"
        ? [
            { type: "store", operation: 1 },
            { type: "send", connection: 2, bytes: bytes("bye") },
            { type: "close", connection: 2 },
          ]
        : [],
    );
    const one = await dial(port);
    const other = await dial(port);
    other.on("data", () => {});
    await until(() => machine.told.length === 2);
    driver.command("stop");
    const said = readAll(one);
    await driver.close();
    await driver.close();
    expect(await said).toBe("bye");
    expect(store.transactions).toEqual([[1]]);
    expect(driver.resources).toEqual({ connections: 0, sockets: 0, waitingOperations: 0 });
    driver.command("too late");
    expect(machine.told.at(-1)).toEqual({ type: "stored", answer: 2 });
    await expect(once(connect(port, "127.0.0.1"), "connect")).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });
});
