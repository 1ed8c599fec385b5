/**
 * What a case of the conformance suite works with: a server's API, proxies with a listener behind them, connections
 * through them. Everything it made is gone after `close`.
 */
import { isDeepStrictEqual } from "node:util";
import { dial, listenForPeers } from "./peer.ts";
import type { Peer, PeerListener } from "./peer.ts";

/** A server that is running. */
export interface ConformanceServer {
  readonly url: string;
  /** False when its process is gone. */
  readonly isAlive: boolean;
  stop(): Promise<void>;
}

export interface ApiAnswer {
  readonly status: number;
  readonly text: string;
  /** `undefined` where the text is no JSON. */
  readonly json: unknown;
}

export interface DeskProxy {
  readonly name: string;
  readonly listen: string;
  readonly behind: PeerListener;
}

export const NOWHERE = "127.0.0.1:1";
/** An API that has not answered after so long hangs. */
export const ANSWER_MS = 10_000;

export class ConformanceDesk {
  readonly server: ConformanceServer;
  readonly #ends: (() => void | Promise<void>)[] = [];
  #made = 0;

  constructor(server: ConformanceServer) {
    this.server = server;
  }

  async ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<ApiAnswer> {
    const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
    const response = await fetch(`${this.server.url}${path}`, {
      method,
      headers,
      ...(text === undefined ? {} : { body: text }),
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    const answer = await response.text();
    return { status: response.status, text: answer, json: parseJson(answer) };
  }

  /** The answer's JSON, if it has this status. */
  async expect(status: number, method: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await this.ask(method, path, body);
    if (answer.status !== status) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
    return answer.json;
  }

  /** An error with this status; its sentence is, or where it ends in "…" begins with, this one. */
  async refuse(status: number, sentence: string, method: string, path: string, body?: unknown): Promise<void> {
    const json = fields(await this.expect(status, method, path, body));
    const { error } = json;
    const isSame =
      typeof error === "string" &&
      (sentence.endsWith("…") ? error.startsWith(sentence.slice(0, -1)) : error === sentence);
    if (!isSame || json["status"] !== status) throw new Error(`${method} ${path}: ${JSON.stringify(json)}`);
  }

  /** A name that no other case has. */
  name(): string {
    return `case-${process.pid}-${Date.now().toString(36)}-${this.#made++}`;
  }

  async listener(): Promise<PeerListener> {
    const behind = await listenForPeers();
    this.later(() => behind.close());
    return behind;
  }

  /** An enabled proxy before a listener. */
  async proxy(name = this.name()): Promise<DeskProxy> {
    const behind = await this.listener();
    const body = { name, listen: "127.0.0.1:0", upstream: behind.address };
    const created = fields(await this.expect(201, "POST", "/proxies", body));
    this.forget(name);
    return { name, listen: String(created["listen"]), behind };
  }

  /** The proxy of this name goes with the case. */
  forget(name: string): void {
    this.later(async () => {
      if (this.server.isAlive) await this.ask("DELETE", `/proxies/${encodeURIComponent(name)}`).catch(() => {});
    });
  }

  /** A connection through the proxy: the dialler's end and the listener's. */
  async connect({ listen, behind }: DeskProxy): Promise<{ readonly client: Peer; readonly server: Peer }> {
    const accepted = behind.accept();
    const client = await this.dial(listen);
    return { client, server: await accepted };
  }

  async dial(address: string): Promise<Peer> {
    const peer = await dial(address);
    this.later(() => peer.destroy());
    return peer;
  }

  /** Adds a toxic and gives its path. */
  async toxic({ name }: DeskProxy, toxic: Record<string, unknown>): Promise<string> {
    const added = fields(await this.expect(200, "POST", `/proxies/${name}/toxics`, toxic));
    return `/proxies/${name}/toxics/${String(added["name"])}`;
  }

  later(end: () => void | Promise<void>): void {
    this.#ends.push(end);
  }

  async close(): Promise<void> {
    for (const end of this.#ends.reverse()) await end();
  }
}

export function fields(json: unknown): Record<string, unknown> {
  if (typeof json !== "object" || json === null || Array.isArray(json)) throw new Error(`no object: ${String(json)}`);
  return json as Record<string, unknown>;
}

/** A proxy as the API shows it, without what the real server forgot to leave out (see `differences.ts`). */
export function shown(json: unknown): Record<string, unknown> {
  const { Logger: _, ...rest } = fields(json);
  return rest;
}

export function checkSame(actual: unknown, expected: unknown, what: string): void {
  if (isDeepStrictEqual(actual, expected)) return;
  throw new Error(`${what}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`);
}

export function check(isTrue: boolean, what: string): void {
  if (!isTrue) throw new Error(what);
}

/** What it took, in milliseconds. */
export async function timed<T>(work: Promise<T>): Promise<number> {
  const sinceMs = performance.now();
  await work;
  return performance.now() - sinceMs;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
