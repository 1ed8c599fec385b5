/**
 * The links between containers: one real Toxiproxy for all of a run, with one proxy for each dialler and listener, and
 * packet rules in the dialler's pod for what Toxiproxy does not have (`blocked`, `loss`). Each toxic is read back from
 * the server, and counted in the kernel to have met something. Knows what stands where, so that it can say at any time
 * what somebody else has changed.
 */
import { createDraw } from "../../scenarios/draw.ts";
import type { LinkProfile, ToxicSpec } from "../../scenarios/plan.ts";
import type { Pod } from "../engine/pod.ts";
import { toxicBody, type ToxicBody } from "../links/toxic-body.ts";
import type { Direction, ShownProxy, ShownToxic, ToxiproxyServer } from "../links/toxiproxy-server.ts";
import type { AppliedToxic, BackendHost, LinkName, Links, Streams } from "../world/backend.ts";
import { EnvironmentError } from "../world/environment-error.ts";
import { FaultError } from "../world/fault-error.ts";
import { runClock, sleep } from "../world/run-clock.ts";
import { DelayWalk } from "./delay-walk.ts";
import { createLossPattern } from "./loss-pattern.ts";
import { type DropPattern, PacketFault, type LinkEnd, type PacketFaultSpec, type Watch } from "./packet-fault.ts";

export interface DockerLinksOptions {
  readonly seed: string;
  /** Of the pod that the server lives in: where diallers find it. */
  readonly address: string;
  readonly server: ToxiproxyServer;
  /** The pod of a host that dials. */
  readonly podOf: (host: string) => Promise<Pod>;
  readonly signal: AbortSignal;
  /** What else is known when something went wrong. */
  readonly describeEngine: () => Promise<string>;
}

interface Link {
  readonly proxy: string;
  readonly made: ShownProxy;
  readonly end: LinkEnd;
  readonly pod: Pod;
  /** What should be there now, by name of the toxic. */
  readonly toxics: Map<string, PlacedToxic>;
  downs: number;
}

interface PlacedToxic {
  readonly stream: Direction;
  readonly body: ToxicBody;
  /** Its latency is set anew all the time. */
  readonly wanders: boolean;
}

/** Rules whose counters are looked at until they have counted. */
interface Watched {
  readonly hasActed: boolean;
  end(): Promise<void>;
}

const FIRST_PORT = 20_001;
/** Each look starts a program in the pod. */
const LOOK_MS = 50;
const STREAMS = { up: ["upstream"], down: ["downstream"], both: ["upstream", "downstream"] } as const;

export class DockerLinks implements Links {
  readonly #options: DockerLinksOptions;
  readonly #links = new Map<string, Link>();
  readonly #packetFaults = new Map<PacketFault, string>();
  readonly #walks = new Set<DelayWalk>();
  #ports = FIRST_PORT;
  #applied = 0;

  constructor(options: DockerLinksOptions) {
    this.#options = options;
  }

  async open(dialler: string, listener: BackendHost, profile: LinkProfile): Promise<string> {
    try {
      return await this.#open(dialler, listener, profile);
    } catch (error) {
      // Before the plan has begun nothing is a fault yet.
      if (error instanceof FaultError) throw new EnvironmentError(error.message);
      throw error;
    }
  }

  async #open(dialler: string, listener: BackendHost, profile: LinkProfile): Promise<string> {
    const { server, address, podOf } = this.#options;
    const port = this.#ports++;
    const proxy = `${dialler}-${listener.name}`;
    const link: Link = {
      proxy,
      // Nobody gets through before its standing latency is there.
      made: await server.create(proxy, `0.0.0.0:${port}`, listener.listen),
      end: { address, port },
      pod: await podOf(dialler),
      toxics: new Map(),
      downs: 0,
    };
    const { latencyMs, jitterMs } = profile;
    if (latencyMs > 0 || jitterMs > 0) {
      for (const stream of STREAMS.both) {
        // Drawn once: the server hangs when a latency in front of a narrow line is set anew.
        const drawn = createDraw(this.#options.seed, `standing/${proxy}/${stream}`).between("jitter", 0, jitterMs);
        const toxic = { type: "latency", latencyMs: latencyMs + drawn, jitterMs: 0 } as const;
        await this.#addToxic(link, `standing_${stream}`, stream, toxic);
      }
    }
    const { enabled, upstream } = await server.enable(link.made, true);
    if (!enabled || upstream !== listener.listen) throw new EnvironmentError(`Toxiproxy made no proxy for ${proxy}`);
    this.#links.set(proxy, link);
    return `${address}:${port}`;
  }

