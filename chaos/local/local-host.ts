/**
 * A host of the backend `local`: a folder and a process of this machine. Its disk is the folder `data` in it; what the
 * kernel would have to help with says so in `fidelity.ts`. A copy of the disk is taken while the process stands still,
 * so that it is what a crash at that moment would leave.
 */
import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { FAULT_FILE_VARIABLE, SEEN_SUFFIX } from "../../scenarios/host-faults.ts";
import type { DiskFault, FaultStep } from "../../scenarios/plan.ts";
import type { Applied, BackendHost, HostKind, HostProcess } from "../world/backend.ts";
import { EnvironmentError } from "../world/environment-error.ts";
import { FaultFileControl } from "../world/fault-file-control.ts";
import type { Journal } from "../world/journal.ts";
import { FaultError } from "../world/fault-error.ts";

import { processStart } from "../world/process-start.ts";
import { listFiles, readHttp, readPieces } from "../world/relay-view.ts";
import { flipBits } from "../world/bit-rot.ts";
import { Child } from "./child.ts";
import type { Guard } from "./guard.ts";
import { descriptorCount, processState } from "./process-state.ts";
import { fillDisk, freeDisk, mountSmallDisk, probeTmpfs, unmount } from "./small-disk.ts";

export interface LocalHostOptions {
  readonly name: string;
  readonly kind: HostKind;
  /** Program and words. */
  readonly command: readonly string[];
  /** Its own: there, and empty. */
  readonly folder: string;
  readonly port: number;
  readonly httpPort: number;
  readonly guard: Guard;
  /** Of its process, when the controller has another one. */
  readonly priority: number | undefined;
  readonly journal: Journal;
  /** What the plan will do to this host: some of it has to be made ready before the first start. */
  readonly faults: readonly FaultStep[];
}

const FAULT_FILE = "faults.json";
const STILL_WITHIN_MS = 2000;

export class LocalHost implements BackendHost {
  readonly name: string;
  readonly dataFolder: string;
  readonly listen: string;
  readonly listenHttp: string;
  readonly #options: LocalHostOptions;
  readonly #control: FaultFileControl;
  readonly #hasFaultFile: boolean;
  readonly #isSmallDisk: boolean;
  #child: Child | undefined;

  constructor(options: LocalHostOptions) {
    const { name, folder, port, httpPort, faults, journal, guard } = options;
    this.#options = options;
    this.name = name;
    this.dataFolder = join(folder, "data");
    this.listen = `127.0.0.1:${port}`;
    this.listenHttp = `127.0.0.1:${httpPort}`;
    mkdirSync(this.dataFolder, { recursive: true, mode: 0o700 });
    this.#isSmallDisk = faults.some((step) => step.do === "disk" && step.disk.type === "full") && probeTmpfs().canMount;
    if (this.#isSmallDisk) {
      guard.addMount(this.dataFolder);
      mountSmallDisk(this.dataFolder, journal);
    }
    this.#hasFaultFile = faults.some((step) => step.do === "clock" || step.do === "disk");
    this.#control = new FaultFileControl({
      name,
      isUp: () => this.#child?.isOver === false,
      write: async (text) => {
        writeFileSync(this.path(`${FAULT_FILE}-new`), text, { mode: 0o600 });
        renameSync(this.path(`${FAULT_FILE}-new`), this.path(FAULT_FILE));
      },
      readSeen: async () => readIfThere(this.path(`${FAULT_FILE}${SEEN_SUFFIX}`)),
    });
  }

  /** Before its folder is removed. */
  close(): void {
    if (!this.#isSmallDisk) return;
    unmount(this.dataFolder);
    this.#options.guard.removeMount(this.dataFolder);
  }

  path(file: string): string {
    return join(this.#options.folder, file);
  }

  async writeFile(file: string, text: string): Promise<void> {
    writeFileSync(this.path(file), text, { mode: 0o600 });
  }

  async start(
    words: readonly string[],
    onLine: (line: string) => void,
    env: { readonly [variable: string]: string } = {},
  ): Promise<HostProcess> {
    const { name, kind, command, guard, priority, journal } = this.#options;
    this.#child = new Child({
      name,
      argv: [...command, ...words],
      env: this.#hasFaultFile ? { ...env, [FAULT_FILE_VARIABLE]: this.path(FAULT_FILE) } : env,
      logPath: this.path("stderr.log"),
      // What a relay prints is looked through for secrets; what an agent reports is the history.
      stdoutPath: kind === "relay" ? this.path("stdout.log") : undefined,
      onLine,
      guard,
      priority,
    });
    const { pid } = this.#child;
    if (pid !== undefined) journal.add({ what: "process", name, pid, start: processStart(pid) ?? "" });
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
    await this.#whileStill(() =>
      cpSync(this.dataFolder, this.#copy(id), { recursive: true, filter: (path) => !isShared(path) }),
    );
  }

  async restore(id: number): Promise<void> {
    await this.wipe(() => false);
    cpSync(this.#copy(id), this.dataFolder, { recursive: true });
  }

  async spoil(fault: DiskFault, seed: string): Promise<Applied> {
    switch (fault.type) {
      case "full": {
        if (!this.#isSmallDisk) return this.#hook({ isFull: true }, { isFull: false });
        const note = fillDisk(this.dataFolder);
        return { note, end: async () => freeDisk(this.dataFolder) };
      }
      case "slow":
        return this.#hook({ syncDelayMs: fault.syncMs }, { syncDelayMs: 0 });
      case "write-error":
        return this.#hook({ writeErrorPermille: fault.permille, seed }, { writeErrorPermille: 0 });
      case "lost-fsync":
        return this.#hook({ isSyncLost: true }, { isSyncLost: false });
      case "bit-rot": {
        // As it stands between two of its writes.
        const note = await this.#whileStill(() => {
          const files = listFiles(this.dataFolder).filter((path) => /\.db(-wal)?$/.test(path));
          return flipBits(files, fault.bits, seed);
        });
        return { note, end: async () => {} };
      }
    }
  }

  /** A signal that was sent has not acted yet; and a process that a pause holds stays as it is. */
  async #whileStill<T>(act: () => T): Promise<T> {
    const child = this.#child;
    if ((await this.state()) !== "running") return act();
    await child?.signal("SIGSTOP");
    try {
      const untilMs = performance.now() + STILL_WITHIN_MS;
      while ((await this.state()) === "running") {
        if (performance.now() > untilMs) throw new FaultError(`${this.name} does not stand still after SIGSTOP`);
        await sleep(1);
      }
      return act();
    } finally {
      await child?.signal("SIGCONT");
    }
  }

  async #hook(
    on: Parameters<FaultFileControl["change"]>[0],
    off: Parameters<FaultFileControl["change"]>[0],
  ): Promise<Applied> {
    await this.#control.change(on);
    return { note: "its process follows", end: () => this.#control.change(off) };
  }

  setClock(offsetMs: number): Promise<void> {
    return this.#control.change({ wallOffsetMs: offsetMs });
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

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
