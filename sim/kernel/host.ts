/**
 * A host: one machine with its store, disk, clock offset and connections; the twin of the driver on real sockets.
 *
 * A turn is `handle`, then every output (to the network, to the program, to the store), then the deadline. Store
 * operations of a turn go to the store as one transaction (see group-commit.ts). A host that dies forgets all that is
 * in memory; its disk keeps what disks keep. While paused, whatever is for the process waits in order. What the machine
 * or the store throws ends the run as a violation. The kernel makes hosts, the world commands them, the nemesis kills
 * them.
 */
import type { ConnectionId, Input, Machine, Now } from "../../core/machine.ts";
import { Action } from "./action.ts";
import { Alarm } from "./alarm.ts";
import { createCause } from "./choices.ts";
import type { Cause, Label } from "./choices.ts";
import type { End, Notice, Peer } from "./connection.ts";
import { Disk } from "./disk.ts";
import { GroupCommit } from "./group-commit.ts";
import type { CommitHost } from "./group-commit.ts";
import { hashName } from "./hash.ts";
import { HostEntropy } from "./host-entropy.ts";
import type { Network } from "./network.ts";
import type { Program } from "./program.ts";
import { ReplayMismatch } from "./recorded-choices.ts";
import { createLane } from "./scheduler.ts";
import type { Entry, Lane, Scheduler, Substrate } from "./scheduler.ts";
import { TRACE_KIND } from "./trace.ts";
import type { TraceKind } from "./trace.ts";
import { traceInput } from "./trace-input.ts";

const DEADLINE: { readonly type: "deadline" } = { type: "deadline" };

/**
 * What a host's disk touches while it syncs: not the process. That takes what comes meanwhile as it would a moment
 * before or after, and stages nothing until it is answered. Only a crash is about both.
 */
export function diskOf(host: string): string {
  return `disk of ${host}`;
}

export interface HostSeed {
  readonly seedLo: number;
  readonly seedHi: number;
}

export class Host<Command, Event, Operation, Answer> implements Peer, CommitHost<Answer> {
  readonly name: string;
  /** In order of creation. */
  readonly index: number;
  readonly disk: Disk;
  readonly commandLane: Lane;
  readonly syncLane: Lane;
  readonly answerLane: Lane;
  readonly readLane: Lane;
  /** Of its own timers. */
  readonly ownCause: Cause;
  /** −1 before the first start. */
  incarnation = -1;
  /** The process runs, perhaps paused. */
  isUp = false;
  isPaused = false;
  isPowered = true;
  /** Clock fault: added to the wall clock. */
  wallOffsetMs = 0;

  private readonly substrate: Substrate;
  private readonly scheduler: Scheduler;
  private readonly network: Network;
  private readonly program: Program<Command, Event, Operation, Answer>;
  private readonly seed: HostSeed;
  private readonly listens: boolean;
  private readonly syncLabel: Label;
  private readonly answerLabel: Label;
  private readonly alarm: Alarm;
  private running: Machine<Command, Event, Operation, Answer> | undefined;
  private group: GroupCommit<Operation, Answer> | undefined;
  private readonly ends = new Map<ConnectionId, End>();
  private nextAccepted = 0;
  private present: Now = { monoMs: -1, wallMs: 0 };
  /** What came while paused. */
  private deferred: Entry[] = [];
  private isDraining = false;
  /** The machine threw: it gets no further turn. */
  private isBroken = false;
  /** The program's own code runs: what it throws is no violation. */
  private isForeign = false;

  constructor(
    substrate: Substrate,
    network: Network,
    name: string,
    program: Program<Command, Event, Operation, Answer>,
    seed: HostSeed,
    listens: boolean,
  ) {
    this.substrate = substrate;
    this.scheduler = substrate.scheduler;
    this.network = network;
    this.name = name;
    this.program = program;
    this.seed = seed;
    this.listens = listens;
    this.index = substrate.trace.addHost(name);
    this.commandLane = createLane(`commands of ${name}`, "commands", name);
    this.syncLane = createLane(`disk of ${name}`, "disk", name, diskOf(name));
    this.readLane = createLane(`reads of ${name}`, "reads", name);
    this.answerLane = createLane(`answers of ${name}`, "answers", name);
    this.disk = new Disk(substrate, this.index);
    this.ownCause = createCause(hashName(name) | 0x80000000);
    this.syncLabel = substrate.labels.label("disk.sync");
    this.answerLabel = substrate.labels.label("disk.answer");
    this.alarm = new Alarm(this.scheduler, this.ownCause, () => this.alarmRang());
  }

  /** Of the running incarnation. */
  get machine(): Machine<Command, Event, Operation, Answer> | undefined {
    return this.running;
  }

  get isListening(): boolean {
    return this.listens && this.isUp;
  }

  /** Connections that its machine counts on, dials under way included. */
  get connectionCount(): number {
    return this.ends.size;
  }

