/**
 * The port that a real backend implements, so that one world runs on processes and on containers alike: a place for
 * each host, its process, its disk, its clock, and the links between hosts. Everything that puts a fault in place
 * resolves when the fault was read back to be there, and throws a `FaultError` when it was not; everything that takes
 * one away resolves when it was seen to be gone. Called by the world and its nemesis only.
 */
import type { DiskFault, FaultStep, LinkProfile, Plan, ToxicSpec } from "../../scenarios/plan.ts";
import type { Journal } from "./journal.ts";

/** How faithfully a backend does a step. What is not exact says what is lacking, and how that was found out. */
export interface Fidelity {
  readonly how: "exact" | "approximate" | "unsupported";
  /** What the kernel, the engine or the tool lacks; empty when exact. */
  readonly reason: string;
  /** How this machine was asked. */
  readonly probe?: string;
}

export interface Backend {
  readonly name: "local" | "docker";
  /** True of every run on it: what no checker can see there. */
  readonly blindSpots: readonly string[];
  fidelity(step: FaultStep): Fidelity;
  /** Before anything else. `plan` tells what will be asked of hosts and links. */
  begin(plan: Plan, context: BackendContext): Promise<void>;
  /** A place for one host, before its first start. */
  createHost(name: string, kind: HostKind): Promise<BackendHost>;
  /** After `begin`. */
  readonly links: Links;
  /** Removes what carries a label of a killed run's journal; words for what it was. Backends with an engine only. */
  readonly removeLabel?: (label: string) => Promise<readonly string[]>;
  /** Ends and removes everything that it made, whatever it is doing. Never throws for what is gone already. */
  close(): Promise<void>;
}

export type HostKind = "relay" | "agent";

export interface BackendContext {
  /** Of this run alone, on the controller's machine. */
  readonly folder: string;
  /** The folder around it, when that is the run's alone as well. */
  readonly around?: string | undefined;
  /** Told of everything that outlives a killed controller, before it is made. */
  readonly journal: Journal;
  readonly signal: AbortSignal;
}

export interface BackendHost {
  readonly name: string;
  /** A path in the host's own folder, as its process sees it. */
  path(file: string): string;
  /** Its disk, as its process sees it: what a wipe takes and a rollback puts back. */
  readonly dataFolder: string;
  /** Where a relay listens, as its process is told: `host:port`, the same in all its lives. */
  readonly listen: string;
  readonly listenHttp: string;
  /** Beside its disk: what its process is started with. */
  writeFile(file: string, text: string): Promise<void>;
  /**
   * Starts the command of its kind with these words more and these variables in its environment. Each whole line of its
   * stdout is heard. Where the plan spoils its clock or disk, `ZEROK_FAULT_FILE` is in its environment as well.
   */
  start(
    words: readonly string[],
    onLine: (line: string) => void,
    env?: { readonly [variable: string]: string },
  ): Promise<HostProcess>;
  /** As the system has it now. */
  state(): Promise<"running" | "stopped" | "gone">;
  /** Open descriptors of its process; `undefined` where nobody tells. */
  descriptors(): Promise<number | undefined>;
  /** Everything on its disk is lost but files that are kept. While it is down. */
  wipe(keep: (name: string) => boolean): Promise<void>;
  /** Keeps a copy of the disk, as it would be after a crash at this moment. While it is up. */
  snapshot(id: number): Promise<void>;
  /** Puts that copy in the disk's place. While it is down. */
  restore(id: number): Promise<void>;
  /** Spoils the disk; `seed` decides what a plan leaves open. */
  spoil(fault: DiskFault, seed: string): Promise<Applied>;
  /** Its wall clock is off by so much from now on; resolves when its process follows. */
  setClock(offsetMs: number): Promise<void>;
  /** Status line, headers and body of a GET of its own; `undefined` when there is no answer in time. */
  readHttp(path: string): Promise<Uint8Array | undefined>;
  /** Its disk and all that it printed, in pieces that overlap; at most so many bytes. While it is down. */
  readAll(bytesMax: number): AsyncIterable<Uint8Array>;
}

/** How a process ended: its exit code, or the signal that ended it. */
export interface Ending {
  readonly code: number | null;
  readonly signal: string | null;
}

export interface HostProcess {
  /** Gone, and all that it had said was heard. */
  readonly closed: Promise<Ending>;
  readonly isOver: boolean;
  writeLine(line: string): void;
  /** Asks it to end (SIGTERM), stops it, lets it go on. */
  signal(signal: "SIGTERM" | "SIGSTOP" | "SIGCONT"): Promise<void>;
  /** SIGKILL, and until it is gone. */
  kill(): Promise<Ending>;
  /** How it ended and what it said last, in one line. */
  describeEnd(): string;
}

/** A fault that was read back to be in place. */
export interface Applied {
  /** What was read back, in words. */
  readonly note?: string;
  /** Takes it away; resolves when it is gone. Throws a `FaultError` when it was not there any more, or does not go. */
  end(): Promise<void>;
}

export type Streams = "up" | "down" | "both";

/** One proxy stands between each dialler and each listener. */
export interface Links {
  /** Makes the link, with its standing latency; gives the endpoint that the dialler dials instead of the listener's. */
  open(dialler: string, listener: BackendHost, profile: LinkProfile): Promise<string>;
  /**
   * Puts a toxic on a link. `onActed` is called once, when it was first seen to act on something that passed, with the
   * controller's clock in microseconds.
   */
  apply(link: LinkName, streams: Streams, toxic: ToxicSpec, onActed: (atUs: number) => void): Promise<AppliedToxic>;
  /** What stands differently than it should, each in words: somebody else has changed it. */
  verify(): Promise<readonly string[]>;
  /** Everything that the proxies know, for whoever looks into a failure. */
  dump(): Promise<string>;
}

export interface LinkName {
  readonly dialler: string;
  readonly listener: string;
}

export interface AppliedToxic extends Applied {
  /** When it came into force, where the proxy tells that, on the controller's clock; else it is when it was read back. */
  readonly inPlaceUs?: number | undefined;
  /** After its end: whether anything passed the link that it should have acted on. `undefined`: not told here. */
  readonly metTraffic: boolean | undefined;
}
