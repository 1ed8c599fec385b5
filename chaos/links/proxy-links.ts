/**
 * The links of a run as proxies of a Toxiproxy-compatible server, one for each dialler and listener. Every change is
 * read back: a toxic is in place when the server shows it with its values, gone when it does not show it any more. The
 * embedded proxy also tells when a toxic first acted; of a real server that is not known, and being in place is all.
 */
import { connect } from "node:net";
import type { FaultProxyEvent } from "../proxy/event-log.ts";
import type { LinkProfile, ToxicSpec } from "../../scenarios/plan.ts";
import type { AppliedToxic, BackendHost, LinkName, Links, Streams } from "../world/backend.ts";
import { FaultError } from "../world/fault-error.ts";
import { runClock } from "../world/run-clock.ts";
import { profileBody, toxicBody, type ToxicBody } from "./toxic-body.ts";
import { ToxiproxyServer, type Direction, type ShownProxy } from "./toxiproxy-server.ts";

export interface ProxyLinksOptions {
  /** Of the server's API, as the controller reaches it. */
  readonly url: string;
  readonly seed: string;
  /** It tells what happens in it (`heard`), and draws jitter from its seed. */
  readonly isEmbedded: boolean;
  /** Where the proxy of a link listens and where it dials, as the server sees it. */
  readonly place: (dialler: string, listener: BackendHost) => { readonly listen: string; readonly upstream: string };
  /** What a dialler is told, when the proxy listens there. */
  readonly endpoint: (listen: string, dialler: string) => string;
  /** Whether a connection to the link's endpoint is refused now, as its dialler would see it; default: as from here. */
  readonly isRefused?: (endpoint: string) => Promise<boolean>;
}

interface OpenLink {
  readonly proxy: ShownProxy;
  readonly endpoint: string;
  readonly profile: LinkProfile;
  /** What should be there now, by name of the toxic. */
  readonly toxics: Map<string, { readonly direction: Direction; readonly body: ToxicBody }>;
  /** How many steps hold it down. */
  downs: number;
}

const STANDING = "standing";
/** Of these every chunk that comes is acted on. */
const ACT_ON_ALL: ReadonlySet<ToxicSpec["type"]> = new Set([
  "latency",
  "bandwidth",
  "timeout",
  "blocked",
  "reset_peer",
]);
/** Longer than a chunk needs from the standing latency to the toxic behind it, above that latency. */
const ON_ITS_WAY_MS = 100;
const PROBE_TIMEOUT_MS = 2000;

export class ProxyLinks implements Links {
  readonly #options: ProxyLinksOptions;
  readonly #server: ToxiproxyServer;
  readonly #links = new Map<string, OpenLink>();
  /** Who wants to know when a toxic first acts, by proxy and toxic. */
  readonly #waiting = new Map<string, (atUs: number) => void>();
  /** When the embedded proxy added each toxic, and last disabled each proxy. */
  readonly #changedUs = new Map<string, number>();
  #count = 0;

  constructor(options: ProxyLinksOptions) {
    this.#options = options;
    this.#server = new ToxiproxyServer(options.url);
  }

