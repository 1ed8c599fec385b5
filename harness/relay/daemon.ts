/**
 * The relay as a daemon: the machine of `core/relay` on real sockets and a real disk, with its pages for whoever
 * watches it, its figures and its log.
 */
import { encodeRelayAddress } from "../../core/ids.ts";
import type { RelayConfig } from "../../core/relay/config.ts";
import { EXIT } from "../cli/exit-code.ts";
import { createFastSuite } from "../crypto/fast-suite.ts";
import { NextCiphers } from "../crypto/next-ciphers.ts";
import type { Clock } from "../driver/clock.ts";
import { createRealClock } from "../driver/clock.ts";
import type { Endpoint } from "../driver/endpoint.ts";
import { parseEndpoint, renderEndpoint } from "../driver/endpoint.ts";
import { createEntropy } from "../driver/entropy.ts";
import type { CommitFaults } from "../sqlite/database.ts";
import { UserError } from "../user-error.ts";
import { driverLimitsOf, pathsOf, relayConfigOf } from "./config.ts";
import { prepareFolder } from "./data-folder.ts";
import type { HttpServer } from "./http.ts";
import { serveHttp } from "./http.ts";
import type { Log } from "./log.ts";
import { createMetrics } from "./metrics.ts";
import { RelayLife } from "./relay-life.ts";
import type { RelaySettings } from "./settings.ts";
import { openStorage } from "./storage.ts";

export interface RelayOptions {
  readonly settings: RelaySettings;
  readonly version: string;
  readonly log: Log;
  /** The real clock, unless time is to run faster. */
  readonly clock?: Clock;
  /** In the place of what the settings say about the same: only for tests. */
  readonly exactConfig?: RelayConfig | undefined;
  /** Only in a run that tests what a spoilt disk does. */
  readonly faults?: CommitFaults | undefined;
}

export interface RunningRelay {
  /** `0k://<relay id>@host:port`, as devices want it. */
  readonly address: string;
  readonly endpoint: Endpoint;
  /** `http://host:port`; undefined when it is off. */
  readonly httpAddress: string | undefined;
  /** Resolves when it broke again and again and has given itself up; it must still be closed. */
  readonly givenUp: Promise<void>;
  /** What it holds on to now: for leak checks. */
  resources(): { readonly [what: string]: number };
  /**
   * No new connections, what is in flight is finished, every device hears Bye. Takes no longer than the grace time;
   * false when that was not enough for everything.
   */
  close(): Promise<boolean>;
}

/** For the last words of closed connections. */
const LINGER_MS = 1000;

/** Resolves when devices can connect; throws a `UserError` when this machine cannot run it. */
export async function startRelay(options: RelayOptions): Promise<RunningRelay> {
  const { settings, log, version } = options;
  const clock = options.clock ?? createRealClock();
  const startedMs = clock.now().monoMs;
  log.info("starting", { version });
  const paths = pathsOf(settings);
  prepareFolder(paths.folder, [paths.database, paths.identity]);
  const ciphers = new NextCiphers();
  const suite = createFastSuite(ciphers);
  const storage = openStorage(paths, suite, {
    isSwept: settings["cleanup.enabled"],
    nowMs: () => clock.now().monoMs,
    faults: options.faults,
    onTrouble: (code) => log.error("store trouble", { why: code }),
  });
  if (storage.wasKeyExposed) log.warn("key file was open to others, closed");
  const graceMs = settings["server.shutdown_grace_secs"] * 1000;
  const lingerMs = Math.min(LINGER_MS, graceMs / 2);

  let life: RelayLife | undefined;
  const resources = (): { readonly [what: string]: number } => life?.resources() ?? {};
  const sessions = (): number => resources()["sessions"] ?? 0;
  const groups = (): number => resources()["liveGroups"] ?? 0;
  const metrics = createMetrics({ version, sessions, groups, storage: () => storage.figures() });
  let http: HttpServer | undefined;
  let closing: Promise<boolean> | undefined;

  async function close(): Promise<boolean> {
    log.info("stopping", { sessions: sessions() });
    const inTime = (await life?.close(graceMs - lingerMs)) ?? true;
    await http?.close();
    storage.close();
    if (inTime) log.info("stopped");
    else log.warn("grace time over");
    return inTime;
  }

  try {
    life = new RelayLife({
      config: options.exactConfig ?? relayConfigOf(settings),
      context: { suite, entropy: createEntropy(), mark: (name) => metrics.mark(name) },
      store: storage,
      clock,
      limits: { ...driverLimitsOf(settings), lingerMs },
      log,
      metrics,
      afterTurn: () => ciphers.prepare(),
    });
    const running = life;
    const id = await keyOf(running, paths.identity);
    const endpoint = await listenAt(settings["server.bind_address"], "--listen", (at) => running.listen(at));
    if (settings["http.bind_address"] !== "off") {
      http = await listenAt(settings["http.bind_address"], "--http", (at) =>
        serveHttp(at, {
          version,
          uptimeS: () => Math.floor((clock.now().monoMs - startedMs) / 1000),
          sessions,
          groups,
          storage: () => storage.figures(),
          isReady: () => running.isRunning && closing === undefined,
          metrics: settings["http.metrics_enabled"] ? metrics.registry : undefined,
          log,
        }),
      );
    }
    log.info("ready", { port: endpoint.port, ...(http !== undefined && { httpPort: http.endpoint.port }) });
    const shown = settings["server.public_address"] || renderEndpoint(reachable(endpoint));
    return {
      address: encodeRelayAddress({ id, endpoint: shown }),
      endpoint,
      httpAddress: http === undefined ? undefined : `http://${renderEndpoint(reachable(http.endpoint))}`,
      givenUp: running.givenUp,
      resources: () => ({ ...resources(), httpConnections: http?.connections() ?? 0 }),
      close: () => (closing ??= close()),
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function keyOf(life: RelayLife, path: string): Promise<Uint8Array> {
  try {
    return await life.ready;
  } catch {
    const sentence = `The relay's key could not be kept in ${path}: check that there is room, and that this user may write there.`;
    throw new UserError(sentence, EXIT.machineCannot);
  }
}

/** Where everybody can connect, this machine can, too: an address that works at least here. */
function reachable({ host, port }: Endpoint): Endpoint {
  if (host === "0.0.0.0") return { host: "127.0.0.1", port };
  return { host: host === "::" ? "::1" : host, port };
}

const LISTEN_REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: "another program listens there",
  EACCES: "this user may not (ports below 1024 are for the administrator)",
  EADDRNOTAVAIL: "this machine has no such address",
  ENOTFOUND: "there is no host of that name",
  EAI_AGAIN: "the name could not be looked up",
};

async function listenAt<T>(at: string, flag: string, listen: (endpoint: Endpoint) => Promise<T>): Promise<T> {
  try {
    return await listen(parseEndpoint(at)!);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    const why = LISTEN_REASONS[code] ?? `the system says ${code}`;
    throw new UserError(
      `The relay cannot listen at ${at}: ${why}. Name another place with ${flag}.`,
      EXIT.machineCannot,
    );
  }
}
