/**
 * How fast the relay is, beside what the machine could do at best in the same run: durable pushes per second from 1, 8
 * and 64 connections, pulls per second, their latency, and what an idle session costs. The relay runs as an operator runs
 * it, in a process and on a disk of its own; the load comes from this process.
 */
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { deriveGroupKeys } from "../../core/keys.ts";
import { Redacted } from "../../core/redacted.ts";
import { createFastSuite } from "../crypto/fast-suite.ts";
import { NextCiphers } from "../crypto/next-ciphers.ts";
import { EchoCeiling, InsertCeiling } from "./ceilings.ts";
import { LoadConnection } from "./load-connection.ts";
import { RelayProcess } from "./relay-process.ts";
import { median } from "./rounds.ts";

export const PAYLOAD_BYTES = 1024;
const CONNECTIONS_MAX = 64;
/** Pushes on their way on each connection, when there is more than one. */
export const WINDOW = 8;
const PART_MS = 1000;
/** What a Push of this payload is on the wire, for the echo: header, tag, blob id, ttl. */
const FRAME_BYTES = PAYLOAD_BYTES + 48;
const IDLE_BATCH = 200;

/** Targets of the ratios, and of the bytes per idle session. */
export const TARGETS = { loaded: 0.4, single: 0.5, idleBytes: 50 * 1024 } as const;

export interface Part {
  readonly perSecond: number;
  readonly medianMs: number;
  readonly p99Ms: number;
}

export interface RelayBench {
  readonly rounds: number;
  readonly payloadBytes: number;
  readonly pushes: { readonly [connections in "1" | "8" | "64"]: Part };
  /** Pages of up to 100 blobs, and the blobs in them, from 64 connections. */
  readonly pulls: Part & { readonly blobsPerSecond: number };
  readonly ceilings: {
    readonly echoPerSecond: number;
    readonly insertsBy100PerSecond: number;
    readonly insertsBy1PerSecond: number;
  };
  /** 64 connections to the lower of echo and inserts by 100. */
  readonly loaded: RelayRatio;
  /** One connection, one push at a time, to inserts one by one. */
  readonly single: RelayRatio;
  readonly idle: {
    readonly sessions: number;
    readonly bytesPerSession: number | null;
    readonly target: number;
    readonly isMet: boolean;
  };
}

export interface RelayRatio {
  readonly median: number;
  readonly target: number;
  readonly isMet: boolean;
  readonly rounds: readonly number[];
}

export async function benchRelay(
  rounds: number,
  idleSessions: number,
  onStage: (what: string) => void,
): Promise<RelayBench> {
  const folder = mkdtempSync(join(tmpdir(), "zerok-bench-"));
  const remove = (): void => rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  process.once("exit", remove);
  try {
    const loaded = await benchLoad(folder, rounds, onStage);
    onStage(`${idleSessions} idle sessions`);
    return { ...loaded, idle: await benchIdle(folder, idleSessions) };
  } finally {
    process.removeListener("exit", remove);
    remove();
  }
}

async function benchLoad(folder: string, rounds: number, onStage: (what: string) => void) {
  const home = join(folder, "load");
  mkdirSync(home);
  const relay = await RelayProcess.start(home);
  const echo = await EchoCeiling.open(CONNECTIONS_MAX, WINDOW, FRAME_BYTES);
  const inserts = new InsertCeiling(folder, PAYLOAD_BYTES, CONNECTIONS_MAX / 2);
  const connections = await openLoad(relay, CONNECTIONS_MAX);
  // A relay that nobody else uses: what 64 connections left in its write-ahead log would be paid for here.
  const aloneHome = join(folder, "alone");
  mkdirSync(aloneHome);
  const aloneRelay = await RelayProcess.start(aloneHome);
  const alone = await openAlone(aloneRelay);
  const rates = { echo: [], by100: [], by1: [], push1: [], push8: [], push64: [], pages: [], blobs: [] } as Record<
    "echo" | "by100" | "by1" | "push1" | "push8" | "push64" | "pages" | "blobs",
    number[]
  >;
  const latencies = { push1: [], push8: [], push64: [], pull: [] } as Record<string, number[]>;
  try {
    for (let round = 0; round <= rounds; round++) {
      if (round > 0) onStage(`round ${round} of ${rounds}`);
      const echoed = await echo.run(PART_MS);
      const by100 = inserts.run(PART_MS, 100);
      const push64 = await runPushes(connections, WINDOW);
      const by1 = inserts.run(PART_MS, 1);
      const push1 = await runPushes([alone], 1);
      const push8 = await runPushes(connections.slice(0, 8), WINDOW);
      const pulled = await runPulls(connections);
      // The first one warms up.
      if (round === 0) continue;
      rates.echo.push(echoed);
      rates.by100.push(by100);
      rates.by1.push(by1);
      rates.push1.push(push1.perSecond);
      rates.push8.push(push8.perSecond);
      rates.push64.push(push64.perSecond);
      rates.pages.push(pulled.perSecond);
      rates.blobs.push(pulled.blobsPerSecond);
      for (const [name, of] of Object.entries({ push1, push8, push64, pull: pulled })) {
        for (const ms of of.latencies) latencies[name]!.push(ms);
      }
    }
  } finally {
    for (const connection of [...connections, alone]) connection.close();
    echo.close();
    inserts.close();
    await relay.stop();
    await aloneRelay.stop();
  }
  const part = (name: "push1" | "push8" | "push64" | "pull", perSecond: readonly number[]): Part => ({
    perSecond: median(perSecond),
    medianMs: quantile(latencies[name]!, 0.5),
    p99Ms: quantile(latencies[name]!, 0.99),
  });
  return {
    rounds,
    payloadBytes: PAYLOAD_BYTES,
    pushes: { 1: part("push1", rates.push1), 8: part("push8", rates.push8), 64: part("push64", rates.push64) },
    pulls: { ...part("pull", rates.pages), blobsPerSecond: median(rates.blobs) },
    ceilings: {
      echoPerSecond: median(rates.echo),
      insertsBy100PerSecond: median(rates.by100),
      insertsBy1PerSecond: median(rates.by1),
    },
    loaded: ratio(
      rates.push64.map((rate, i) => rate / Math.min(rates.echo[i]!, rates.by100[i]!)),
      TARGETS.loaded,
    ),
    single: ratio(
      rates.push1.map((rate, i) => rate / rates.by1[i]!),
      TARGETS.single,
    ),
  };
}

