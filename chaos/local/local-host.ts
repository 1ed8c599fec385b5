/**
 * A host of the backend `local`: a folder and a process of this machine. Its disk is the folder `data` in it; what the
 * kernel would have to help with says so in `fidelity.ts`. A copy of the disk is taken while the process stands still,
 * so that it is what a crash at that moment would leave.
 */
import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { DiskFault } from "../../scenarios/plan.ts";
import type { Applied, BackendHost, HostKind, HostProcess } from "../world/backend.ts";
import { EnvironmentError } from "../world/environment-error.ts";
import { FaultError } from "../world/fault-error.ts";
import { listFiles, readHttp, readPieces } from "../world/relay-view.ts";
import { Child } from "./child.ts";
import type { Guard } from "./guard.ts";
import { descriptorCount, processState } from "./process-state.ts";

export interface LocalHostOptions {
  readonly name: string;
  readonly kind: HostKind;
  /** Program and words. */
  readonly command: readonly string[];
  /** Its own: there, and empty. */
  readonly folder: string;
  readonly port: number;
  readonly httpPort: number;
  readonly guard: Pick<Guard, "add" | "remove">;
}

export class LocalHost implements BackendHost {
  readonly name: string;
  readonly dataFolder: string;
  readonly listen: string;
  readonly listenHttp: string;
  readonly #options: LocalHostOptions;
  #child: Child | undefined;

  constructor(options: LocalHostOptions) {
    const { name, folder, port, httpPort } = options;
    this.#options = options;
    this.name = name;
    this.dataFolder = join(folder, "data");
    this.listen = `127.0.0.1:${port}`;
    this.listenHttp = `127.0.0.1:${httpPort}`;
    mkdirSync(this.dataFolder, { recursive: true, mode: 0o700 });
  }

  path(file: string): string {
    return join(this.#options.folder, file);
  }

  async writeFile(file: string, text: string): Promise<void> {
    writeFileSync(this.path(file), text, { mode: 0o600 });
  }

  async start(words: readonly string[], onLine: (line: string) => void): Promise<HostProcess> {
    const { name, kind, command, guard } = this.#options;
    this.#child = new Child({
      name,
      argv: [...command, ...words],
      logPath: this.path("stderr.log"),
      // What a relay prints is looked through for secrets; what an agent reports is the history.
      stdoutPath: kind === "relay" ? this.path("stdout.log") : undefined,
      onLine,
      guard,
    });
    return this.#child;
  }

  async state(): Promise<"running" | "stopped" | "gone"> {
    const { pid } = this.#child ?? {};
    if (pid === undefined) return "gone";
    const state = processState(pid)?.toUpperCase();
    if (state === undefined || state === "Z" || state === "X") return "gone";
    return state === "T" ? "stopped" : "running";
  }

  async descriptors(): Promise<number | undefined> {
    const { pid } = this.#child ?? {};
    return pid === undefined ? undefined : descriptorCount(pid);
  }

  async wipe(keep: (name: string) => boolean): Promise<void> {
    this.#assertDown("wiped");
    for (const name of readdirSync(this.dataFolder)) {
      if (!keep(name)) rmSync(join(this.dataFolder, name), { recursive: true, force: true });
    }
  }

  async snapshot(id: number): Promise<void> {
    const child = this.#child;
    await child?.signal("SIGSTOP");
    try {
      cpSync(this.dataFolder, this.#copy(id), { recursive: true, filter: (path) => !isShared(path) });
    } finally {
      await child?.signal("SIGCONT");
    }
  }

  async restore(id: number): Promise<void> {
    await this.wipe(() => false);
    cpSync(this.#copy(id), this.dataFolder, { recursive: true });
  }

  async spoil(fault: DiskFault, _seed: string): Promise<Applied> {
    throw new FaultError(`there is no way to do "${fault.type}" to the disk of ${this.name}`);
  }

  async setClock(_offsetMs: number): Promise<void> {
    throw new FaultError(`there is no way to move the clock of ${this.name}`);
  }

  readHttp(path: string): Promise<Uint8Array | undefined> {
    return readHttp(`http://${this.listenHttp}${path}`);
  }

  async *readAll(bytesMax: number): AsyncGenerator<Uint8Array> {
    let bytesLeft = bytesMax;
    for (const path of [this.dataFolder, this.path("stdout.log"), this.path("stderr.log")].flatMap(listFiles)) {
      for (const bytes of readPieces(path, bytesLeft)) {
        bytesLeft -= bytes.length;
        yield bytes;
      }
      if (bytesLeft <= 0) return;
    }
  }

  #copy(id: number): string {
    return this.path(`copy-${id}`);
  }

  #assertDown(what: string): void {
    if (this.#child?.isOver === false) throw new EnvironmentError(`${this.name} cannot be ${what} while it is up`);
  }
}

/** SQLite's index of its journal lives in memory: after a crash it is made anew. */
function isShared(path: string): boolean {
  return basename(path).endsWith("-shm");
}
