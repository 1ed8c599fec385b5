/**
 * A link: the way between one dialler and one listener, as two directed streams, `up` from dialler to listener and
 * `down` back. The counterpart of one proxy of Toxiproxy. All connections of the pair share its condition.
 *
 * A link says what is wrong (profile, toxics) and knows its living connections; what that means for a chunk is the
 * flow's business. The nemesis adds and removes toxics, the network makes links.
 */
import type { Connection } from "./connection.ts";
import type { Flow } from "./flow.ts";
import type { Network } from "./network.ts";
import { TRACE_KIND, NO_HOST } from "./trace.ts";
import { isSupported, toxicWords } from "./toxic.ts";
import type { Toxic, ToxicSpec } from "./toxic.ts";

/** The undisturbed condition of a stream. The jitter is a chosen 0 … jitterMs. */
export interface LinkProfile {
  readonly latencyMs: number;
  readonly jitterMs: number;
}

export const DEFAULT_PROFILE: LinkProfile = { latencyMs: 1, jitterMs: 3 };

/** A toxic at work. */
export class ActiveToxic implements Toxic {
  readonly spec: ToxicSpec;
  readonly stream: LinkStream;
  effect = 0;
  isRemoved = false;
  /** `loss`: the last segment was lost. */
  isInBurst = false;
  /** `tamper`: the first message that it saw. */
  remembered: Uint8Array | undefined;

  constructor(spec: ToxicSpec, stream: LinkStream) {
    this.spec = spec;
    this.stream = stream;
  }

  /** Counts one chunk, dial or connection. */
  touch(): void {
    this.effect += 1;
    if (this.effect === 1) this.stream.network.onEffect?.(this, this.stream.network.scheduler.nowMs);
  }
}

/** One direction of a link. */
export class LinkStream {
  profile: LinkProfile = DEFAULT_PROFILE;
  readonly network: Network;
  readonly link: Link;
  readonly isUp: boolean;
  /** At work when something is sent, and when it arrives; see toxic.ts. */
  readonly shapers: ActiveToxic[] = [];
  readonly gates: ActiveToxic[] = [];
  readonly downs: ActiveToxic[] = [];
  /** How many of the gates are `blocked`. */
  blocks = 0;

  constructor(network: Network, link: Link, isUp: boolean) {
    this.network = network;
    this.link = link;
    this.isUp = isUp;
  }

  get toxics(): readonly Toxic[] {
    return [...this.shapers, ...this.gates, ...this.downs];
  }

  /** Throws for a toxic that `isSupported` does not vouch for. */
  add(spec: ToxicSpec): Toxic {
    if (spec.type === "tamper" && this.network.framing === undefined)
      throw new Error("tamper needs to know of messages");
    if (!isSupported(spec)) throw new RangeError(`toxic ${spec.type} has a value out of range`);
    this.note(TRACE_KIND.toxicAdd, spec);
    const toxic = new ActiveToxic(spec, this);
    this.list(spec).push(toxic);
    switch (spec.type) {
      case "blocked":
        this.blocks += 1;
        break;
      case "timeout":
        for (const flow of this.flows()) flow.armTimeout(toxic, spec.timeoutMs);
        break;
      case "down":
        for (const connection of this.link.connections) {
          toxic.touch();
          connection.break();
        }
        break;
      default:
    }
    return toxic;
  }

  /** Removing what is not there does nothing. */
  remove(toxic: Toxic): void {
    const list = this.list(toxic.spec);
    const at = list.findIndex((each) => each === toxic);
    if (at < 0) return;
    this.note(TRACE_KIND.toxicRemove, toxic.spec);
    const removed = list[at]!;
    removed.isRemoved = true;
    list.splice(at, 1);
    if (toxic.spec.type === "blocked") {
      this.blocks -= 1;
      if (this.blocks === 0) for (const flow of this.flows()) flow.releaseLater();
    } else if (toxic.spec.type === "tamper") {
      for (const flow of this.flows()) flow.untamper(removed);
    } else if (toxic.spec.type === "bandwidth") {
      for (const flow of this.flows()) flow.repace();
    } else if (toxic.spec.type === "timeout") {
      for (const connection of this.link.connections) connection.break();
    }
  }

  private flows(): Flow[] {
    const flows: Flow[] = [];
    for (const connection of this.link.connections) flows.push(this.isUp ? connection.up : connection.down);
    return flows;
  }

  private list(spec: ToxicSpec): ActiveToxic[] {
    switch (spec.type) {
      case "down":
        return this.downs;
      case "blocked":
      case "timeout":
      case "reset_peer":
      case "limit_data":
      case "tamper":
        return this.gates;
      default:
        return this.shapers;
    }
  }

  private note(kind: typeof TRACE_KIND.toxicAdd | typeof TRACE_KIND.toxicRemove, spec: ToxicSpec): void {
    const { scheduler, trace } = this.network;
    const stream = this.link.index * 2 + (this.isUp ? 0 : 1);
    trace.event(kind, NO_HOST, stream, scheduler.cause.key, scheduler.nowMs);
    for (const word of toxicWords(spec)) trace.addWord(word);
  }
}

export class Link {
  readonly dialler: string;
  readonly listener: string;
  /** In order of creation. */
  readonly index: number;
  readonly up: LinkStream;
  readonly down: LinkStream;
  /** Those where at least one side still holds its end. */
  readonly connections = new Set<Connection>();

  constructor(network: Network, dialler: string, listener: string, index: number) {
    this.dialler = dialler;
    this.listener = listener;
    this.index = index;
    this.up = new LinkStream(network, this, true);
    this.down = new LinkStream(network, this, false);
  }

  /** Counts the dial with the `down` toxics of both streams. True when there is one. */
  refusesDial(): boolean {
    for (const toxic of this.up.downs) toxic.touch();
    for (const toxic of this.down.downs) toxic.touch();
    return this.up.downs.length > 0 || this.down.downs.length > 0;
  }
}