function ratio(rounds: readonly number[], target: number): RelayRatio {
  const value = median(rounds);
  return { median: value, target, isMet: value >= target, rounds };
}

/** The only one of its group: what is measured is its push, and nobody else's notice of it. */
function openAlone(relay: RelayProcess): Promise<LoadConnection> {
  const ciphers = new NextCiphers();
  const suite = createFastSuite(ciphers);
  const keys = deriveGroupKeys(suite, new Redacted(randomBytes(32)));
  return LoadConnection.open({ suite, relay: relay.address, keys, ciphers });
}

/** Two connections to a group: each push has somebody to be told. */
async function openLoad(relay: RelayProcess, count: number): Promise<LoadConnection[]> {
  const suite = createFastSuite();
  const connections: LoadConnection[] = [];
  for (let i = 0; i < count; i += 2) {
    const keys = deriveGroupKeys(suite, new Redacted(randomBytes(32)));
    const options = { suite, relay: relay.address, keys };
    connections.push(await LoadConnection.open(options), await LoadConnection.open(options));
  }
  return connections;
}

/** Something that comes once. */
class Ending {
  come: () => void = () => {};
  readonly came = new Promise<void>((resolve) => (this.come = resolve));
}

interface Ran {
  readonly perSecond: number;
  readonly latencies: readonly number[];
}

async function runPushes(connections: readonly LoadConnection[], window: number): Promise<Ran> {
  const payload = randomBytes(PAYLOAD_BYTES);
  // One at a time, the client would otherwise seal while the relay has nothing to do.
  const send = (connection: LoadConnection): void => {
    connection.push(payload);
    if (window === 1) connection.prepare(payload);
  };
  let isRunning = true;
  let underWay = connections.length * window;
  const ended = new Ending();
  const started = performance.now();
  for (const connection of connections) {
    connection.latencies.length = 0;
    connection.onAck = () => {
      if (isRunning) send(connection);
      else if (--underWay === 0) ended.come();
    };
    for (let i = 0; i < window; i++) send(connection);
  }
  await new Promise((resolve) => setTimeout(resolve, PART_MS));
  isRunning = false;
  await ended.came;
  return ran(connections, started);
}

async function runPulls(connections: readonly LoadConnection[]): Promise<Ran & { readonly blobsPerSecond: number }> {
  let isRunning = true;
  let underWay = connections.length;
  let blobs = 0;
  const ended = new Ending();
  const started = performance.now();
  for (const connection of connections) {
    connection.latencies.length = 0;
    connection.onPage = (page) => {
      blobs += page.blobs.length;
      if (isRunning) connection.pull(page.hasMore ? page.through : 0);
      else if (--underWay === 0) ended.come();
    };
    connection.pull(0);
  }
  await new Promise((resolve) => setTimeout(resolve, PART_MS));
  isRunning = false;
  await ended.came;
  const pages = ran(connections, started);
  return { ...pages, blobsPerSecond: (1000 * blobs) / (performance.now() - started) };
}

function ran(connections: readonly LoadConnection[], started: number): Ran {
  const ms = performance.now() - started;
  const latencies = connections.flatMap((connection) => connection.latencies);
  return { perSecond: (1000 * latencies.length) / ms, latencies };
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

/** What the relay's process grows by, divided by the sessions that did it. */
async function benchIdle(folder: string, sessions: number): Promise<RelayBench["idle"]> {
  const home = join(folder, "idle");
  mkdirSync(home);
  const relay = await RelayProcess.start(home);
  const connections: LoadConnection[] = [];
  const { idleBytes: target } = TARGETS;
  try {
    // What it takes to have served anybody at all is not what a session costs.
    connections.push(...(await openLoad(relay, IDLE_BATCH)));
    const before = relay.residentBytes();
    while (connections.length < sessions + IDLE_BATCH) connections.push(...(await openLoad(relay, IDLE_BATCH)));
    await new Promise((resolve) => setTimeout(resolve, 2000));
    const after = relay.residentBytes();
    if (before === undefined || after === undefined) {
      return { sessions, bytesPerSession: null, target, isMet: false };
    }
    const bytesPerSession = (after - before) / (connections.length - IDLE_BATCH);
    return { sessions, bytesPerSession, target, isMet: bytesPerSession < target };
  } finally {
    for (const connection of connections) connection.close();
    await relay.stop();
  }
}
