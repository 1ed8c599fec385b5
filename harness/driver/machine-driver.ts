/**
 * Drives one machine on real sockets: the twin of the simulated host (`sim/kernel/host.ts`).
 *
 * One turn of the event loop is: every input that came is handled at once; then, together, what was sent goes to the
 * sockets (one write each), the store gets all operations as one transaction (group commit), its answers are handled,
 * what they sent goes out. Inputs that come while one is handled wait for it. Where only one peer spoke in the last turn,
 * what comes from one begins its turn at once, and waits for no other; this once in each turn of the loop, so that more
 * peers are back at one transaction for all with the next.
 *
 * Bounds, so that one peer's misuse costs the others nothing: unsent bytes per connection and in total (beyond, the
 * connection is cut and the machine told), operations and bytes taken in before a transaction (beyond, nobody is read
 * from until it is done), the share of one connection in a turn, connections at once. A peer that does not read what it
 * is sent is not read from either.
 *
 * What the machine or its store throws ends all of it: sockets are cut, nothing more is handled, `onBroken` is called
 * once. The store is the caller's to close, after `close()`.
 */
import { connect, createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { performance } from "node:perf_hooks";
import type { ConnectionId, Input, Machine, Now, Output } from "../../core/machine.ts";
import { assertInvariant, unreachable } from "../../core/invariant.ts";
import { DRIVER_LIMITS, type DriverLimits, type DriverOptions, type Transaction } from "./driver-options.ts";
import { limitedAddress, parseEndpoint } from "./endpoint.ts";
import type { Endpoint } from "./endpoint.ts";
import { Link } from "./link.ts";

const DEADLINE = { type: "deadline" } as const;
const TIMER_MS_MAX = 2 ** 31 - 1;

export class MachineDriver<Command, Event, Operation, Answer> {
  readonly #options: DriverOptions<Command, Event, Operation, Answer>;
  readonly #machine: Machine<Command, Event, Operation, Answer>;
  readonly #limits: DriverLimits;
  readonly #links = new Map<ConnectionId, Link>();
  /** Every socket that is not closed yet, those that the machine has let go of too. */
  readonly #sockets = new Set<Socket>();
  readonly #behind = new Set<Link>();
  #server: Server | undefined;
  #closed: Promise<void> | undefined;
  #lastAccepted = 0;
  #inputs: Input<Command, Answer>[] = [];
  #isHandling = false;
  #sending: Link[] = [];
  #operations: Operation[] = [];
  #done: Transaction<Operation, Answer> | undefined;
  #askedMs = 0;
  #turnBytes = 0;
  /** Those that something came from in this turn. */
  #heard: Link[] = [];
  /** One peer alone spoke in the last turn: the next who speaks need not wait for others. */
  #isAlone = false;
  #isHolding = false;
  #isOver = false;
  #immediate: NodeJS.Immediate | undefined;
  #timer: NodeJS.Timeout | undefined;
  #timerAtMs = Number.POSITIVE_INFINITY;

  constructor(options: DriverOptions<Command, Event, Operation, Answer>) {
    this.#options = options;
    this.#machine = options.machine;
    this.#limits = { ...DRIVER_LIMITS, ...options.limits };
    // What the machine asked for when it was made: done in a turn of its own, when the caller has the driver in hand.
    this.#schedule();
  }

  /** Connections that the machine counts on, and sockets still open. For leak checks. */
  get resources(): { readonly connections: number; readonly sockets: number; readonly waitingOperations: number } {
    return {
      connections: this.#links.size,
      sockets: this.#sockets.size,
      waitingOperations: this.#operations.length,
    };
  }

  /** Resolves with the address that it listens on; rejects with the system's error when it cannot. */
  listen(endpoint: Endpoint): Promise<Endpoint> {
    assertInvariant(this.#server === undefined && !this.#isOver, "a driver listens once");
    const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => this.#accept(socket));
    server.maxConnections = this.#limits.connectionsMax;
    this.#server = server;
    this.#closed = new Promise((resolve) => server.once("close", () => resolve()));
    return new Promise((resolve, reject) => {
      server.once("error", (error) => {
        this.#server = undefined;
        this.#closed = undefined;
        reject(error);
      });
      server.listen({ host: endpoint.host, port: endpoint.port, backlog: 1024 }, () => {
        server.removeAllListeners("error");
        // A connection that could not be accepted (no descriptors left) is the peer's to try again.
        server.on("error", () => {});
        const { address, port } = server.address() as AddressInfo;
        resolve({ host: address, port });
      });
    });
  }

  /** Hands the machine a command, now or, within an event of its own, right after. No effect when it is over. */
  command(command: Command): void {
    this.#take({ type: "command", command });
  }

  stopListening(): void {
    this.#server?.close();
  }

  /**
   * Finishes the turn, cuts what the machine still holds, gives what it has let go of its time to end, and resolves
   * when every socket is closed. May be called again.
   */
  async close(): Promise<void> {
    if (!this.#isOver) {
      this.#turn();
      this.#end();
    }
    const closing = [...this.#sockets].map((socket) => new Promise((resolve) => socket.once("close", resolve)));
    await Promise.all([...closing, this.#closed]);
  }

  // ── sockets ───────────────────────────────────────────────────────────────────────────────────────────────────────

  #accept(socket: Socket): void {
    const { remoteAddress } = socket;
    if (this.#isOver || remoteAddress === undefined) {
      socket.destroy();
      return;
    }
    this.#lastAccepted += 2;
    const connection = this.#lastAccepted;
    const link = this.#watch(new Link(connection, socket, false));
    if (this.#isHolding) link.hold(true);
    this.#take({ type: "opened", connection, address: limitedAddress(remoteAddress) });
    if (link.isKnown) this.#options.onAccepted?.();
  }

  #dial(connection: ConnectionId, address: string): void {
    assertInvariant(connection % 2 === 1 && !this.#links.has(connection), "a machine dials with new odd numbers");
    const endpoint = parseEndpoint(address);
    if (endpoint === undefined || endpoint.port === 0) {
      this.#take({ type: "refused", connection });
      return;
    }
    const socket = connect({ ...endpoint, noDelay: true, allowHalfOpen: true });
    const link = this.#watch(new Link(connection, socket, true));
    socket.once("connect", () => {
      link.isConnecting = false;
      const { remoteAddress } = socket;
      if (link.isKnown) this.#take({ type: "opened", connection, address: remoteAddress ?? endpoint.host });
    });
  }

  #watch(link: Link): Link {
    const { socket } = link;
    this.#links.set(link.id, link);
    this.#sockets.add(socket);
    socket.on("data", (chunk: Buffer) => {
      if (!link.isKnown) return;
      this.#turnBytes += chunk.length;
      if (link.turnBytes === 0) this.#heard.push(link);
      link.turnBytes += chunk.length;
      if (link.turnBytes >= this.#limits.linkTurnBytesMax) link.wait();
      // Not as a `Buffer`: its `slice` shares memory where a `Uint8Array` copies.
      const bytes = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length);
      this.#take({ type: "bytes", connection: link.id, bytes });
      if (this.#isAlone && this.#operations.length > 0) this.#hurry();
    });
    socket.on("drain", () => {
      this.#behind.delete(link);
      link.caughtUp();
    });
    socket.on("end", () => this.#lost(link));
    // A `close` follows.
    socket.on("error", () => {});
    socket.on("close", () => {
      this.#sockets.delete(socket);
      this.#behind.delete(link);
      this.#lost(link);
    });
    return link;
  }

  /** The peer has gone, or never came. */
  #lost(link: Link): void {
    if (!link.isKnown) return;
    const type = link.isConnecting ? "refused" : "closed";
    this.#letGo(link);
    this.#take({ type, connection: link.id });
  }

  #letGo(link: Link): void {
    this.#links.delete(link.id);
    this.#behind.delete(link);
    link.finish();
    if (link.socket.destroyed) return;
    const timer = setTimeout(() => link.socket.destroy(), this.#limits.lingerMs);
    link.socket.once("close", () => clearTimeout(timer));
  }

  #send(connection: ConnectionId, bytes: Uint8Array): void {
    const link = this.#links.get(connection);
    if (link === undefined) return;
    if (!link.hasPieces) this.#sending.push(link);
    link.add(bytes);
    if (link.unsentBytes > this.#limits.sendBufferBytesMax) this.#cut(link);
  }

  #writeAll(): void {
    const links = this.#sending;
    if (links.length === 0) return;
    this.#sending = [];
    for (const link of links) {
      if (!link.isKnown || !link.write()) continue;
      this.#behind.add(link);
      let unsent = 0;
      for (const other of this.#behind) unsent += other.unsentBytes;
      if (unsent > this.#limits.sendBufferTotalBytesMax) this.#cut(link);
    }
  }

  #cut(link: Link): void {
    this.#options.onSlowReader?.();
    link.socket.destroy();
    this.#lost(link);
  }

  /** While the store is behind, what peers send waits at the peers. */
  #hold(isHolding: boolean): void {
    if (this.#isHolding === isHolding) return;
    this.#isHolding = isHolding;
    for (const link of this.#links.values()) link.hold(isHolding);
  }

  // ── turns ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  #take(input: Input<Command, Answer>): void {
    if (this.#isOver) return;
    this.#inputs.push(input);
    // Within an event, or in the midst of outputs: its turn comes next.
    if (this.#isHandling) return;
    this.#handleAll();
    const { waitingOperationsMax, turnBytesMax } = this.#limits;
    if (this.#operations.length > waitingOperationsMax || this.#turnBytes > turnBytesMax) this.#hold(true);
    this.#schedule();
  }

  #handleAll(): void {
    this.#isHandling = true;
    try {
      let input = this.#inputs.shift();
      do {
        const now = this.#options.clock.now();
        if (input !== undefined) this.#machine.handle(input, now);
        for (let output = this.#machine.poll(); output !== undefined; output = this.#machine.poll()) {
          this.#do(output, now);
        }
        input = this.#isOver ? undefined : this.#inputs.shift();
      } while (input !== undefined);
    } catch (error) {
      this.#break(error);
    }
    this.#isHandling = false;
  }

  #do(output: Output<Operation, Event>, now: Now): void {
    switch (output.type) {
      case "send":
        return this.#send(output.connection, output.bytes);
      case "dial":
        return this.#dial(output.connection, output.address);
      case "close": {
        const link = this.#links.get(output.connection);
        if (link !== undefined) this.#letGo(link);
        return;
      }
      case "store":
        if (this.#operations.length === 0) this.#askedMs = performance.now();
        this.#operations.push(output.operation);
        return;
      case "event":
        return this.#options.onEvent?.(output.event, now);
      default:
        unreachable(output);
    }
  }

  #schedule(): void {
    if (!this.#isOver) this.#immediate ??= setImmediate(() => this.#turn());
  }

  /** The turn that was to come is taken now. One comes all the same, and finds out whether others have spoken meanwhile. */
  #hurry(): void {
    this.#turn();
    this.#isAlone = false;
    this.#schedule();
  }

  #turn(): void {
    clearImmediate(this.#immediate);
    this.#immediate = undefined;
    this.#turnBytes = 0;
    // What a machine asked for when it was made; else there is nothing left by now.
    if (!this.#isOver) this.#handleAll();
    this.#writeAll();
    if (this.#operations.length > 0 && !this.#isOver) this.#commit();
    this.#writeAll();
    // Whoever counts does it when the answers are on their way.
    if (this.#done !== undefined) this.#options.onTransaction?.(this.#done);
    this.#done = undefined;
    if (this.#isOver) return;
    // Answers may have led to further operations: the next transaction. Peers wait no longer than for one.
    if (this.#operations.length > 0 || this.#inputs.length > 0) this.#schedule();
    this.#hold(false);
    this.#isAlone = this.#heard.length <= 1;
    for (const link of this.#heard) link.beginTurn();
    if (this.#heard.length > 0) this.#heard = [];
    this.#arm();
    this.#options.afterTurn?.();
  }

  #commit(): void {
    const operations = this.#operations;
    this.#operations = [];
    const beganMs = performance.now();
    try {
      const answers = this.#options.store.run(operations, this.#options.clock.now().wallMs);
      assertInvariant(answers.length === operations.length, "a store answers every operation");
      this.#done = { operations, answers, askedMs: this.#askedMs, beganMs, endedMs: performance.now() };
      for (const answer of answers) this.#inputs.push({ type: "stored", answer });
    } catch (error) {
      this.#break(error);
      return;
    }
    this.#handleAll();
  }

  /** One timer, set anew only for what is earlier: one that fires too early looks again. */
  #arm(): void {
    const { clock } = this.#options;
    const deadlineMs = this.#deadline();
    if (deadlineMs === undefined || deadlineMs >= this.#timerAtMs) return;
    clearTimeout(this.#timer);
    this.#timerAtMs = deadlineMs;
    const waitMs = Math.ceil((deadlineMs - clock.now().monoMs) / clock.rate);
    this.#timer = setTimeout(() => this.#rang(), Math.min(Math.max(waitMs, 1), TIMER_MS_MAX));
  }

  #rang(): void {
    this.#timer = undefined;
    this.#timerAtMs = Number.POSITIVE_INFINITY;
    const deadlineMs = this.#deadline();
    if (deadlineMs === undefined) return;
    if (deadlineMs <= this.#options.clock.now().monoMs) this.#take(DEADLINE);
    else this.#arm();
  }

  #deadline(): number | undefined {
    try {
      return this.#isOver ? undefined : this.#machine.deadline();
    } catch (error) {
      this.#break(error);
      return undefined;
    }
  }

  #break(error: unknown): void {
    if (this.#isOver) return;
    this.#end();
    for (const socket of this.#sockets) socket.destroy();
    this.#options.onBroken(error);
  }

  #end(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
    this.#server?.close();
    this.#inputs = [];
    this.#operations = [];
    for (const link of this.#links.values()) {
      link.isKnown = false;
      link.socket.destroy();
    }
    this.#links.clear();
    this.#behind.clear();
    this.#heard = [];
  }
}