  /** A transaction is in flight, or operations wait for one. */
  get isStoring(): boolean {
    return this.group !== undefined && !this.group.isIdle;
  }

  /** The same object while it is the same time: most turns come several in a millisecond. */
  now(): Now {
    const { nowMs, startWallMs } = this.scheduler;
    const wallMs = startWallMs + nowMs + this.wallOffsetMs;
    const { present } = this;
    if (present.monoMs === nowMs && present.wallMs === wallMs) return present;
    this.present = { monoMs: nowMs, wallMs };
    return this.present;
  }

  /** Starts the process, and the power with it. No effect while it runs. */
  start(cause: Cause): void {
    if (this.isUp) return;
    const hadPower = this.isPowered;
    this.incarnation += 1;
    this.isUp = true;
    this.isPowered = true;
    this.isPaused = false;
    this.isBroken = false;
    this.nextAccepted = 0;
    this.note(TRACE_KIND.start, this.incarnation, cause);
    const before = this.scheduler.cause;
    this.scheduler.cause = cause;
    try {
      const { seedLo, seedHi } = this.seed;
      const entropy = new HostEntropy(this.substrate, seedLo, seedHi, hashName(this.name), this.incarnation);
      const { machine, store } = this.program.start(this.incarnation, this.disk, entropy);
      this.running = machine;
      this.group = new GroupCommit(this, store);
      this.drain(machine, this.now(), cause);
    } catch (error) {
      this.caught(error);
    }
    this.scheduler.cause = before;
    if (!hadPower) this.network.powerRestored(this);
  }

  /** The process dies. The system lives: its peers are told, and the disk loses nothing. */
  kill(cause: Cause): void {
    if (!this.isUp) return;
    this.note(TRACE_KIND.kill, this.incarnation, cause);
    const ends = this.forget();
    for (const end of ends) end.connection.close(end, cause);
  }

  /** The power goes: nobody is told, and the disk loses what was not synced, or part of it. Also without a process. */
  powerLoss(cause: Cause): void {
    if (!this.isPowered) return;
    this.note(TRACE_KIND.powerLoss, this.incarnation, cause);
    const ends = this.forget();
    this.isPowered = false;
    for (const end of ends) end.connection.vanish(end);
    this.disk.powerLoss(cause);
  }

  /** As SIGSTOP: the system goes on accepting, the disk goes on syncing, the process takes no turn. */
  pause(): void {
    if (!this.isUp || this.isPaused) return;
    this.isPaused = true;
    this.note(TRACE_KIND.pause, this.incarnation, this.scheduler.cause);
  }

  resume(): void {
    if (!this.isPaused) return;
    this.isPaused = false;
    this.note(TRACE_KIND.resume, this.incarnation, this.scheduler.cause);
    if (this.deferred.length === 0) return;
    const { nowMs, cause } = this.scheduler;
    this.scheduler.push(nowMs, new Action(cause, () => this.drainDeferred()));
  }

  /** Hands the machine a command, through the queue at the current time. Lost if the process is down or dies before. */
  command(command: Command, cause: Cause): void {
    if (!this.isUp) return;
    this.scheduler.push(this.scheduler.nowMs, this.delivery({ type: "command", command }, cause));
  }

  // What the network calls.

  accept(end: End): ConnectionId {
    this.nextAccepted += 2;
    this.ends.set(this.nextAccepted, end);
    return this.nextAccepted;
  }

  notify(kind: Notice, end: End, cause: Cause): void {
    if (!end.isKnown) return;
    const connection = end.id;
    if (kind === "opened") this.deliver({ type: kind, connection, address: end.address }, cause, end);
    else this.deliver({ type: kind, connection }, cause, end);
  }

  receive(end: End, bytes: Uint8Array, cause: Cause): void {
    if (end.isKnown) this.deliver({ type: "bytes", connection: end.id, bytes }, cause, end);
  }

  // What its own entries come to.

  /** Takes an input now, or keeps it while the process is paused. `end` is given for inputs of a connection. */
  private deliver(input: Input<Command, Answer>, cause: Cause, end?: End): void {
    if (this.isDeferring) {
      this.defer(this.delivery(input, cause, end));
      return;
    }
    if (end !== undefined) {
      // The machine may have closed it since.
      if (!end.isKnown) return;
      if (input.type === "closed" || input.type === "refused") this.drop(end);
    }
    this.turn(input, cause);
  }

  /** An input that waits: for its turn in the queue, or for the end of a pause. Lost with this incarnation. */
  private delivery(input: Input<Command, Answer>, cause: Cause, end?: End): Entry {
    const { incarnation } = this;
    const act = (): void => {
      if (this.incarnation === incarnation) this.deliver(input, cause, end);
    };
    const laneNow = (): Lane | undefined =>
      this.isUp && this.incarnation === incarnation ? this.commandLane : undefined;
    return new Action(cause, act, laneNow);
  }

