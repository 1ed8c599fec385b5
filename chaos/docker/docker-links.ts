/**
 * The links between containers: one real Toxiproxy for all of a run, with one proxy for each dialler and listener, and
 * packet rules in the dialler's pod for what Toxiproxy does not have (`blocked`, `loss`). Each toxic is read back from
 * the server, and counted in the kernel to have met something. Knows what stands where, so that it can say at any time
 * what somebody else has changed.
 */
import type { LinkProfile, ToxicSpec } from "../../scenarios/plan.ts";
import type { Pod } from "../engine/pod.ts";
import type { AppliedToxic, BackendHost, LinkName, Links, Streams } from "../world/backend.ts";
import { EnvironmentError } from "../world/environment-error.ts";
import { FaultError } from "../world/fault-error.ts";
import { runClock, sleep } from "../world/run-clock.ts";
import { DelayWalk } from "./delay-walk.ts";
import { createLossPattern } from "./loss-pattern.ts";
import { PacketFault, type LinkEnd, type PacketFaultSpec } from "./packet-fault.ts";
import { attributesOf, typeOf, watchOf } from "./toxic-attributes.ts";
import { Toxiproxy, type ProxyState, type ToxicState } from "./toxiproxy.ts";

export interface DockerLinksOptions {
  readonly seed: string;
  /** Of the pod that the server lives in: where diallers find it. */
  readonly address: string;
  readonly server: Toxiproxy;
  /** The pod of a host that dials. */
  readonly podOf: (host: string) => Promise<Pod>;
  readonly signal: AbortSignal;
  /** What else is known when something went wrong. */
  readonly describeEngine: () => Promise<string>;
}

interface Link {
  readonly proxy: string;
  readonly end: LinkEnd;
  readonly pod: Pod;
  readonly toxics: Map<string, Omit<ToxicState, "toxicity">>;
  downs: number;
}

