/** `zerok relay`: the daemon, from what was typed to its end. */
import process from "node:process";
import { readPackageVersion } from "../results/code-version.ts";
import { EXIT, type ExitCode } from "./exit-code.ts";
import type { Io } from "./io.ts";

export interface RelayArguments {
  readonly config: string | undefined;
  readonly listen: string | undefined;
  readonly http: string | undefined;
  readonly dataDir: string | undefined;
  readonly logLevel: string | undefined;
  readonly printConfig: boolean;
  readonly json: boolean;
  readonly quiet: boolean;
}

/** As shells tell that a signal ended a program. */
const SIGNAL_EXIT = { SIGINT: 130, SIGTERM: 143 } as const;

/** Ends with 0 when it was told to stop, by SIGTERM or SIGINT; a second one ends the process at once. */
export async function runRelayCommand(args: RelayArguments, io: Io): Promise<ExitCode> {
  // Loaded here: no other command needs SQLite and the like.
  const { loadSettings, renderSettings } = await import("../relay/config.ts");
  const { settings, file } = loadSettings({
    file: args.config,
    env: process.env,
    flags: { listen: args.listen, http: args.http, "data-dir": args.dataDir, "log-level": args.logLevel },
  });
  if (args.printConfig) {
    io.out(args.json ? `${JSON.stringify(settings, undefined, 2)}\n` : renderSettings(settings));
    return EXIT.valid;
  }
  const { createLog, describeError } = await import("../relay/log.ts");
  const { startRelay } = await import("../relay/daemon.ts");
  const { readExactConfig } = await import("../relay/exact-config.ts");
  const { openFaultFile } = await import("../driver/fault-file.ts");
  const { createRealClock } = await import("../driver/clock.ts");
  const log = createLog(settings["log.level"] as Parameters<typeof createLog>[0]);
  const told = waitForSignal();
  // Its message could quote anything: a daemon's last words go through its log.
  const onUncaught = (error: unknown): void => {
    log.fatal("given up", describeError(error));
    process.exit(EXIT.internal);
  };
  process.on("uncaughtException", onUncaught);
  try {
    const exactConfig = readExactConfig(process.env);
    const faults = openFaultFile(process.env);
    const clock = faults === undefined ? createRealClock() : faults.shift(createRealClock());
    const relay = await startRelay({ settings, version: readPackageVersion(), log, clock, faults, exactConfig });
    const { address, httpAddress } = relay;
    if (args.json)
      io.out(
        `${JSON.stringify({ type: "ready", address, http: httpAddress ?? null, ...(exactConfig !== undefined && { isExact: true }) })}\n`,
      );
    else {
      io.out(`${address}\n`);
      if (!args.quiet) io.err(describeStart(file, httpAddress, settings));
    }
    const signal = await Promise.race([told.signal, relay.givenUp]);
    await relay.close();
    return signal === undefined ? EXIT.internal : EXIT.valid;
  } finally {
    told.stop();
    process.off("uncaughtException", onUncaught);
  }
}

function describeStart(
  file: string | undefined,
  http: string | undefined,
  settings: { readonly "storage.data_dir": string },
): string {
  const from = file === undefined ? "defaults (no relay.toml here)" : file;
  const pages = http === undefined ? "" : ` ${http}/health tells how it is.`;
  return `The relay is ready: the line above is its address for devices. Settings: ${from}; data: ${settings["storage.data_dir"]}.${pages} Ctrl-C stops it.\n`;
}

function waitForSignal(): { readonly signal: Promise<NodeJS.Signals>; stop(): void } {
  let isTold = false;
  let told: (signal: NodeJS.Signals) => void;
  const signal = new Promise<NodeJS.Signals>((resolve) => {
    told = resolve;
  });
  const hear = (name: NodeJS.Signals): void => {
    if (isTold) process.exit(SIGNAL_EXIT[name as keyof typeof SIGNAL_EXIT]);
    isTold = true;
    told(name);
  };
  const names = ["SIGINT", "SIGTERM"] as const;
  for (const name of names) process.on(name, hear);
  return {
    signal,
    stop() {
      for (const name of names) process.off(name, hear);
    },
  };
}
