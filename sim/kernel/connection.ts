/**
 * A connection: two ends and an ordered flow of bytes each way, as the two operating systems see it.
 *
 * The dialler's segment goes up, the listener's system accepts and answers, and the dialler is through after a round
 * trip. An end is open until its side closes, dies or is told that the other side is gone. Bytes for an end that is not
 * open are answered with a reset by the host's system, if that host has power; a host without power answers nothing, so
 * its peers hold half-open connections. The network makes connections, the hosts hold their ends.
 */
import type { ConnectionId } from "../../core/machine.ts";
import { Action } from "./action.ts";
import type { Cause } from "./choices.ts";
import { Flow, NO_BYTES, SEGMENT } from "./flow.ts";
import type { SegmentKind } from "./flow.ts";
import type { Link } from "./link.ts";
import { createLane } from "./scheduler.ts";
import type { Lane } from "./scheduler.ts";

/** What the network needs of a host. */
export interface Peer {
  readonly name: string;
  readonly index: number;
  /** The operating system runs, with or without the process. */
  readonly isPowered: boolean;
  /** The process runs and listens. */
  readonly isListening: boolean;
  /** Takes an end of a new connection. */
  accept(end: End): ConnectionId;
  notify(kind: Notice, end: End, cause: Cause): void;
  receive(end: End, bytes: Uint8Array, cause: Cause): void;
}

export type Notice = "opened" | "closed" | "refused";

export class End {
  readonly host: Peer;
  readonly connection: Connection;
  readonly id: ConnectionId;
  /** What `opened` says: the address dialled, or the dialler's name. */
  readonly address: string;
  /** The network still carries for it. */
  isOpen = true;
  /** Its machine still counts on it. */
  isKnown = true;

  constructor(host: Peer, connection: Connection, id: ConnectionId | undefined, address: string) {
    this.host = host;
    this.connection = connection;
    this.address = address;
    this.id = id ?? host.accept(this);
  }
}

export class Connection {
  readonly link: Link;
  readonly up: Flow;
  readonly down: Flow;
  readonly dialler: End;
  listener: End | undefined;
  /** No end is open any more. Whatever is in flight is nobody's. */
  isOver = false;
  private readonly target: Peer | undefined;
  private isThrough = false;
  /** Sent by the dialler before it was through. */
  private early: Uint8Array[] | undefined;

  /** `target` is undefined when nobody has that address. */
  constructor(link: Link, dialler: Peer, id: ConnectionId, address: string, target: Peer | undefined) {
    this.link = link;
    this.up = new Flow(this, link.up);
    this.down = new Flow(this, link.down);
    this.target = target;
    this.dialler = new End(dialler, this, id, address);
    link.connections.add(this);
  }

  open(cause: Cause): void {
    this.up.send(SEGMENT.syn, NO_BYTES, cause);
  }

  send(end: End, bytes: Uint8Array, cause: Cause): void {
    if (!end.isOpen || bytes.length === 0) return;
    if (end !== this.dialler) this.down.send(SEGMENT.chunk, bytes, cause);
    else if (this.isThrough) this.up.send(SEGMENT.chunk, bytes, cause);
    else (this.early ??= []).push(bytes);
  }

  /** Ends after what was sent before. A dial that is not accepted yet is given up. */
  close(end: End, cause: Cause): void {
    if (!end.isOpen) return;
    end.isOpen = false;
    if (this.opposite(end)?.isOpen === true) this.flowFrom(end).send(SEGMENT.fin, NO_BYTES, cause);
    this.settle();
  }

  /** The end's host lost power: nobody is told. */
  vanish(end: End): void {
    end.isOpen = false;
    this.flowFrom(end).senderLost();
    this.settle();
  }

  /** Gone for both sides at this moment, with all that is in flight. */
  break(): void {
    if (this.isOver) return;
    for (const end of [this.dialler, this.listener]) {
      if (end === undefined || !end.isOpen) continue;
      end.isOpen = false;
      this.tellLater(end === this.dialler && !this.isThrough ? "refused" : "closed", end);
    }
    this.settle();
  }

  private tellLater(notice: Notice, end: End): void {
    const { scheduler } = this.link.up.network;
    const { cause } = scheduler;
    const { host, id } = end;
    const act = (): void => host.notify(notice, end, cause);
    const laneNow = (): Lane => createLane(`break of ${this.dialler.host.name} ${id}`, "flow", host.name);
    scheduler.push(scheduler.nowMs, new Action(cause, act, laneNow));
  }

  /** The name of the host on the other side; empty when nobody has that address. */
  peerOf(end: End): string {
    return end === this.dialler ? (this.target?.name ?? "") : this.dialler.host.name;
  }

  /** Where a flow leads; undefined when nobody has the address. */
  receiverOf(flow: Flow): Peer | undefined {
    return flow === this.down ? this.dialler.host : this.target;
  }

  /** A segment has come through. */
  receive(flow: Flow, kind: SegmentKind, bytes: Uint8Array, cause: Cause): void {
    switch (kind) {
      case SEGMENT.syn:
        this.accept(cause);
        return;
      case SEGMENT.accept:
        if (!this.dialler.isOpen) return;
        this.isThrough = true;
        for (const chunk of this.early ?? []) this.up.send(SEGMENT.chunk, chunk, cause);
        this.early = undefined;
        this.dialler.host.notify("opened", this.dialler, cause);
        return;
      case SEGMENT.refuse:
        this.lose(this.dialler, "refused", cause);
        return;
      default: {
        const end = flow === this.up ? this.listener : this.dialler;
        if (end === undefined) return;
        if (kind !== SEGMENT.chunk) this.lose(end, "closed", cause);
        else if (end.isOpen) end.host.receive(end, bytes, cause);
        else this.flowFrom(end).send(SEGMENT.reset, NO_BYTES, cause);
      }
    }
  }

  private accept(cause: Cause): void {
    if (this.link.refusesDial() || this.target === undefined || !this.target.isListening) {
      this.down.send(SEGMENT.refuse, NO_BYTES, cause);
      return;
    }
    this.listener = new End(this.target, this, undefined, this.dialler.host.name);
    // First, so that nothing which the listener sends at once can overtake it.
    this.down.send(SEGMENT.accept, NO_BYTES, cause);
    for (const flow of [this.up, this.down]) {
      for (const toxic of flow.stream.gates) {
        if (toxic.spec.type === "timeout") flow.armTimeout(toxic, toxic.spec.timeoutMs);
      }
    }
    this.target.notify("opened", this.listener, cause);
  }

  private lose(end: End, notice: Notice, cause: Cause): void {
    if (!end.isOpen) return;
    end.isOpen = false;
    this.settle();
    end.host.notify(notice, end, cause);
  }

  private opposite(end: End): End | undefined {
    return end === this.dialler ? this.listener : this.dialler;
  }

  private flowFrom(end: End): Flow {
    return end === this.dialler ? this.up : this.down;
  }

  private settle(): void {
    if (this.dialler.isOpen || this.listener?.isOpen === true) return;
    this.isOver = true;
    this.link.connections.delete(this);
  }
}
