/**
 * A Toxiproxy-compatible server as the links use it, through `toxiproxy-node-client`: no call lasts for ever, and
 * whatever goes wrong is a `FaultError` that says what was asked. The real server and the embedded one alike.
 */
import { Toxiproxy, type ToxicType } from "toxiproxy-node-client";
import { FaultError } from "../world/fault-error.ts";
import type { ToxicBody } from "./toxic-body.ts";

export type Direction = "upstream" | "downstream";

/** As the server shows it. */
export interface ShownProxy {
  readonly name: string;
  readonly listen: string;
  readonly upstream: string;
  readonly enabled: boolean;
  readonly toxics: readonly ShownToxic[];
}

export interface ShownToxic {
  readonly name: string;
  readonly type: string;
  readonly stream: string;
  readonly toxicity: number;
  readonly attributes: { readonly [name: string]: unknown };
}

/** What a toxic of the embedded proxy did so far. */
export interface ShownEffect {
  readonly name: string;
  readonly chunks: number;
  /** On the machine's monotonic clock. */
  readonly lastAtUs?: number;
}

const CALL_TIMEOUT_MS = 3000;

export class ToxiproxyServer {
  readonly #client: Toxiproxy;
  readonly #callTimeoutMs: number;

  constructor(url: string, callTimeoutMs = CALL_TIMEOUT_MS) {
    this.#client = new Toxiproxy(url);
    this.#callTimeoutMs = callTimeoutMs;
  }

  /** Disabled: nobody can connect before its toxics are there. */
  async create(name: string, listen: string, upstream: string): Promise<ShownProxy> {
    await this.#call(`make the proxy ${name}`, this.#client.createProxy({ name, listen, upstream, enabled: false }));
    return this.show(name);
  }

  async enable({ name, listen, upstream }: ShownProxy, enabled: boolean): Promise<ShownProxy> {
    const body = { enabled, listen, upstream };
    await this.#call(
      `${enabled ? "enable" : "disable"} the proxy ${name}`,
      this.#client.api.post(this.#path(name), body),
    );
    return this.show(name);
  }

  async show(name: string): Promise<ShownProxy> {
    const shown = await this.#call(`show the proxy ${name}`, this.#client.api.get<ShownProxy>(this.#path(name)));
    return shown.data;
  }

  async showAll(): Promise<{ readonly [name: string]: ShownProxy }> {
    const url = `${this.#client.host}/proxies`;
    return (await this.#call("show all proxies", this.#client.api.get<{ [name: string]: ShownProxy }>(url))).data;
  }

  /** Of the embedded proxy only. */
  async showEffects(name: string): Promise<readonly ShownEffect[]> {
    const url = `${this.#path(name)}/effects`;
    const shown = await this.#call(
      `show what the proxy ${name} did`,
      this.#client.api.get<{ toxics: ShownEffect[] }>(url),
    );
    return shown.data.toxics;
  }

  async add(proxy: string, name: string, stream: Direction, { type, attributes }: ToxicBody): Promise<void> {
    // The client's names are Toxiproxy's own; ours go through it as well.
    const body = { name, type: type as ToxicType, stream, toxicity: 1, attributes };
    await this.#call(`add ${type} to the proxy ${proxy}`, this.#client.api.post(`${this.#path(proxy)}/toxics`, body));
  }

  async update(proxy: string, name: string, attributes: ToxicBody["attributes"]): Promise<void> {
    const path = `${this.#path(proxy)}/toxics/${name}`;
    await this.#call(`change the toxic ${name} of the proxy ${proxy}`, this.#client.api.post(path, { attributes }));
  }

  async version(): Promise<string> {
    return this.#call("tell its version", this.#client.getVersion());
  }

  async remove(proxy: string, name: string): Promise<void> {
    const path = `${this.#path(proxy)}/toxics/${name}`;
    await this.#call(`remove the toxic ${name} from the proxy ${proxy}`, this.#client.api.delete(path));
  }

  #path(proxy: string): string {
    return `${this.#client.host}/proxies/${proxy}`;
  }

  async #call<T>(what: string, answer: Promise<T>): Promise<T> {
    const timeout = AbortSignal.timeout(this.#callTimeoutMs);
    const late = new Promise<never>((_resolve, reject) => {
      timeout.addEventListener("abort", () => reject(new Error(`no answer within ${this.#callTimeoutMs} ms`)));
    });
    try {
      return await Promise.race([answer, late]);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new FaultError(`the server of the fault proxies did not ${what}: ${why}`);
    }
  }
}
