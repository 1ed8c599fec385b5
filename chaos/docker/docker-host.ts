/**
 * A host of the backend `docker`: a pod with an address of its own, a volume, and a container that lives in the pod and
 * is started again and again. The disk is the folder `data` of the volume; the pod's shell is the hand that wipes it,
 * copies it and fills it. A copy is taken while the process is frozen, so that it is what a crash at that moment leaves.
 */
import { appendFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import type Docker from "dockerode";
import { FAULT_FILE_VARIABLE, SEEN_SUFFIX } from "../../scenarios/host-faults.ts";
import type { DiskFault } from "../../scenarios/plan.ts";
import { AttachedProcess, type AttachedOptions } from "../engine/attached-process.ts";
import { createNodeContainer, NODE_USER } from "../engine/node-container.ts";
import type { Pod } from "../engine/pod.ts";
import type { Applied, BackendHost, HostKind, HostProcess } from "../world/backend.ts";
import { EnvironmentError } from "../world/environment-error.ts";
import { FaultError } from "../world/fault-error.ts";
import { FaultFileControl } from "../world/fault-file-control.ts";
import { readHttp, readPieces } from "../world/relay-view.ts";
import { readArchive } from "./archive.ts";
import { fillDisk } from "./full-disk.ts";
import { rotVolume } from "./volume-rot.ts";

export interface DockerHostOptions {
  readonly docker: Docker;
  readonly name: string;
  readonly kind: HostKind;
  readonly image: string;
  /** Program and words in the image, before those of the start. */
  readonly command: readonly string[];
  readonly containerName: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly pod: Pod;
  readonly volume: string;
  /** Further binds of the process's container, as the engine has them. */
  readonly binds: readonly string[];
  /** Of this host, on the controller's machine: what it printed. */
  readonly folder: string;
  /** Whether the plan moves its clock or spoils its disk: its process does some of that to itself. */
  readonly hasFaultFile: boolean;
  /** Whether its volume is a small one of its own, that can be filled. */
  readonly isBounded: boolean;
  readonly otherwise: ((container: Docker.Container) => AttachedOptions["otherwise"]) | undefined;
}

/** Where the volume is, in the pod and in the process's container. */
export const VOLUME_AT = "/host";
export const RELAY_PORT = 4433;
export const HTTP_PORT = 8080;
const FAULT_FILE = "faults.json";

type HostChange = Parameters<FaultFileControl["change"]>[0];

export class DockerHost implements BackendHost {
  readonly name: string;
  readonly dataFolder = `${VOLUME_AT}/data`;
  readonly listen: string;
  readonly listenHttp: string;
  readonly pod: Pod;
  readonly #options: DockerHostOptions;
  readonly #control: FaultFileControl;
  #container: Docker.Container | undefined;
  #words = "";
  #process: AttachedProcess | undefined;
  #containers = 0;

  private constructor(options: DockerHostOptions) {
    this.#options = options;
    this.name = options.name;
    this.pod = options.pod;
    this.listen = `${options.pod.address}:${RELAY_PORT}`;
    this.listenHttp = `${options.pod.address}:${HTTP_PORT}`;
    this.#control = new FaultFileControl({
      name: this.name,
      isUp: () => this.#process?.isOver === false,
      write: (text) => this.writeFile(FAULT_FILE, text),
      readSeen: async () => {
        const { code, output } = await this.pod.shell.run(`cat ${this.path(FAULT_FILE)}${SEEN_SUFFIX}`);
        return code === 0 ? output : undefined;
      },
    });
  }

  static async create(options: DockerHostOptions): Promise<DockerHost> {
    const host = new DockerHost(options);
    const { shell } = options.pod;
    await shell.must(
      `mkdir -p ${host.dataFolder} && chmod 700 ${host.dataFolder} && chown -R ${NODE_USER} ${VOLUME_AT}`,
    );
    return host;
  }

  path(file: string): string {
    return `${VOLUME_AT}/${file}`;
  }

  async writeFile(file: string, text: string): Promise<void> {
    const path = this.path(file);
    const bytes = Buffer.from(text).toString("base64");
    // Whole or not at all: the process may be reading it.
    await this.pod.shell.must(
      `umask 077; printf %s '${bytes}' | base64 -d > ${path}.new && chown ${NODE_USER} ${path}.new && mv ${path}.new ${path}`,
    );
  }

  async start(
    words: readonly string[],
    onLine: (line: string) => void,
    env: { readonly [variable: string]: string } = {},
  ): Promise<HostProcess> {
    const { docker, kind, command, name, otherwise, hasFaultFile } = this.#options;
    const variables = hasFaultFile ? { ...env, [FAULT_FILE_VARIABLE]: this.path(FAULT_FILE) } : env;
    await this.#process?.settled();
    // The same container again, as long as nothing of it is different.
    const key = JSON.stringify([words, variables]);
    if (this.#container === undefined || this.#words !== key) {
      await this.#container?.remove({ force: true, v: true });
      this.#container = await createNodeContainer({
        ...this.#options,
        docker,
        name: `${this.#options.containerName}-${this.#containers++}`,
        binds: [`${this.#options.volume}:${VOLUME_AT}`, ...this.#options.binds],
        words: [...command, ...words],
        env: Object.entries(variables).map(([variable, value]) => `${variable}=${value}`),
      });
      this.#words = key;
    }
    this.#process = await AttachedProcess.start({
      name,
      docker,
      container: this.#container,
      // What a relay prints is looked through for secrets; what an agent reports is the history.
      stdoutPath: kind === "relay" ? this.#log("stdout.log") : undefined,
      stderrPath: this.#log("stderr.log"),
      onLine,
      otherwise: otherwise?.(this.#container),
    });
    return this.#process;
  }

  async state(): Promise<"running" | "stopped" | "gone"> {
    if (this.#container === undefined) return "gone";
    const { State } = await this.#container.inspect();
    if (State.Paused) return "stopped";
    return State.Running ? "running" : "gone";
  }

  async descriptors(): Promise<number | undefined> {
    if (this.#container === undefined || this.#process?.isOver !== false) return undefined;
    // The pod sees the processes of its host; only one of them is Node.
    const { code, output } = await this.pod.shell.run(
      'for p in /proc/[0-9]*; do read -r c < $p/comm 2>/dev/null || continue; [ "$c" = node ] && ls $p/fd | wc -l; done; true',
    );
    const count = Number(output.trim());
    return code === 0 && output.trim() !== "" && Number.isInteger(count) ? count : undefined;
  }

  async wipe(keep: (name: string) => boolean): Promise<void> {
    this.#assertDown("wiped");
    const { shell } = this.pod;
    const names = (await shell.must(`ls -A ${this.dataFolder}`))
      .split("\n")
      .filter((name) => name !== "" && !keep(name));
    if (names.length === 0) return;
    await shell.must(`cd ${this.dataFolder} && rm -rf -- ${names.map(quote).join(" ")}`);
  }

  async snapshot(id: number): Promise<void> {
    const copy = this.#copy(id);
    // SQLite's index of its journal lives in memory: after a crash it is made anew.
    await this.#whileStill(() =>
      this.pod.shell.must(
        `rm -rf ${copy} && mkdir -p ${copy} && cp -a ${this.dataFolder}/. ${copy}/ && find ${copy} -name '*-shm' -exec rm -f {} +`,
      ),
    );
  }

  async restore(id: number): Promise<void> {
    await this.wipe(() => false);
    await this.pod.shell.must(`cp -a ${this.#copy(id)}/. ${this.dataFolder}/`);
  }

  async spoil(fault: DiskFault, seed: string): Promise<Applied> {
    switch (fault.type) {
      case "full":
        if (this.#options.isBounded) return fillDisk(this.name, this.pod.shell, VOLUME_AT);
        throw new FaultError(`the disk of ${this.name} was not made to be filled`);
      case "slow":
        return this.#hook({ syncDelayMs: fault.syncMs }, { syncDelayMs: 0 });
      case "write-error":
        return this.#hook({ writeErrorPermille: fault.permille, seed }, { writeErrorPermille: 0 });
      case "lost-fsync":
        return this.#hook({ isSyncLost: true }, { isSyncLost: false });
      case "bit-rot": {
        const note = await this.#whileStill(() => rotVolume(this.pod, this.dataFolder, fault.bits, seed));
        return { note, end: async () => {} };
      }
    }
  }

  setClock(offsetMs: number): Promise<void> {
    return this.#control.change({ wallOffsetMs: offsetMs });
  }

  /** Between two writes of its process, if it has one. */
  #whileStill<T>(act: () => Promise<T>): Promise<T> {
    return this.#process === undefined ? act() : this.#process.whileStill(act);
  }

  async #hook(on: HostChange, off: HostChange): Promise<Applied> {
    await this.#control.change(on);
    return { note: "its process follows", end: () => this.#control.change(off) };
  }

  readHttp(path: string): Promise<Uint8Array | undefined> {
    return readHttp(`http://${this.pod.endpointOf(HTTP_PORT)}${path}`);
  }

  async *readAll(bytesMax: number): AsyncGenerator<Uint8Array> {
    let bytesLeft = bytesMax;
    for await (const bytes of readArchive(this.pod.container, this.dataFolder, bytesLeft)) {
      // Pieces overlap.
      bytesLeft = Math.max(0, bytesLeft - bytes.length);
      yield bytes;
    }
    for (const path of [this.#log("stdout.log"), this.#log("stderr.log")].filter((each) => existsSync(each))) {
      for (const bytes of readPieces(path, bytesLeft)) {
        bytesLeft = Math.max(0, bytesLeft - bytes.length);
        yield bytes;
      }
    }
  }

  /** As the engine has it, for whoever looks into a failure. */
  async describe(): Promise<string> {
    if (this.#container === undefined) return "never started";
    const { State, RestartCount } = await this.#container.inspect();
    return JSON.stringify({ ...State, RestartCount });
  }

  #log(file: string): string {
    const path = join(this.#options.folder, file);
    // There from the beginning, so that whoever reads it finds it.
    appendFileSync(path, "", { mode: 0o600 });
    return path;
  }

  /** In the pod's own layer, so that a small disk has not to hold it. */
  #copy(id: number): string {
    return `/var/tmp/copy-${id}`;
  }

  #assertDown(what: string): void {
    if (this.#process?.isOver === false) throw new EnvironmentError(`${this.name} cannot be ${what} while it is up`);
  }
}

function quote(name: string): string {
  return `'${name.replaceAll("'", String.raw`'\''`)}'`;
}