  async apply(
    { dialler, listener }: LinkName,
    streams: Streams,
    toxic: ToxicSpec,
    onActed: (atUs: number) => void,
  ): Promise<AppliedToxic> {
    const link = this.#links.get(`${dialler}-${listener}`);
    if (link === undefined) throw new EnvironmentError(`there is no link from ${dialler} to ${listener}`);
    const name = `zerok_${this.#applied++}`;
    const kind = watchOf(toxic);
    // A connection that is cut in one direction may end by a packet of the other.
    const watch: PacketFaultSpec = { name, end: link.end, streams: kind === "ends" ? "both" : streams, watch: kind };
    if (toxic.type === "blocked") return this.#inKernel(link, { ...watch, drop: "all" }, onActed);
    if (toxic.type === "loss") {
      const patternOf = (way: string): DropPattern =>
        createLossPattern(toxic, this.#options.seed, `${link.proxy}/${name}/${way}`);
      const drop = { up: patternOf("up"), down: patternOf("down") };
      return this.#inKernel(link, { ...watch, drop }, onActed);
    }
    const end = toxic.type === "down" ? await this.#close(link) : await this.#put(link, name, streams, toxic);
    let packets: Watched;
    try {
      // What passed before the toxic was there was not met by it.
      packets = await this.#watch(link, watch, onActed, ({ met }) => met > 0);
    } catch (error) {
      await end().catch(() => {});
      throw error;
    }
    return {
      get metTraffic() {
        return packets.hasActed;
      },
      end: () => endBoth(end, () => packets.end()),
    };
  }

  async verify(): Promise<readonly string[]> {
    const doubts: string[] = [];
    let proxies: { readonly [name: string]: ShownProxy };
    try {
      proxies = await this.#options.server.showAll();
    } catch (error) {
      if (error instanceof FaultError) return [error.message];
      throw error;
    }
    for (const link of this.#links.values()) doubts.push(...differences(link, proxies[link.proxy]));
    for (const [fault, where] of this.#packetFaults) {
      if ((await fault.counts()) === undefined)
        doubts.push(`the packet rule ${fault.name} in the pod of ${where} is gone`);
    }
    for (const walk of this.#walks) if (walk.failure !== undefined) doubts.push(walk.failure);
    return doubts;
  }

  async dump(): Promise<string> {
    const proxies = await this.#options.server.showAll().then(
      (all) => JSON.stringify(all, undefined, 2),
      (error: unknown) => String(error instanceof Error ? error.message : error),
    );
    const rules: string[] = [];
    for (const { proxy, pod } of this.#links.values()) {
      const { output } = await pod.shell.run("nft list ruleset").catch(() => ({ output: "the pod is gone" }));
      rules.push(`packet rules at the dialler of ${proxy}:\n${output.trim()}`);
    }
    const engine = await this.#options.describeEngine();
    return [`Toxiproxy, GET /proxies:\n${proxies}`, ...rules, engine].join("\n\n");
  }

  /** Before the run's end: nothing shall ask a server that is gone. */
  close(): void {
    for (const walk of this.#walks) walk.stop();
  }

  // ── toxics ────────────────────────────────────────────────────────────────────────────────────────────────────────

  async #put(link: Link, name: string, streams: Streams, toxic: ToxicSpec): Promise<() => Promise<void>> {
    const both: readonly Direction[] = STREAMS[streams];
    await Promise.all(both.map((stream) => this.#addToxic(link, `${name}_${stream}`, stream, toxic)));
    return async () => {
      for (const stream of both) await this.#removeToxic(link, `${name}_${stream}`);
    };
  }

  async #addToxic(link: Link, name: string, stream: Direction, spec: ToxicSpec): Promise<void> {
    const { server, seed, signal } = this.#options;
    const wanders = spec.type === "latency" && spec.jitterMs > 0;
    // Toxiproxy's own jitter takes no seed: `DelayWalk` moves the latency instead.
    const body = toxicBody(wanders ? { ...spec, jitterMs: 0 } : spec, { drawsJitter: false, seed });
    if (body === undefined) throw new EnvironmentError(`a toxic ${spec.type} is none of Toxiproxy's`);
    await server.add(link.proxy, name, stream, body);
    const placed = { stream, body, wanders };
    link.toxics.set(name, placed);
    const found = (await server.show(link.proxy)).toxics.find((each) => each.name === name);
    if (found === undefined || !isSame(found, placed)) {
      throw new FaultError(`Toxiproxy does not have ${name} on ${link.proxy} as it was set`);
    }
    if (spec.type !== "latency" || !wanders) return;
    const label = `${link.proxy}/${name}`;
    const set = (latency: number): Promise<void> => server.update(link.proxy, name, { ...body.attributes, latency });
    this.#walks.add(new DelayWalk({ spec, seed, label, signal, set }));
  }

  async #removeToxic(link: Link, name: string): Promise<void> {
    const { server } = this.#options;
    for (const walk of this.#walks) if (walk.label === `${link.proxy}/${name}`) await walk.end();
    link.toxics.delete(name);
    const shown = await server.show(link.proxy);
    if (!shown.toxics.some((each) => each.name === name)) {
      throw new FaultError(`somebody took the toxic ${name} of ${link.proxy} away`);
    }
    await server.remove(link.proxy, name);
    if ((await server.show(link.proxy)).toxics.some((each) => each.name === name)) {
      throw new FaultError(`the toxic ${name} of ${link.proxy} does not go away`);
    }
  }

  async #close(link: Link): Promise<() => Promise<void>> {
    const { server } = this.#options;
    link.downs += 1;
    if ((await server.enable(link.made, false)).enabled)
      throw new FaultError(`the proxy of ${link.proxy} does not close`);
    return async () => {
      const { enabled } = await server.show(link.proxy);
      if (enabled) throw new FaultError(`somebody opened the proxy of ${link.proxy} again`);
      link.downs -= 1;
      // Another fault may still want it closed.
      if (link.downs > 0) return;
      if (!(await server.enable(link.made, true)).enabled)
        throw new FaultError(`the proxy of ${link.proxy} does not open`);
    };
  }

  // ── packets ───────────────────────────────────────────────────────────────────────────────────────────────────────

  async #inKernel(link: Link, spec: PacketFaultSpec, onActed: (atUs: number) => void): Promise<AppliedToxic> {
    const packets = await this.#watch(link, spec, onActed, ({ dropped }) => dropped > 0);
    return {
      get metTraffic() {
        return packets.hasActed;
      },
      end: () => packets.end(),
    };
  }

  /** Sets the rules, and looks at their counters until they have counted. */
  async #watch(
    link: Link,
    spec: PacketFaultSpec,
    onActed: (atUs: number) => void,
    isActing: (counts: { readonly met: number; readonly dropped: number }) => boolean,
  ): Promise<Watched> {
    const fault = await PacketFault.apply(link.pod.shell, spec);
    this.#packetFaults.set(fault, link.pod.name);
    const stop = new AbortController();
    const signal = AbortSignal.any([stop.signal, this.#options.signal]);
    let hasActed = false;
    const looked = (async () => {
      while (!signal.aborted && !hasActed) {
        const counts = await fault.counts();
        if (counts === undefined) return;
        hasActed = isActing(counts);
        if (hasActed) onActed(runClock.nowUs());
        else await sleep(LOOK_MS, signal);
      }
    })().catch(() => {});
    const faults = this.#packetFaults;
    return {
      get hasActed() {
        return hasActed;
      },
      async end() {
        stop.abort();
        await looked;
        faults.delete(fault);
        const last = await fault.end();
        if (hasActed || !isActing(last)) return;
        hasActed = true;
        onActed(runClock.nowUs());
      },
    };
  }
}

/** Takes both away, whatever becomes of the first. */
async function endBoth(first: () => Promise<void>, second: () => Promise<void>): Promise<void> {
  try {
    await first();
  } finally {
    await second();
  }
}

function isSame(shown: ShownToxic, { stream, body }: PlacedToxic): boolean {
  const attributes = Object.entries(body.attributes);
  return (
    shown.type === body.type &&
    shown.stream === stream &&
    shown.toxicity === 1 &&
    attributes.every(([name, value]) => shown.attributes[name] === value)
  );
}

function differences(link: Link, found: ShownProxy | undefined): readonly string[] {
  if (found === undefined) return [`the proxy of ${link.proxy} is gone from Toxiproxy`];
  const doubts: string[] = [];
  const isOpen = link.downs === 0;
  if (found.enabled !== isOpen) doubts.push(`the proxy of ${link.proxy} is ${found.enabled ? "open" : "closed"}`);
  for (const [name, placed] of link.toxics) {
    const shown = found.toxics.find((each) => each.name === name);
    if (shown === undefined) doubts.push(`the toxic ${name} of ${link.proxy} is gone`);
    else if (!placed.wanders && !isSame(shown, placed)) doubts.push(`the toxic ${name} of ${link.proxy} is changed`);
  }
  for (const { name } of found.toxics) {
    if (!link.toxics.has(name)) doubts.push(`${link.proxy} has a toxic of somebody else: ${name}`);
  }
  return doubts;
}

/** What must be seen on the link for the toxic to have met something. */
function watchOf(toxic: ToxicSpec): Watch {
  switch (toxic.type) {
    case "latency":
    case "bandwidth":
    case "timeout":
    case "reset_peer":
    case "slicer":
      return "data";
    case "slow_close":
    case "limit_data":
      return "ends";
    case "down":
    case "loss":
    case "blocked":
    case "tamper":
      return "all";
  }
}
