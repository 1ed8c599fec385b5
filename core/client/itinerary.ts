/**
 * Which of its relays a device is connected to (invariant 18). The *active* relay is the most preferred one that is
 * live. When none is, a round begins: the first is dialled, when it fails the next, and when all have failed the
 * application is told and the round begins again after a wait. While one is active the others are *visited*: the more
 * preferred ones after `preferAgainMs`, so that the device moves back; the others when a copy is owed there, and at
 * least every `visitMs`. A visit ends when there is nothing more to do. Each relay has a backoff of its own, so that a
 * failing one delays no other.
 *
 * With one relay its connector waits and tries again by itself; nothing here has a time of its own then.
 */
import type { Context } from "../context.ts";
import type { Now } from "../machine.ts";
import { BACKOFF, type ClientConfig, VISIT_LINGER_MS } from "./config.ts";
import type { ClientEvent, DisconnectWhy } from "./events.ts";
import type { Loss } from "./link-port.ts";
import type { RelayLink } from "./relay-link.ts";

interface Visits {
  /** When the last session there ended, or the last attempt; undefined: the next visit is due. */
  endedMs: number | undefined;
  /** Its own backoff. */
  notBeforeMs: number;
  /** Since when a visit has had nothing to do. */
  idleSinceMs: number | undefined;
  /** When its last session became live. */
  liveSinceMs: number | undefined;
}

export class Itinerary {
  /** In order of preference. */
  readonly #links: readonly RelayLink[];
  readonly #visits: readonly Visits[];
  readonly #config: ClientConfig;
  readonly #tell: (event: ClientEvent) => void;
  readonly #mark: Context["mark"];
  #isWanted = false;
  /** Relays that have failed in this round. */
  readonly #failed = new Set<number>();
  /** When the next round begins. */
  #roundAtMs: number | undefined;

