/**
 * The machine contract: how a protocol without sockets, clocks or disks is driven.
 *
 * A machine never waits and never asks, it is told. Whoever drives it (the simulated host, the driver on real
 * sockets) follows one order:
 *
 * 1. `handle(input, now)` – the only call that changes state;
 * 2. `poll()` until it answers `undefined` – every output of that turn;
 * 3. `deadline()` – when the machine wants to be told the time, if nothing else happens before.
 *
 * All store operations drained in one turn are one transaction (group commit): the driver hands them to the store
 * together and returns each answer as a `stored` input once the transaction is durable.
 *
 * This file imports nothing, so that a person can bring a protocol of their own into the simulated world.
 */

/** The two clocks. Deadlines use only `monoMs`; timestamps, ttl and expiry use only `wallMs`. Whole milliseconds. */
export interface Now {
  /** Since some fixed point, never going back. */
  readonly monoMs: number;
  /** Since the Unix epoch, may jump either way. */
  readonly wallMs: number;
}

/**
 * Names one connection of one machine. The machine picks odd numbers for what it dials, the driver even numbers for
 * what it accepts; a number is never used twice by one machine.
 */
export type ConnectionId = number;

/** What a machine can be told. `Command` is the application's, `Answer` the store's. */
export type Input<Command, Answer> =
  | { readonly type: "opened"; readonly connection: ConnectionId; readonly address: string }
  | { readonly type: "bytes"; readonly connection: ConnectionId; readonly bytes: Uint8Array }
  /** Gone: ended, reset or broken. Nothing more comes from it, nothing more can be sent. */
  | { readonly type: "closed"; readonly connection: ConnectionId }
  /** A dial that came to nothing. */
  | { readonly type: "refused"; readonly connection: ConnectionId }
  | { readonly type: "deadline" }
  | { readonly type: "stored"; readonly answer: Answer }
  | { readonly type: "command"; readonly command: Command };

/** What a machine asks for. `Operation` goes to the store, `Event` to the application. */
export type Output<Operation, Event> =
  /** The bytes are the driver's to keep: the machine never writes to them again. */
  | { readonly type: "send"; readonly connection: ConnectionId; readonly bytes: Uint8Array }
  | { readonly type: "dial"; readonly connection: ConnectionId; readonly address: string }
  /** Close after what was sent before; no `closed` input follows. */
  | { readonly type: "close"; readonly connection: ConnectionId }
  | { readonly type: "store"; readonly operation: Operation }
  | { readonly type: "event"; readonly event: Event };

export interface Machine<Command, Event, Operation, Answer> {
  /** Takes one input. Throws `InvariantViolation` only: the machine is then broken and must not be used again. */
  handle(input: Input<Command, Answer>, now: Now): void;
  /** The next output of this turn, `undefined` when there is none left. */
  poll(): Output<Operation, Event> | undefined;
  /** The `monoMs` at which a `deadline` input is due, `undefined` for never. */
  deadline(): number | undefined;
}

/**
 * Randomness, handed in. A label says what it is for ("nonce", "jitter", …): implementations that replay derive each
 * value from label and cause, so that one draw more here moves none elsewhere.
 */
export interface Entropy {
  /** Fills `out` with random bytes. */
  fill(label: string, out: Uint8Array): void;
  /** A whole number from 0 to `bound` − 1; 0 is the calm value. */
  below(label: string, bound: number): number;
}
