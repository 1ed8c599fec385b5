/**
 * The backend `docker`: relays and agents as containers on a network of their own, each in a pod, with one real
 * Toxiproxy between diallers and listeners. Everything that it makes carries the run's label, is written to the journal
 * before it is made, and is removed at the end; nothing else on the engine is touched.
 */
import { createWriteStream, mkdirSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type Docker from "dockerode";
import { isFault, type FaultStep, type Plan } from "../../scenarios/plan.ts";
import { EngineEvents } from "../engine/events.ts";
import { createNodeContainer } from "../engine/node-container.ts";
import { createPod, type Pod } from "../engine/pod.ts";
import { labelOf, runLabels, sweepLabel } from "../engine/run-label.ts";
import { createRunNetwork, type RunNetwork } from "../engine/run-network.ts";
import type { Images } from "../engine/images.ts";
import type { Pumba } from "../engine/pumba.ts";
import { ToxiproxyServer } from "../links/toxiproxy-server.ts";
import type { Backend, BackendContext, BackendHost, Fidelity, HostKind } from "../world/backend.ts";
import { within } from "../world/deadline.ts";
import { EnvironmentError } from "../world/environment-error.ts";
import { sleep } from "../world/run-clock.ts";
import { DockerHost, HTTP_PORT, VOLUME_AT } from "./docker-host.ts";
import { DockerLinks } from "./docker-links.ts";
import { dockerFidelity } from "./fidelity.ts";
import { BOUNDED_BYTES } from "./full-disk.ts";

export interface DockerBackendOptions {
  readonly docker: Docker;
  readonly images: Images;
  /** Kills, stops and pauses where it is there; the engine does it otherwise. */
  readonly pumba?: ((labels: Readonly<Record<string, string>>) => Pumba) | undefined;
  /** Words after the image's program that start each; without them `relay` and `agent`. */
  readonly relayWords?: readonly string[];
  readonly agentWords?: readonly string[];
  /** Further binds of relays and agents: a build with a planted bug, say. */
  readonly binds?: readonly string[];
  /** Keeps what passed Toxiproxy, as tcpdump has it, of a run that went wrong. */
  readonly isCapturing?: boolean;
}

const API_PORT = 8474;
const TOXIPROXY = "toxiproxy";
const READY_WITHIN_MS = 20_000;
/** Without one of these no host is Pumba's business. */
const PUMBA_FAULTS: ReadonlySet<FaultStep["do"]> = new Set(["crash", "restart", "pause", "wipe", "rollback"]);
/** The server gives up after 25 s; a toxic before a narrow line is taken away when what waits there has gone through. */
const CALL_TIMEOUT_MS = 24_000;
const ASK_TIMEOUT_MS = 1000;
const CLOSE_TIMEOUT_MS = 120_000;
const CAPTURE_AT = "/var/tmp/capture.pcap";
const CAPTURE_PACKETS = 200_000;

export class DockerBackend implements Backend {
  readonly name = "docker";
  readonly blindSpots: readonly string[] = [
    "zero-knowledge: looked for in the relays' volumes, logs and HTTP answers, not in their memory",
    "nonce-unique: what devices seal is seen, what relays seal is not",
    "drains: of a relay only its descriptors are counted",
  ];
  /** Handed around by itself. */
  readonly removeLabel = (label: string): Promise<readonly string[]> => sweepLabel(this.#options.docker, label);
  readonly #options: DockerBackendOptions;
  readonly #pods = new Map<string, Promise<Pod>>();
  readonly #hosts: DockerHost[] = [];
  #context: BackendContext | undefined;
  #plan: Plan | undefined;
  #network: RunNetwork | undefined;
  #links: DockerLinks | undefined;
  #events: EngineEvents | undefined;
  #proxyPod: Pod | undefined;
  #pumba: Pumba | undefined;

  constructor(options: DockerBackendOptions) {
    this.#options = options;
  }

  get links(): DockerLinks {
    if (this.#links === undefined) throw new EnvironmentError("the run has not begun");
    return this.#links;
  }

  /** Of everything that the run makes. */
  get label(): string {
    if (this.#context === undefined) throw new EnvironmentError("the run has not begun");
    return labelOf(this.#context.journal.run);
  }

  /** Of the server's API, as this machine reaches it. */
  get toxiproxyUrl(): string {
    if (this.#proxyPod === undefined) throw new EnvironmentError("the run has not begun");
    return `http://${this.#proxyPod.endpointOf(API_PORT)}`;
  }

  fidelity(step: FaultStep): Fidelity {
    return dockerFidelity(step);
  }

  async begin(plan: Plan, context: BackendContext): Promise<void> {
    const { docker } = this.#options;
    const { run, journal } = { run: context.journal.run, journal: context.journal };
    this.#context = context;
    this.#plan = plan;
    this.#pumba = this.#options.pumba?.(runLabels(run));
    // Before anything is made that carries it.
    journal.add({ what: "label", label: labelOf(run) });
    this.#events = await EngineEvents.listen(docker, labelOf(run));
    this.#network = await createRunNetwork(docker, `zerok-${run}`, runLabels(run));
    // All at once: a container takes half a second to start, and most of that is waiting.
    const { relays, devices } = plan.topology;
    const pods = [
      ...relays.map(({ name }) => this.#hostPod(name, "relay")),
      ...devices.map(({ name }) => this.#hostPod(name, "agent")),
    ];
    for (const each of pods) each.catch(() => {});
    const pod = await this.#pod(TOXIPROXY, [API_PORT], []);
    this.#proxyPod = pod;
    const server = new ToxiproxyServer(this.toxiproxyUrl, CALL_TIMEOUT_MS);
    await this.#startToxiproxy(pod);
    this.#links = new DockerLinks({
      seed: plan.seed,
      address: pod.address,
      server,
      podOf: (host) => this.#hostPod(host, "agent"),
      signal: context.signal,
      describeEngine: () => this.#describe(),
    });
    if (this.#options.isCapturing !== false) {
      await pod.shell.run(
        `command -v tcpdump >/dev/null && tcpdump -i any -Z root -U -s 256 -c ${CAPTURE_PACKETS} -w ${CAPTURE_AT} tcp port not ${API_PORT} >/dev/null 2>&1 &`,
      );
    }
  }

  async createHost(name: string, kind: HostKind): Promise<BackendHost> {
    const { docker, images, binds = [], relayWords = ["relay"], agentWords = ["agent"], pumba } = this.#options;
    const { folder, journal, signal } = this.#context!;
    const logs = join(folder, name);
    mkdirSync(logs, { recursive: true, mode: 0o700 });
    const host = await DockerHost.create({
      docker,
      name,
      kind,
      image: images.node,
      command: kind === "relay" ? relayWords : agentWords,
      containerName: `zerok-${journal.run}-${name}`,
      labels: runLabels(journal.run),
      pod: await this.#hostPod(name, kind),
      volume: this.#volume(name),
      binds,
      folder: logs,
      isBounded: this.#isBounded(name),
      hasFaultFile: this.#faultsOf(name).some((step) => step.do === "clock" || step.do === "disk"),
      otherwise:
        pumba === undefined || !this.#faultsOf(name).some(({ do: fault }) => PUMBA_FAULTS.has(fault))
          ? undefined
          : (container) => this.#pumba!.deeds(container, this.#events!, signal),
    });
    this.#hosts.push(host);
    return host;
  }

  async close(): Promise<void> {
    this.#links?.close();
    this.#events?.close();
    for (const pod of await Promise.allSettled(this.#pods.values())) {
      if (pod.status === "fulfilled") pod.value.shell.close();
    }
    if (this.#context === undefined) return;
    // What an engine that hangs does not remove stays in the journal, and the next run heals it.
    const swept = sweepLabel(this.#options.docker, this.label);
    await within(CLOSE_TIMEOUT_MS, `the engine did not remove what is labelled ${this.label}`, swept);
  }

  // ── pods ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The same for whoever asks first: the links need a dialler's before the world makes its host. */
  #hostPod(name: string, kind: HostKind): Promise<Pod> {
    const made = this.#pods.get(name) ?? this.#makeHostPod(name, kind);
    this.#pods.set(name, made);
    return made;
  }

  async #makeHostPod(name: string, kind: HostKind): Promise<Pod> {
    const { docker } = this.#options;
    const isBounded = this.#isBounded(name);
    await docker.createVolume({
      Name: this.#volume(name),
      Driver: "local",
      Labels: runLabels(this.#context!.journal.run),
      ...(isBounded ? { DriverOpts: { type: "tmpfs", device: "tmpfs", o: `size=${BOUNDED_BYTES}` } } : {}),
    });
    return this.#pod(name, kind === "relay" ? [HTTP_PORT] : [], [`${this.#volume(name)}:${VOLUME_AT}`]);
  }

  #pod(alias: string, published: readonly number[], volumes: readonly string[]): Promise<Pod> {
    const { docker, images } = this.#options;
    const { run } = this.#context!.journal;
    const network = this.#network!;
    return createPod({
      docker,
      image: images.faults,
      name: `zerok-${run}-pod-${alias}`,
      alias,
      network: network.name,
      address: network.nextAddress(),
      labels: runLabels(run),
      volumes,
      published,
    });
  }

  async #startToxiproxy(pod: Pod): Promise<void> {
    const { docker, images } = this.#options;
    const { journal, signal } = this.#context!;
    const container = await createNodeContainer({
      docker,
      image: images.toxiproxy,
      name: `zerok-${journal.run}-${TOXIPROXY}`,
      pod,
      labels: runLabels(journal.run),
      binds: [],
      words: ["-host=0.0.0.0", `-port=${API_PORT}`],
      env: ["LOG_LEVEL=debug"],
    });
    await container.start();
    // A port that is published is open before anybody listens behind it: such a question is never answered.
    const asked = new ToxiproxyServer(this.toxiproxyUrl, ASK_TIMEOUT_MS);
    const untilMs = Date.now() + READY_WITHIN_MS;
    let why = "";
    while (Date.now() < untilMs && !signal.aborted) {
      try {
        await asked.version();
        return;
      } catch (error) {
        why = error instanceof Error ? error.message : String(error);
        await sleep(50, signal);
      }
    }
    if (!signal.aborted) throw new EnvironmentError(`Toxiproxy's container was not ready in time: ${why}`);
  }

  // ── evidence ──────────────────────────────────────────────────────────────────────────────────────────────────────

  async #describe(): Promise<string> {
    const { docker } = this.#options;
    const lines: string[] = [];
    for (const host of this.#hosts) {
      lines.push(`container of ${host.name}: ${await host.describe().catch((error: unknown) => String(error))}`);
    }
    const container = docker.getContainer(`zerok-${this.#context!.journal.run}-${TOXIPROXY}`);
    const logs = await container.logs({ stdout: true, stderr: true, tail: 200 }).then(
      (bytes) => unframe(bytes),
      () => "there are none",
    );
    await this.#keepCapture().catch(() => {});
    return [...lines, `events of the engine:\n${this.#events?.render() ?? ""}`, `log of Toxiproxy:\n${logs}`].join(
      "\n\n",
    );
  }

  /** Into the run's folder, where whoever keeps its logs finds it. */
  async #keepCapture(): Promise<void> {
    const pod = this.#proxyPod;
    if (pod === undefined || this.#options.isCapturing === false) return;
    const archive = await pod.container.getArchive({ path: CAPTURE_AT });
    await pipeline(archive, createWriteStream(join(this.#context!.folder, "capture.pcap.tar"), { mode: 0o600 }));
  }

  #volume(host: string): string {
    return `zerok-${this.#context!.journal.run}-${host}`;
  }

  #isBounded(host: string): boolean {
    return this.#faultsOf(host).some((step) => step.do === "disk" && step.disk.type === "full");
  }

  #faultsOf(host: string): readonly FaultStep[] {
    return this.#plan!.steps.filter((step): step is FaultStep => isFault(step) && "host" in step && step.host === host);
  }
}

/** The engine puts a head of eight bytes before each piece of a log; the last four are its length. */
function unframe(bytes: Buffer): string {
  const pieces: string[] = [];
  for (let at = 0; at + 8 <= bytes.length;) {
    const length = bytes.readUInt32BE(at + 4);
    pieces.push(bytes.subarray(at + 8, at + 8 + length).toString("utf8"));
    at += 8 + length;
  }
  return pieces.join("");
}