const FIRST_PORT = 20_001;
const LOOK_MS = 20;
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
      end: { address, port },
      pod: await podOf(dialler),
      toxics: new Map(),
      downs: 0,
    };
    // Nobody gets through before its standing latency is there.
    await server.createProxy({ name: proxy, listen: `0.0.0.0:${port}`, upstream: listener.listen, enabled: false });
    const { latencyMs, jitterMs } = profile;
    if (latencyMs > 0 || jitterMs > 0) {
      const toxic = { type: "latency", latencyMs, jitterMs } as const;
      for (const stream of STREAMS.both) await this.#addToxic(link, `standing_${stream}`, stream, toxic);
    }
    await server.enable(proxy, true);
    const { enabled, upstream } = await server.proxy(proxy);
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
    const watch: PacketFaultSpec = { name, end: link.end, streams, watch: watchOf(toxic) };
    if (toxic.type === "blocked") return this.#inKernel(link, { ...watch, drop: "all" }, onActed);
    if (toxic.type === "loss") {
      const drop = createLossPattern(toxic, this.#options.seed, `${link.proxy}/${name}`);
      return this.#inKernel(link, { ...watch, drop }, onActed);
    }
    const packets = await this.#watch(link, watch, onActed, ({ met }) => met > 0);
    const put = toxic.type === "down" ? this.#close(link) : this.#put(link, name, streams, toxic);
    let end: () => Promise<void>;
    try {
      end = await put;
    } catch (error) {
      await packets.end().catch(() => {});
      throw error;
    }
    return {
      get metTraffic() {
        return packets.hasActed;
      },
      end: () => both(end, () => packets.end()),
    };
  }

  async verify(): Promise<readonly string[]> {
    const doubts: string[] = [];
    let proxies: ReadonlyMap<string, ProxyState>;
    try {
      proxies = await this.#options.server.proxies();
    } catch (error) {
      if (error instanceof FaultError) return [error.message];
      throw error;
    }
    for (const link of this.#links.values()) doubts.push(...differences(link, proxies.get(link.proxy)));
    for (const [fault, where] of this.#packetFaults) {
      if ((await fault.counts()) === undefined)
        doubts.push(`the packet rule ${fault.name} in the pod of ${where} is gone`);
    }
    for (const walk of this.#walks) if (walk.failure !== undefined) doubts.push(walk.failure);
    return doubts;
  }

  async dump(): Promise<string> {
    const proxies = await this.#options.server.proxies().then(
      (all) => JSON.stringify(Object.fromEntries(all), undefined, 2),
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
    const names: string[] = [];
    for (const stream of STREAMS[streams]) {
      names.push(`${name}_${stream}`);
      await this.#addToxic(link, `${name}_${stream}`, stream, toxic);
    }
    return async () => {
      for (const each of names) await this.#removeToxic(link, each);
    };
  }

  async #addToxic(link: Link, name: string, stream: ToxicState["stream"], spec: ToxicSpec): Promise<void> {
    const { server, seed, signal } = this.#options;
    const toxic = { name, type: typeOf(spec), stream, attributes: attributesOf(spec) };
    await server.addToxic(link.proxy, toxic);
    link.toxics.set(name, toxic);
    const found = (await server.proxy(link.proxy)).toxics.find((each) => each.name === name);
    if (found === undefined || !isSame(found, toxic)) {
      throw new FaultError(`Toxiproxy does not have ${name} on ${link.proxy} as it was set`);
    }
    if (spec.type === "latency" && spec.jitterMs > 0) {
      this.#walks.add(
        new DelayWalk({
          spec,
          seed,
          label: `${link.proxy}/${name}`,
          signal,
          async set(latency) {
            const attributes = { ...toxic.attributes, latency };
            await server.updateToxic(link.proxy, name, attributes);
            if (link.toxics.has(name)) link.toxics.set(name, { ...toxic, attributes });
          },
        }),
      );
    }
  }

  async #removeToxic(link: Link, name: string): Promise<void> {
    const { server } = this.#options;
    for (const walk of this.#walks) if (walk.label === `${link.proxy}/${name}`) await walk.end();
    link.toxics.delete(name);
    if (!(await server.removeToxic(link.proxy, name))) {
      throw new FaultError(`somebody took the toxic ${name} of ${link.proxy} away`);
    }
    if ((await server.proxy(link.proxy)).toxics.some((each) => each.name === name)) {
      throw new FaultError(`the toxic ${name} of ${link.proxy} does not go away`);
    }
  }

  async #close(link: Link): Promise<() => Promise<void>> {
    const { server } = this.#options;
    link.downs += 1;
    await server.enable(link.proxy, false);
    if ((await server.proxy(link.proxy)).enabled) throw new FaultError(`the proxy of ${link.proxy} does not close`);
    return async () => {
      const { enabled } = await server.proxy(link.proxy);
      if (enabled) throw new FaultError(`somebody opened the proxy of ${link.proxy} again`);
      link.downs -= 1;
      // Another fault may still want it closed.
      if (link.downs > 0) return;
      await server.enable(link.proxy, true);
      if (!(await server.proxy(link.proxy)).enabled) throw new FaultError(`the proxy of ${link.proxy} does not open`);
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
  ): Promise<{ readonly hasActed: boolean; end(): Promise<void> }> {
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
async function both(first: () => Promise<void>, second: () => Promise<void>): Promise<void> {
  try {
    await first();
  } finally {
    await second();
  }
}

function isSame(one: Omit<ToxicState, "toxicity">, other: Omit<ToxicState, "toxicity">): boolean {
  return (
    one.type === other.type &&
    one.stream === other.stream &&
    Object.entries(other.attributes).every(([name, value]) => one.attributes[name] === value)
  );
}

function differences(link: Link, found: ProxyState | undefined): readonly string[] {
  if (found === undefined) return [`the proxy of ${link.proxy} is gone from Toxiproxy`];
  const doubts: string[] = [];
  const isOpen = link.downs === 0;
  if (found.enabled !== isOpen) doubts.push(`the proxy of ${link.proxy} is ${found.enabled ? "open" : "closed"}`);
  for (const [name, toxic] of link.toxics) {
    const other = found.toxics.find((each) => each.name === name);
    if (other === undefined) doubts.push(`the toxic ${name} of ${link.proxy} is gone`);
    // One that wanders is being set just now.
    else if (toxic.type !== "latency" && !isSame(other, toxic))
      doubts.push(`the toxic ${name} of ${link.proxy} is changed`);
  }
  for (const { name } of found.toxics) {
    if (!link.toxics.has(name)) doubts.push(`${link.proxy} has a toxic of somebody else: ${name}`);
  }
  return doubts;
}
