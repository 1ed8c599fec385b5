/**
 * What the backend asks of a Toxiproxy server: proxies and toxics over its HTTP API, each question with a time limit of
 * its own, because the server has known ways to hang. What it answers is what is read back.
 */
import { EnvironmentError } from "../world/environment-error.ts";
import { FaultError } from "../world/fault-error.ts";

export interface ProxyState {
  readonly name: string;
  readonly listen: string;
  readonly upstream: string;
  readonly enabled: boolean;
  readonly toxics: readonly ToxicState[];
}

export interface ToxicState {
  readonly name: string;
  readonly type: string;
  readonly stream: "upstream" | "downstream";
  readonly toxicity: number;
  readonly attributes: Readonly<Record<string, number>>;
}

/** Its own limit is 25 s; what takes longer than this hangs. */
const ANSWER_TIMEOUT_MS = 5000;

export class Toxiproxy {
  readonly #at: string;

  /** `http://host:port` */
  constructor(at: string) {
    this.#at = at;
  }

  async version(): Promise<string> {
    const { version } = (await this.#ask("GET", "/version")) as { version?: string };
    return version ?? "unknown";
  }

  async proxies(): Promise<ReadonlyMap<string, ProxyState>> {
    const answer = (await this.#ask("GET", "/proxies")) as Record<string, ProxyState>;
    return new Map(Object.entries(answer));
  }

  async proxy(name: string): Promise<ProxyState> {
    return (await this.#ask("GET", `/proxies/${encodeURIComponent(name)}`)) as ProxyState;
  }

  async createProxy(proxy: Pick<ProxyState, "name" | "listen" | "upstream" | "enabled">): Promise<void> {
    await this.#ask("POST", "/proxies", proxy);
  }

  async enable(name: string, enabled: boolean): Promise<void> {
    await this.#ask("POST", `/proxies/${encodeURIComponent(name)}`, { enabled });
  }

  /** Toxicity 1: which connections are hit is decided by the plan, not by its dice. */
  async addToxic(proxy: string, toxic: Omit<ToxicState, "toxicity">): Promise<void> {
    await this.#ask("POST", `/proxies/${encodeURIComponent(proxy)}/toxics`, { ...toxic, toxicity: 1 });
  }

  async updateToxic(proxy: string, toxic: string, attributes: ToxicState["attributes"]): Promise<void> {
    await this.#ask("POST", `${this.#toxic(proxy, toxic)}`, { attributes });
  }

  /** `false`: there was no such toxic. */
  async removeToxic(proxy: string, toxic: string): Promise<boolean> {
    return (await this.#ask("DELETE", this.#toxic(proxy, toxic), undefined, [404])) !== 404;
  }

  #toxic(proxy: string, toxic: string): string {
    return `/proxies/${encodeURIComponent(proxy)}/toxics/${encodeURIComponent(toxic)}`;
  }

  async #ask(method: string, path: string, body?: unknown, expected: readonly number[] = []): Promise<unknown> {
    let response: Response;
    try {
      response = await fetch(`${this.#at}${path}`, {
        method,
        signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
        ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
      });
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
      throw new FaultError(`Toxiproxy does not answer ${method} ${path} (${cause})`);
    }
    const text = await response.text();
    if (expected.includes(response.status)) return response.status;
    if (!response.ok)
      throw new FaultError(`Toxiproxy refused ${method} ${path}: ${response.status} ${text.slice(0, 200)}`);
    return text === "" ? undefined : parse(text);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new EnvironmentError(`what answers for Toxiproxy is something else: ${text.slice(0, 100)}`);
  }
}
