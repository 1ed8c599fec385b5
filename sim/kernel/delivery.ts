/**
 * What can wait for a host's process: an input, a look at the deadline, the end of a pause.
 *
 * Commands come as deliveries through the queue; everything else becomes one only while the host is paused and is
 * fired again, in order, when it goes on. A delivery to an incarnation that is gone does nothing.
 */
import type { Input } from "../../core/machine.ts";
import type { Cause } from "./choices.ts";
import type { End } from "./connection.ts";
import type { Entry, Lane } from "./scheduler.ts";

/** The host, as what waits for it sees it. */
export interface DeliveryTarget<Command, Answer> {
  readonly incarnation: number;
  readonly isUp: boolean;
  /** Of what it is told by its own application. */
  readonly commandLane: Lane;
  deliver(input: Input<Command, Answer>, cause: Cause, end?: End): void;
}

export class Delivery<Command, Answer> implements Entry {
  readonly cause: Cause;
  private readonly host: DeliveryTarget<Command, Answer>;
  private readonly incarnation: number;
  private readonly input: Input<Command, Answer>;
  private readonly end: End | undefined;

  constructor(host: DeliveryTarget<Command, Answer>, input: Input<Command, Answer>, cause: Cause, end?: End) {
    this.host = host;
    this.incarnation = host.incarnation;
    this.input = input;
    this.cause = cause;
    this.end = end;
  }

  get lane(): Lane | undefined {
    return this.isLost ? undefined : this.host.commandLane;
  }

  private get isLost(): boolean {
    return !this.host.isUp || this.host.incarnation !== this.incarnation;
  }

  fire(): void {
    if (this.host.incarnation === this.incarnation) this.host.deliver(this.input, this.cause, this.end);
  }
}

/** The alarm rang while the host was paused. */
export class Wake implements Entry {
  readonly cause: Cause;
  private readonly host: { readonly ownCause: Cause; wake(): void };

  constructor(host: { readonly ownCause: Cause; wake(): void }) {
    this.host = host;
    this.cause = host.ownCause;
  }

  fire(): void {
    this.host.wake();
  }
}

/** The host goes on with what waited. */
export class Resumption implements Entry {
  readonly cause: Cause;
  private readonly host: { drainDeferred(): void };

  constructor(host: { drainDeferred(): void }, cause: Cause) {
    this.host = host;
    this.cause = cause;
  }

  fire(): void {
    this.host.drainDeferred();
  }
}
