/** What a driver is made of and what it is bounded by; what it tells whoever made it. */
import type { Machine, Now } from "../../core/machine.ts";
import type { Clock } from "./clock.ts";
import type { TransactionStore } from "./transaction-store.ts";

export interface DriverLimits {
  readonly sendBufferBytesMax: number;
  readonly sendBufferTotalBytesMax: number;
  /** Operations that may wait for the store, and bytes that may come in before it had its turn. */
  readonly waitingOperationsMax: number;
  readonly turnBytesMax: number;
  /** Bytes of one connection in one turn, about: beyond, it is not read from until the next, and the others have theirs. */
  readonly linkTurnBytesMax: number;
  /** Accepted connections at once, those that are being closed counted too. */
  readonly connectionsMax: number;
  /** How long a connection may take to close after the machine's last words. */
  readonly lingerMs: number;
}

export const DRIVER_LIMITS: DriverLimits = {
  sendBufferBytesMax: 8 * 1024 * 1024,
  sendBufferTotalBytesMax: 256 * 1024 * 1024,
  waitingOperationsMax: 4096,
  turnBytesMax: 16 * 1024 * 1024,
  linkTurnBytesMax: 64 * 1024,
  connectionsMax: 20_000,
  lingerMs: 2000,
};

/** What went through the store at once. Times in milliseconds of the host's monotonic clock, with fractions. */
export interface Transaction<Operation, Answer> {
  readonly operations: readonly Operation[];
  readonly answers: readonly Answer[];
  /** When the first operation was asked for, when the store began, when it was durable. */
  readonly askedMs: number;
  readonly beganMs: number;
  readonly endedMs: number;
}

export interface DriverOptions<Command, Event, Operation, Answer> {
  readonly machine: Machine<Command, Event, Operation, Answer>;
  readonly store: TransactionStore<Operation, Answer>;
  readonly clock: Clock;
  readonly limits?: Partial<DriverLimits>;
  /** May give commands to the driver. */
  readonly onEvent?: (event: Event, now: Now) => void;
  readonly onBroken: (error: unknown) => void;
  /** A connection was accepted and the machine did not turn it away. */
  readonly onAccepted?: () => void;
  /** A connection was cut because its peer did not read. */
  readonly onSlowReader?: () => void;
  readonly onTransaction?: (transaction: Transaction<Operation, Answer>) => void;
  /** A turn is over and what it sent is on its way: time for what the next one finds ready. */
  readonly afterTurn?: () => void;
}