  constructor(
    links: readonly RelayLink[],
    config: ClientConfig,
    tell: (event: ClientEvent) => void,
    mark: Context["mark"],
  ) {
    this.#links = links;
    this.#visits = links.map(() => ({
      endedMs: undefined,
      notBeforeMs: 0,
      idleSinceMs: undefined,
      liveSinceMs: undefined,
    }));
    this.#config = config;
    this.#tell = tell;
    this.#mark = mark;
  }

  /** The most preferred link that is live. */
  get active(): RelayLink | undefined {
    return this.#links.find((link) => link.isLive);
  }

  /** The application wants a connection: now, whatever the wait; and with the other relays too. */
  want(now: Now): void {
    this.#isWanted = true;
    for (const visits of this.#visits) {
      visits.endedMs = undefined;
      visits.notBeforeMs = 0;
    }
    if (!this.#isUnderWay()) this.#begin(now);
  }

  unwant(why: DisconnectWhy): void {
    this.#isWanted = false;
    this.#roundAtMs = undefined;
    for (const link of this.#links) link.leave(why);
  }

  /** A relay that lets the device in may still fail it at once: the others that failed in this round stay failed. */
  welcomed(link: RelayLink, now: Now): void {
    const index = this.#links.indexOf(link);
    this.#visits[index]!.liveSinceMs = now.monoMs;
    if (this.#links.some((other, i) => i > index && other.isLive)) this.#mark("client.moved-back");
    this.#roundAtMs = undefined;
  }

  lost(link: RelayLink, { why, retryInMs, wasLive }: Loss, now: Now): void {
    if (!this.#isWanted) return;
    if (this.#links.length === 1) {
      if (retryInMs !== null && isFailover(why)) this.#tell({ type: "all-relays-failed", retryInMs });
      return;
    }
    const index = this.#links.indexOf(link);
    const visits = this.#visits[index]!;
    link.rest();
    visits.endedMs = now.monoMs;
    visits.idleSinceMs = undefined;
    visits.notBeforeMs = now.monoMs + (retryInMs ?? 0);
    if (retryInMs === null || this.active !== undefined) return;
    const livedMs = now.monoMs - (visits.liveSinceMs ?? now.monoMs);
    visits.liveSinceMs = undefined;
    // As its own backoff does: a long life makes up for what failed before.
    if (wasLive && livedMs >= BACKOFF.resetAfterMs) this.#failed.clear();
    else if (wasLive) this.#mark("client.short-lived");
    this.#failed.add(index);
    // Another one is on its way already: what comes of it decides.
    if (this.#isUnderWay()) return this.#mark("client.other-under-way");
    if (!isFailover(why)) {
      this.#mark("client.no-failover");
      return this.#waitUntil(visits.notBeforeMs);
    }
    const count = this.#links.length;
    for (let step = 1; step < count; step++) {
      const next = (index + step) % count;
      if (this.#failed.has(next)) continue;
      this.#mark("client.failover");
      return this.#links[next]!.connect(now);
    }
    this.#mark("client.all-relays-failed");
    const againMs = Math.min(...this.#visits.map(({ notBeforeMs }) => notBeforeMs));
    this.#tell({ type: "all-relays-failed", retryInMs: Math.max(0, againMs - now.monoMs) });
    // One of them failed long enough ago to be tried at once.
    if (againMs > now.monoMs) return this.#waitUntil(againMs);
    this.#mark("client.round-at-once");
    this.#begin(now);
  }

  deadline(): number {
    // Its connector's, and that is asked by itself.
    if (this.#links.length === 1) return Number.POSITIVE_INFINITY;
    let earliest = this.#roundAtMs ?? Number.POSITIVE_INFINITY;
    const active = this.#activeIndex();
    if (active < 0 || !this.#isWanted) return earliest;
    for (let i = 0; i < this.#links.length; i++) {
      const { idleSinceMs } = this.#visits[i]!;
      if (i === active) continue;
      if (idleSinceMs !== undefined) earliest = Math.min(earliest, idleSinceMs + VISIT_LINGER_MS);
      else if (this.#links[i]!.phase === "offline") earliest = Math.min(earliest, this.#dueMs(i, active));
    }
    return earliest;
  }

  expire(now: Now): void {
    if (this.#roundAtMs !== undefined && this.#roundAtMs <= now.monoMs) this.#begin(now);
  }

  /** Begins and ends visits. */
  advance(now: Now): void {
    const active = this.#activeIndex();
    if (active < 0 || !this.#isWanted) return;
    for (let i = 0; i < this.#links.length; i++) {
      const link = this.#links[i]!;
      const visits = this.#visits[i]!;
      if (i === active || !link.isSettled) visits.idleSinceMs = undefined;
      if (i === active) continue;
      if (link.isSettled) {
        visits.idleSinceMs ??= now.monoMs;
        if (visits.idleSinceMs + VISIT_LINGER_MS > now.monoMs) continue;
        this.#mark("client.visit-over");
        link.leave("visit-over");
      } else if (link.phase === "offline" && this.#dueMs(i, active) <= now.monoMs) {
        this.#mark(i < active ? "client.prefer-again" : link.isOwed ? "client.visit-owed" : "client.visit");
        link.connect(now);
      }
    }
  }

  #dueMs(index: number, active: number): number {
    const { endedMs, notBeforeMs } = this.#visits[index]!;
    if (endedMs === undefined) return notBeforeMs;
    if (index < active) return Math.max(notBeforeMs, endedMs + this.#config.preferAgainMs);
    if (this.#links[index]!.isOwed) return notBeforeMs;
    return Math.max(notBeforeMs, endedMs + this.#config.visitMs);
  }

  /** With the most preferred one whose own wait is over; they all are when the application wants a connection. */
  #begin(now: Now): void {
    this.#roundAtMs = undefined;
    this.#failed.clear();
    const ready = this.#visits.findIndex(({ notBeforeMs }) => notBeforeMs <= now.monoMs);
    this.#links[Math.max(0, ready)]!.connect(now);
  }

  #waitUntil(untilMs: number): void {
    this.#failed.clear();
    this.#roundAtMs = untilMs;
  }

  #activeIndex(): number {
    return this.#links.findIndex((link) => link.isLive);
  }

  #isUnderWay(): boolean {
    return this.#links.some((link) => link.isLive || link.isConnecting);
  }
}

/** What speaks of the relay or the way to it is a reason to try another; what speaks of this device is none. */
function isFailover(why: DisconnectWhy): boolean {
  switch (why) {
    case "refused":
    case "connect-timeout":
    case "closed":
    case "silent":
    case "handshake-failed":
    case "wrong-relay":
    case "invalid-message":
    case "page-refused":
    case "dishonest":
    case "relay-shutdown":
    case "overloaded":
      return true;
    case "rejected":
    case "replaced":
    case "epoch-changed":
    case "store-failed":
    case "revoked":
    case "visit-over":
    case "closed-by-application":
      return false;
  }
}
