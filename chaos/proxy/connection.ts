/**
 * One connection through a proxy: two sockets and a pipe for each direction. How one side ends reaches the other side
 * through the stages of that direction: a half-close as a half-close, a reset as a reset. While a `blocked` toxic
 * applies to either stream, a new connection is not passed on: its dialler is left hanging, as TCP would leave it, and
 * one that gives up meanwhile was never heard of. Called by `FaultyProxy`, which it tells when it is over.
 */
import { connect } from "node:net";
import type { Socket } from "node:net";
import { createDraw } from "../../scenarios/draw.ts";
import type { Draw } from "../../scenarios/draw.ts";
import type { Address } from "./address.ts";
import { Pipe } from "./pipe.ts";
import type { EndKind } from "./stage.ts";
import type { Stream, Toxic } from "./toxic.ts";

export interface ConnectionOptions {
  readonly client: Socket;
  readonly upstream: Address | undefined;
  readonly seed: string;
  readonly proxy: string;
  /** The how-manieth of its proxy, from 0. */
  readonly ordinal: number;
  /** Those of the proxy, in the order in which they were added. */
  readonly toxics: () => readonly Toxic[];
  readonly acted: (toxic: Toxic, bytes: number) => void;
  readonly over: (how: "closed" | "refused") => void;
}

/** What a dialler may send before it has been heard. */
const EARLY_BYTES_MAX = 64 * 1024;
/** A closed socket may take so long to get rid of what was written to it. */
const LINGER_MS = 10_000;
const LOTS = 1_000_000;

export class Connection {
  readonly #options: ConnectionOptions;
  readonly #draws: { readonly [S in Stream]: Draw };
  readonly #lots = new Map<Toxic, number>();
  #server: Socket | undefined;
  #pipes: { readonly [S in Stream]: Pipe } | undefined;
  /** While it is not passed on: ends that. */
  #waited: (() => void) | undefined;
  #isOver = false;
  #openSockets = 1;
  #isRefused = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    const draw = (stream: Stream): Draw => createDraw(options.seed, `${options.proxy}/${stream}/${options.ordinal}`);
    this.#draws = { upstream: draw("upstream"), downstream: draw("downstream") };
    // Without a listener an error would end the process; `close` tells what is to be known.
    options.client.on("error", () => {});
    options.client.once("close", (isBroken) => this.#closed(options.client, isBroken));
    this.#dialOrWait();
  }

