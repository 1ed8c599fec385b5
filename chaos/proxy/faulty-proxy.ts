/**
 * A proxy of the server: a listener, its connections and its toxics. Enabling listens, disabling stops and breaks every
 * connection (`down`). Ordinals of connections count on over both. Called by the routes, one change at a time.
 */
import { createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { fail, ok } from "../../core/result.ts";
import type { Result } from "../../core/result.ts";
import { parseAddress, renderAddress, resolveAddress } from "./address.ts";
import type { Address } from "./address.ts";
import { Connection } from "./connection.ts";
import { nowUs } from "./event-log.ts";
import type { EventLog } from "./event-log.ts";
import { candidatePorts } from "./listen-port.ts";
import { renderToxic } from "./toxic.ts";
import type { Toxic } from "./toxic.ts";

export interface ProxySpec {
  readonly name: string;
  readonly listen: string;
  readonly upstream: string;
}

export class FaultyProxy {
  readonly name: string;
  readonly #seed: string;
  readonly #log: EventLog;
  #listen: string;
  #upstream: string;
  #listener: Server | undefined;
  readonly #toxics: Toxic[] = [];
  readonly #connections = new Set<Connection>();
  #opened = 0;

  constructor({ name, listen, upstream }: ProxySpec, seed: string, log: EventLog) {
    this.name = name;
    this.#listen = listen;
    this.#upstream = upstream;
    this.#seed = seed;
    this.#log = log;
  }

  get isEnabled(): boolean {
    return this.#listener !== undefined;
  }

  get listen(): string {
    return this.#listen;
  }

  get upstream(): string {
    return this.#upstream;
  }

  /** The error is a sentence. */
  async enable(): Promise<Result<void, string>> {
    if (this.#listener !== undefined) return ok(undefined);
    const address = this.#listen === "" ? ok({ host: "", port: 0 }) : await resolveAddress(this.#listen);
    if (!address.ok) return fail(`listen tcp: ${address.error}`);
    const ports = address.value.port === 0 ? candidatePorts() : [address.value.port];
    let listened: Result<Server, string> = fail("no port");
    for (const port of ports) {
      listened = await this.#tryListen({ host: address.value.host, port });
      if (listened.ok) break;
    }
    if (!listened.ok) return listened;
    this.#listener = listened.value;
    const { address: host, port } = listened.value.address() as AddressInfo;
    this.#listen = renderAddress({ host, port });
    this.#log.record(this.name, { type: "enabled" });
    return ok(undefined);
  }

  /** Resolves when the port is free and every connection is gone. */
  async disable(): Promise<void> {
    const listener = this.#listener;
    if (listener === undefined) return;
    this.#listener = undefined;
    const closed = new Promise<void>((resolve) => listener.close(() => resolve()));
    for (const connection of this.#connections) connection.destroy();
    await closed;
    this.#log.record(this.name, { type: "disabled" });
  }

  /** Whether these addresses are others than it has. */
  async differs(listen: string, upstream: string): Promise<Result<boolean, string>> {
    const resolved = listen === "" ? ok({ host: "", port: 0 }) : await resolveAddress(listen);
    if (!resolved.ok) return resolved;
    return ok(renderAddress(resolved.value) !== this.#listen || upstream !== this.#upstream);
  }

  /** Only of a disabled proxy. */
  move(listen: string, upstream: string): void {
    this.#listen = listen;
    this.#upstream = upstream;
  }

  // ── toxics ────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Upstream first, each stream in the order of adding. */
  get toxics(): readonly Toxic[] {
    return [
      ...this.#toxics.filter(({ stream }) => stream === "upstream"),
      ...this.#toxics.filter(({ stream }) => stream === "downstream"),
    ];
  }

  toxic(name: string): Toxic | undefined {
    return this.#toxics.find((toxic) => toxic.name === name);
  }

  add(toxic: Toxic): void {
    this.#toxics.push(toxic);
    this.#log.record(this.name, { type: "added", toxic: toxic.name, stream: toxic.stream });
    for (const connection of this.#connections) connection.toxicAdded(toxic);
  }

  update(toxic: Toxic, { attributes, toxicity }: Pick<Toxic, "attributes" | "toxicity">): void {
    const before = toxic.toxicity;
    toxic.attributes = attributes;
    toxic.toxicity = toxicity;
    this.#log.record(this.name, { type: "updated", toxic: toxic.name, stream: toxic.stream });
    for (const connection of this.#connections) connection.toxicUpdated(toxic, (lot) => lot < before);
  }

  remove(toxic: Toxic): void {
    this.#toxics.splice(this.#toxics.indexOf(toxic), 1);
    const { name, stream, effect } = toxic;
    const { chunks, bytes } = effect;
    this.#log.record(this.name, { type: "removed", toxic: name, stream, chunks, bytes });
    for (const connection of this.#connections) connection.toxicRemoved(toxic);
  }

  // ── what the API shows ────────────────────────────────────────────────────────────────────────────────────────────

  render(): object {
    return {
      name: this.name,
      listen: this.#listen,
      upstream: this.#upstream,
      enabled: this.isEnabled,
      toxics: this.toxics.map(renderToxic),
    };
  }

  renderEffects(): object {
    return {
      connections: { opened: this.#opened, open: this.#connections.size },
      toxics: this.toxics.map(({ name, type, stream, effect }) => ({ name, type, stream, ...effect })),
    };
  }

  // ── connections ───────────────────────────────────────────────────────────────────────────────────────────────────

  #tryListen({ host, port }: Address): Promise<Result<Server, string>> {
    const listener = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true });
    listener.on("connection", (client) => this.#accept(client));
    return new Promise((resolve) => {
      listener.once("error", (error: NodeJS.ErrnoException) => {
        resolve(fail(`listen tcp ${renderAddress({ host, port })}: bind: ${describeError(error)}`));
      });
      listener.listen({ ...(host === "" ? {} : { host }), port, backlog: 1024 }, () => resolve(ok(listener)));
    });
  }

  #accept(client: Socket): void {
    const ordinal = this.#opened++;
    this.#log.record(this.name, { type: "opened", connection: ordinal });
    const upstream = parseAddress(this.#upstream);
    const connection: Connection = new Connection({
      client,
      upstream: upstream.ok ? upstream.value : undefined,
      seed: this.#seed,
      proxy: this.name,
      ordinal,
      toxics: () => this.#toxics,
      acted: (toxic, bytes) => this.#acted(toxic, bytes, ordinal),
      over: (how) => {
        this.#connections.delete(connection);
        this.#log.record(this.name, { type: how, connection: ordinal });
      },
    });
    this.#connections.add(connection);
  }

  #acted(toxic: Toxic, bytes: number, connection: number): void {
    const { effect } = toxic;
    effect.chunks += 1;
    effect.bytes += bytes;
    effect.lastAtUs = nowUs();
    if (effect.firstAtUs !== undefined) return;
    effect.firstAtUs = effect.lastAtUs;
    this.#log.record(this.name, { type: "acted", toxic: toxic.name, stream: toxic.stream, connection });
  }
}

function describeError(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case "EADDRINUSE":
      return "address already in use";
    case "EACCES":
      return "permission denied";
    case "EADDRNOTAVAIL":
      return "cannot assign requested address";
    default:
      return error.message;
  }
}