  /** Takes what came while it was paused. */
  private drainDeferred(): void {
    if (this.isPaused || this.isDraining) return;
    this.isDraining = true;
    const { deferred } = this;
    for (let entry = deferred.shift(); entry !== undefined; entry = deferred.shift()) {
      this.scheduler.cause = entry.cause;
      entry.fire();
      // Killed or paused by what the program made of it.
      if (this.deferred !== deferred || this.isPaused) break;
    }
    this.isDraining = false;
  }

  // What its transactions call.

  get isDeferring(): boolean {
    return this.isPaused || (this.deferred.length > 0 && !this.isDraining);
  }

  defer(entry: Entry): void {
    this.deferred.push(entry);
  }

  push(entry: Entry, wait: "disk.sync" | "disk.answer" | undefined): void {
    const { choices } = this.substrate;
    let delayMs = 0;
    if (wait === "disk.sync") delayMs = 1 + choices.choose(this.syncLabel, entry.cause, 4) + this.disk.slowMs;
    else if (wait === "disk.answer") delayMs = choices.choose(this.answerLabel, entry.cause, 3);
    this.scheduler.push(this.scheduler.nowMs + delayMs, entry);
  }

  committed(now: Now): void {
    this.program.onCommit?.(now);
  }

  tell(answer: Answer, cause: Cause): void {
    this.scheduler.cause = cause;
    this.deliver({ type: "stored", answer }, cause);
  }

  caught(error: unknown): void {
    const { isForeign } = this;
    this.isForeign = false;
    if (isForeign || error instanceof ReplayMismatch) throw error;
    this.isBroken = true;
    this.substrate.fail(this.name, error);
  }

  private alarmRang(): void {
    if (this.running === undefined) return;
    if (this.isDeferring) this.defer(new Action(this.ownCause, () => this.wake()));
    else this.wake();
  }

  /** Calls the machine only if its deadline has really come. */
  private wake(): void {
    let deadlineMs: number | undefined;
    try {
      deadlineMs = this.running?.deadline();
      if (deadlineMs !== undefined && deadlineMs > this.scheduler.nowMs) this.alarm.set(deadlineMs);
    } catch (error) {
      this.caught(error);
      return;
    }
    if (deadlineMs !== undefined && deadlineMs <= this.scheduler.nowMs) this.turn(DEADLINE, this.ownCause);
  }

  private turn(input: Input<Command, Answer>, cause: Cause): void {
    const machine = this.running;
    if (machine === undefined || this.isBroken) return;
    traceInput(this.substrate.trace, this.index, input, cause, this.scheduler.nowMs);
    this.scheduler.handled += 1;
    const now = this.now();
    try {
      machine.handle(input, now);
      this.drain(machine, now, cause);
    } catch (error) {
      this.caught(error);
    }
  }

  private drain(machine: Machine<Command, Event, Operation, Answer>, now: Now, cause: Cause): void {
    for (let output = machine.poll(); output !== undefined; output = machine.poll()) {
      switch (output.type) {
        case "send": {
          const end = this.ends.get(output.connection);
          if (end === undefined) break;
          this.program.onSend?.(end.connection.peerOf(end), output.bytes);
          end.connection.send(end, output.bytes, cause);
          break;
        }
        case "dial":
          if (output.connection % 2 !== 1 || this.ends.has(output.connection)) {
            throw new Error(`a machine dials with new odd numbers, not with ${output.connection}`);
          }
          this.ends.set(output.connection, this.network.dial(this, output.connection, output.address, cause));
          break;
        case "close": {
          const end = this.ends.get(output.connection);
          if (end === undefined) break;
          this.note(TRACE_KIND.close, end.id, cause);
          this.drop(end);
          end.connection.close(end, cause);
          break;
        }
        case "store":
          this.group!.add(output.operation, cause);
          break;
        case "event":
          this.isForeign = true;
          this.program.onEvent(output.event, now, cause);
          this.isForeign = false;
          // Killed by what the program made of it.
          if (this.running !== machine) return;
      }
    }
    this.group!.begin(now);
    const deadlineMs = machine.deadline();
    if (deadlineMs !== undefined) this.alarm.set(deadlineMs);
  }

  /** All that was in the process's memory. Answers the ends that it held. */
  private forget(): readonly End[] {
    const ends = [...this.ends.values()];
    for (const end of ends) end.isKnown = false;
    this.ends.clear();
    this.running = undefined;
    this.group?.forget();
    this.group = undefined;
    this.deferred = [];
    this.isUp = false;
    this.isPaused = false;
    return ends;
  }

  private drop(end: End): void {
    end.isKnown = false;
    this.ends.delete(end.id);
  }

  private note(kind: TraceKind, value: number, cause: Cause): void {
    this.substrate.trace.event(kind, this.index, value, cause.key, this.scheduler.nowMs);
  }
}