  async open(dialler: string, listener: BackendHost, profile: LinkProfile): Promise<string> {
    const { place, endpoint } = this.#options;
    const { listen, upstream } = place(dialler, listener);
    const name = `${this.#links.size}-${dialler}-${listener.name}`.replaceAll(/[^\w-]/g, "_");
    const made = await this.#server.create(name, listen, upstream);
    const link: OpenLink = { proxy: made, endpoint: "", profile, toxics: new Map(), downs: 0 };
    const body = profileBody(profile, { ...this.#bodyOptions(name) });
    for (const direction of ["upstream", "downstream"] as const) {
      await this.#add(link, `${STANDING}-${direction}`, direction, body);
    }
    const proxy = await this.#server.enable(made, true);
    if (!proxy.enabled) throw new FaultError(`the proxy ${name} is not enabled`);
    const dialled = endpoint(proxy.listen, dialler);
    this.#links.set(keyOf({ dialler, listener: listener.name }), { ...link, proxy, endpoint: dialled });
    return dialled;
  }

  async apply(
    name: LinkName,
    streams: Streams,
    toxic: ToxicSpec,
    onActed: (atUs: number) => void,
  ): Promise<AppliedToxic> {
    const link = this.#links.get(keyOf(name));
    if (link === undefined) throw new FaultError(`there is no link from ${name.dialler} to ${name.listener}`);
    const ordinal = this.#count++;
    const body = toxicBody(toxic, this.#bodyOptions(`${link.proxy.name}/${ordinal}`));
    if (body === undefined) return this.#takeDown(link, onActed);
    const directions: readonly Direction[] =
      streams === "both" ? ["upstream", "downstream"] : [streams === "up" ? "upstream" : "downstream"];
    const places = directions.map((direction) => ({ direction, name: `t${ordinal}-${toxic.type}-${direction}` }));
    let hasActed = !this.#options.isEmbedded;
    for (const each of places) {
      this.#waiting.set(`${link.proxy.name}/${each.name}`, (atUs) => {
        hasActed = true;
        onActed(atUs);
      });
    }
    const [before] = await Promise.all([
      this.#passed(link, directions),
      ...places.map((each) => this.#add(link, each.name, each.direction, body)),
    ]);
    const shown = await this.#server.show(link.proxy.name);
    for (const each of places) this.#assertShown(shown, link, each.name);
    if (!this.#options.isEmbedded) onActed(runClock.nowUs());
    const inPlaceUs = Math.max(...places.map((each) => this.#since(`${link.proxy.name}/${each.name}`)));
    let metTraffic: boolean | undefined;
    const end = async (): Promise<void> => {
      if (!hasActed)
        metTraffic = ACT_ON_ALL.has(toxic.type) && (await this.#hasPassed(link, directions, before, inPlaceUs));
      const last = await this.#server.show(link.proxy.name);
      for (const each of places) this.#assertShown(last, link, each.name);
      for (const each of places) {
        link.toxics.delete(each.name);
        await this.#server.remove(link.proxy.name, each.name);
        this.#waiting.delete(`${link.proxy.name}/${each.name}`);
      }
      const left = (await this.#server.show(link.proxy.name)).toxics.find((one) =>
        places.some((each) => each.name === one.name),
      );
      if (left !== undefined) throw new FaultError(`the toxic ${left.name} was removed and is still there`);
    };
    return {
      end,
      inPlaceUs,
      get metTraffic() {
        return metTraffic;
      },
    };
  }

  /** What the embedded proxy tells of itself. */
  heard(event: FaultProxyEvent): void {
    if (event.type === "acted") this.#waiting.get(`${event.proxy}/${event.toxic}`)?.(event.atUs);
    else if (event.type === "added") this.#changedUs.set(`${event.proxy}/${event.toxic}`, event.atUs);
    else if (event.type === "disabled") this.#changedUs.set(event.proxy, event.atUs);
  }

  async verify(): Promise<readonly string[]> {
    let shown: { readonly [name: string]: ShownProxy };
    try {
      shown = await this.#server.showAll();
    } catch (error) {
      if (!(error instanceof FaultError)) throw error;
      return [error.message];
    }
    const doubts: string[] = [];
    for (const link of this.#links.values()) {
      const proxy = shown[link.proxy.name];
      if (proxy === undefined) {
        doubts.push(`the proxy ${link.proxy.name} is not there any more: somebody has removed it`);
        continue;
      }
      if (proxy.enabled !== (link.downs === 0)) {
        doubts.push(`the proxy ${proxy.name} is ${proxy.enabled ? "enabled" : "disabled"}: somebody has changed it`);
      }
      for (const name of link.toxics.keys()) {
        try {
          this.#assertShown(proxy, link, name);
        } catch (error) {
          doubts.push((error as Error).message);
        }
      }
      for (const { name } of proxy.toxics) {
        if (!link.toxics.has(name)) doubts.push(`the proxy ${proxy.name} has a toxic ${name} that nobody here added`);
      }
    }
    return doubts;
  }

  async dump(): Promise<string> {
    try {
      const proxies = await this.#server.showAll();
      const effects: Record<string, unknown> = {};
      for (const { proxy } of this.#options.isEmbedded ? this.#links.values() : []) {
        effects[proxy.name] = await this.#server.showEffects(proxy.name);
      }
      return `${JSON.stringify({ proxies, effects }, undefined, 2)}\n`;
    } catch (error) {
      return `${(error as Error).message}\n`;
    }
  }

  async #add(link: OpenLink, name: string, direction: Direction, body: ToxicBody): Promise<void> {
    await this.#server.add(link.proxy.name, name, direction, body);
    link.toxics.set(name, { direction, body });
  }

  async #takeDown(link: OpenLink, onActed: (atUs: number) => void): Promise<AppliedToxic> {
    link.downs += 1;
    const shown = await this.#server.enable(link.proxy, false);
    if (shown.enabled) throw new FaultError(`the proxy ${link.proxy.name} was disabled and is still enabled`);
    const isRefused = this.#options.isRefused ?? refuses;
    if (!(await isRefused(link.endpoint)))
      throw new FaultError(`${link.endpoint} takes connections although it is down`);
    const inPlaceUs = this.#since(link.proxy.name);
    onActed(inPlaceUs);
    return {
      inPlaceUs,
      metTraffic: undefined,
      end: async () => {
        if ((await this.#server.show(link.proxy.name)).enabled) {
          throw new FaultError(`the proxy ${link.proxy.name} is enabled although it is down: somebody has changed it`);
        }
        link.downs -= 1;
        if (link.downs > 0) return;
        if (!(await this.#server.enable(link.proxy, true)).enabled) {
          throw new FaultError(`the proxy ${link.proxy.name} was enabled and is still disabled`);
        }
      },
    };
  }

  #since(what: string): number {
    return this.#changedUs.get(what) ?? runClock.nowUs();
  }

  #assertShown(shown: ShownProxy, link: OpenLink, name: string): void {
    const { direction, body } = link.toxics.get(name)!;
    const toxic = shown.toxics.find((one) => one.name === name);
    const where = `the toxic ${name} of the proxy ${shown.name}`;
    if (toxic === undefined) throw new FaultError(`${where} is not there: somebody has removed it`);
    const isSame =
      toxic.type === body.type &&
      toxic.stream === direction &&
      toxic.toxicity === 1 &&
      Object.entries(body.attributes).every(([attribute, value]) => toxic.attributes[attribute] === value);
    if (!isSame) throw new FaultError(`${where} is not as it was added: somebody has changed it`);
  }

  /** Chunks that came by so far: the standing latency sees each. */
  async #passed(link: OpenLink, directions: readonly Direction[]): Promise<number> {
    if (!this.#options.isEmbedded) return 0;
    const effects = await this.#server.showEffects(link.proxy.name);
    return directions.reduce((sum, direction) => sum + chunksOf(effects, direction), 0);
  }

  /** Whether something came, and so long ago that it has gone through. */
  async #hasPassed(
    link: OpenLink,
    directions: readonly Direction[],
    before: number,
    inPlaceUs: number,
  ): Promise<boolean> {
    if ((await this.#passed(link, directions)) === before) return false;
    const { latencyMs, jitterMs } = link.profile;
    const goneUs = runClock.nowUs() - 1000 * (latencyMs + jitterMs + ON_ITS_WAY_MS);
    const effects = await this.#server.showEffects(link.proxy.name);
    return directions.some((direction) => {
      const standing = effects.find(({ name }) => name === `${STANDING}-${direction}`);
      return standing?.lastAtUs !== undefined && standing.lastAtUs >= inPlaceUs && standing.lastAtUs < goneUs;
    });
  }

  #bodyOptions(what: string): { readonly drawsJitter: boolean; readonly seed: string } {
    const { isEmbedded, seed } = this.#options;
    return { drawsJitter: isEmbedded, seed: `${seed}/${what}` };
  }
}

function keyOf({ dialler, listener }: LinkName): string {
  return JSON.stringify([dialler, listener]);
}

function chunksOf(
  effects: readonly { readonly name: string; readonly chunks: number }[],
  direction: Direction,
): number {
  return effects.find(({ name }) => name === `${STANDING}-${direction}`)?.chunks ?? 0;
}

/** `host:port` */
function refuses(endpoint: string): Promise<boolean> {
  const colon = endpoint.lastIndexOf(":");
  return new Promise((resolve) => {
    const socket = connect({ host: endpoint.slice(0, colon), port: Number(endpoint.slice(colon + 1)) });
    const done = (isRefused: boolean): void => {
      socket.destroy();
      resolve(isRefused);
    };
    socket.setTimeout(PROBE_TIMEOUT_MS, () => done(false));
    socket.once("connect", () => done(false));
    socket.once("error", (error: NodeJS.ErrnoException) => done(error.code === "ECONNREFUSED"));
  });
}
