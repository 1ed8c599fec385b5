/**
 * The network: who listens where, and the link between every dialler and listener.
 *
 * A dial finds its listener by endpoint address, makes the link of the pair on first use and sends the opening segment.
 * What happens on the way is the business of links and flows (the rules stand in toxic.ts); what becomes of connections
 * when a process dies or a host loses power is decided here. Hosts call it, and the nemesis takes links from it to
 * poison them.
 */
import type { ConnectionId } from "../../core/machine.ts";
import type { Cause, Choices, Label } from "./choices.ts";
import { Connection } from "./connection.ts";
import type { End, Peer } from "./connection.ts";
import type { Flow } from "./flow.ts";
import { Link } from "./link.ts";
import type { Scheduler, Substrate } from "./scheduler.ts";
import type { Framing } from "./tamperer.ts";
import { TRACE_KIND } from "./trace.ts";
import type { TraceDigest } from "./trace.ts";
import type { Toxic } from "./toxic.ts";

export class Network {
  /** Told when a toxic touches something for the first time. */
  onEffect: ((toxic: Toxic, atMs: number) => void) | undefined;
  /** Set before the first dial, when somebody is going to tamper with messages. */
  framing: Framing | undefined;
  readonly scheduler: Scheduler;
  readonly trace: TraceDigest;
  readonly jitterLabel: Label;
  readonly lossLabel: Label;
  readonly retransmitLabel: Label;
  readonly sliceLabel: Label;
  readonly tamperLabel: Label;
  private readonly substrate: Substrate;
  private endpoints = new Map<string, Peer>();
  private byDialler = new Map<string, Map<string, Link>>();
  private all: Link[] = [];
  /** Flows with something held for a host without power. */
  private waiting = new Map<Peer, Set<Flow>>();

  constructor(substrate: Substrate) {
    this.substrate = substrate;
    this.scheduler = substrate.scheduler;
    this.trace = substrate.trace;
    this.jitterLabel = substrate.labels.label("network.jitter");
    this.lossLabel = substrate.labels.label("network.loss");
    this.retransmitLabel = substrate.labels.label("network.retransmit");
    this.sliceLabel = substrate.labels.label("network.slice");
    this.tamperLabel = substrate.labels.label("network.tamper");
  }

  get choices(): Choices {
    return this.substrate.choices;
  }

  /** In order of creation. */
  get links(): readonly Link[] {
    return this.all;
  }

  /** Created on first use. The names are hosts' names. */
  link(dialler: string, listener: string): Link {
    let byListener = this.byDialler.get(dialler);
    if (byListener === undefined) this.byDialler.set(dialler, (byListener = new Map()));
    let link = byListener.get(listener);
    if (link === undefined) {
      link = new Link(this, dialler, listener, this.all.length);
      byListener.set(listener, link);
      this.all.push(link);
    }
    return link;
  }

  /** Throws when the address is taken. */
  listen(address: string, host: Peer): void {
    if (this.endpoints.has(address)) throw new Error(`two hosts listen on ${address}`);
    this.endpoints.set(address, host);
  }

  dial(host: Peer, id: ConnectionId, address: string, cause: Cause): End {
    this.trace.event(TRACE_KIND.dial, host.index, id, cause.key, this.scheduler.nowMs);
    const target = this.endpoints.get(address);
    const connection = new Connection(this.link(host.name, target?.name ?? address), host, id, address, target);
    connection.open(cause);
    return connection.dialler;
  }

  /** From one and a half times the average down to half of it: the calm value is the longest piece. */
  drawSlice(averageBytes: number, cause: Cause): number {
    const longest = averageBytes + (averageBytes >> 1);
    return longest - this.choices.choose(this.sliceLabel, cause, averageBytes);
  }

  /** `flow` holds something until this host has power again. */
  awaitPower(host: Peer, flow: Flow): void {
    const flows = this.waiting.get(host);
    if (flows === undefined) this.waiting.set(host, new Set([flow]));
    else flows.add(flow);
  }

  powerRestored(host: Peer): void {
    const flows = this.waiting.get(host);
    if (flows === undefined) return;
    this.waiting.delete(host);
    for (const flow of flows) flow.releaseLater();
  }

  reset(): void {
    this.onEffect = undefined;
    this.framing = undefined;
    // New ones: a map that is emptied links its old table to its new one, and as soon as one table has grown old all
    // worlds that came after it are kept, and copied, until the next full collection.
    this.endpoints = new Map();
    this.byDialler = new Map();
    this.waiting = new Map();
    this.all = [];
  }
}