  toxicAdded(toxic: Toxic): void {
    if (this.#applies(toxic)) this.#pipes?.[toxic.stream].add(toxic);
  }

  toxicUpdated(toxic: Toxic, didApply: (lot: number) => boolean): void {
    const pipe = this.#pipes?.[toxic.stream];
    const applied = didApply(this.#lot(toxic));
    const applies = this.#applies(toxic);
    if (applied && applies) pipe?.update(toxic);
    else if (applied) pipe?.remove(toxic);
    else if (applies) pipe?.add(toxic);
    if (this.#waited !== undefined) this.#dialOrWait();
  }

  toxicRemoved(toxic: Toxic): void {
    this.#pipes?.[toxic.stream].remove(toxic);
    this.#lots.delete(toxic);
    if (this.#waited !== undefined) this.#dialOrWait();
  }

  /** At once, and whatever is on its way is lost. */
  destroy(): void {
    this.#pipes?.upstream.dispose();
    this.#pipes?.downstream.dispose();
    destroyNow(this.#options.client);
    if (this.#server !== undefined) destroyNow(this.#server);
  }

  #lot(toxic: Toxic): number {
    let lot = this.#lots.get(toxic);
    if (lot === undefined) {
      lot = this.#draws[toxic.stream].between(`toxicity/${toxic.name}`, 0, LOTS - 1) / LOTS;
      this.#lots.set(toxic, lot);
    }
    return lot;
  }

  #applies(toxic: Toxic): boolean {
    return this.#lot(toxic) < toxic.toxicity;
  }

  // ── before it is passed on ────────────────────────────────────────────────────────────────────────────────────────

  #dialOrWait(): void {
    const gate = this.#options.toxics().find((toxic) => toxic.type === "blocked" && this.#applies(toxic));
    if (gate === undefined) return this.#waited === undefined ? this.#dial() : this.#waited();
    if (this.#waited !== undefined) return;
    this.#options.acted(gate, 0);
    this.#waited = this.#wait();
  }

  /** Reads a little, so that it is known when the dialler leaves. Gives what ends the wait. */
  #wait(): () => void {
    const { client } = this.#options;
    const early: Buffer[] = [];
    let earlyBytes = 0;
    const read = (bytes: Buffer): void => {
      early.push(bytes);
      earlyBytes += bytes.length;
      if (earlyBytes >= EARLY_BYTES_MAX) client.pause();
    };
    const left = (): void => void client.destroy();
    client.on("data", read);
    client.once("end", left);
    client.resume();
    return () => {
      client.off("data", read);
      client.off("end", left);
      client.pause();
      this.#waited = undefined;
      if (earlyBytes > 0) client.unshift(Buffer.concat(early));
      if (!client.destroyed) this.#dial();
    };
  }

  #dial(): void {
    const { upstream, client } = this.#options;
    if (upstream === undefined) return this.#refuse();
    const server = connect({ host: upstream.host, port: upstream.port, allowHalfOpen: true, noDelay: true });
    this.#server = server;
    this.#openSockets += 1;
    server.on("error", () => {
      if (this.#pipes === undefined) this.#refuse();
    });
    server.once("close", (isBroken) => this.#closed(server, isBroken));
    server.once("connect", () => {
      if (client.destroyed) server.destroy();
      else this.#open(server);
    });
  }

  #refuse(): void {
    this.#isRefused = true;
    this.#options.client.destroy();
  }

  // ── open ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  #open(server: Socket): void {
    const { client, acted } = this.#options;
    const pipe = (stream: Stream, source: Socket, destination: Socket): Pipe =>
      new Pipe({
        source,
        destination,
        draw: this.#draws[stream],
        acted,
        ended: (kind) => this.#ended(stream, destination, kind),
      });
    const pipes = { upstream: pipe("upstream", client, server), downstream: pipe("downstream", server, client) };
    this.#pipes = pipes;
    client.once("end", () => pipes.upstream.sourceEnded("eof"));
    server.once("end", () => pipes.downstream.sourceEnded("eof"));
    const toxics = this.#options.toxics().filter((toxic) => this.#applies(toxic));
    for (const stream of ["upstream", "downstream"] as const) {
      pipes[stream].start(toxics.filter((toxic) => toxic.stream === stream));
    }
  }

  /** The end of a stream has come through to its destination. */
  #ended(stream: Stream, destination: Socket, kind: EndKind): void {
    if (kind === "eof") {
      destination.end();
      return;
    }
    this.#pipes![stream].dispose();
    if (kind === "reset") {
      this.#pipes!.upstream.dispose();
      this.#pipes!.downstream.dispose();
      resetNow(this.#options.client);
      resetNow(this.#server!);
      return;
    }
    destination.destroySoon();
    const timer = setTimeout(() => destination.destroy(), LINGER_MS);
    destination.once("close", () => clearTimeout(timer));
  }

  #closed(socket: Socket, isBroken: boolean): void {
    this.#openSockets -= 1;
    const pipes = this.#pipes;
    if (pipes !== undefined) {
      const [from, to] =
        socket === this.#options.client ? (["upstream", "downstream"] as const) : (["downstream", "upstream"] as const);
      // Nobody is there to deliver to; the other side hears of it in the direction in which news of this side travel.
      pipes[to].dispose();
      pipes[from].sourceEnded(isBroken ? "reset" : "close");
    } else if (socket === this.#options.client) this.#server?.destroy();
    if (this.#openSockets > 0 || this.#isOver) return;
    this.#isOver = true;
    this.#pipes?.upstream.dispose();
    this.#pipes?.downstream.dispose();
    this.#options.over(this.#isRefused ? "refused" : "closed");
  }
}

/**
 * Also a socket that is being reset: Node waits there until what was written is gone, and when it is destroyed before
 * that, the system refuses the reset and the handle is never closed, so that the process cannot end.
 */
function destroyNow(socket: Socket): void {
  if ("resetAndClosing" in socket) Reflect.set(socket, "resetAndClosing", false);
  socket.destroy();
}

/** The system refuses a reset while a half-close is under way, and Node then keeps the handle open for good. */
function resetNow(socket: Socket): void {
  const isClosingHalf = socket.writableEnded && !socket.writableFinished && socket.writableLength === 0;
  if (isClosingHalf) socket.once("finish", () => socket.resetAndDestroy());
  else socket.resetAndDestroy();
}
