/** `zerok serve`: a relay for trying things, the same one as `zerok relay`, that forgets everything when it ends. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defaultSettings } from "../relay/settings.ts";
import { createLog } from "../relay/log.ts";
import { startRelay } from "../relay/daemon.ts";
import { readPackageVersion } from "../results/code-version.ts";
import { UserError } from "../user-error.ts";
import { parseEndpoint } from "../driver/endpoint.ts";
import { EXIT, type ExitCode } from "./exit-code.ts";
import type { Io } from "./io.ts";
import type { Surroundings } from "./surroundings.ts";

export interface ServeArguments {
  readonly listen: string;
  readonly json: boolean;
  readonly quiet: boolean;
}

export async function runServeCommand(args: ServeArguments, io: Io, around: Surroundings): Promise<ExitCode> {
  if (parseEndpoint(args.listen) === undefined) {
    throw new UserError(
      `"${args.listen}" does not fit --listen: it takes HOST:PORT, such as 127.0.0.1:4433; port 0 is any free one.`,
    );
  }
  const folder = mkdtempSync(join(tmpdir(), "zerok-serve-"));
  try {
    return await around.untilStopped((stop) => serve(args, io, folder, stop));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function serve(args: ServeArguments, io: Io, folder: string, stop: AbortSignal): Promise<ExitCode> {
  const relay = await startRelay({
    settings: {
      ...defaultSettings(),
      "storage.data_dir": folder,
      "server.bind_address": args.listen,
      "http.bind_address": "off",
    },
    version: readPackageVersion(),
    log: createLog("silent"),
  });
  const { address } = relay;
  if (args.json) io.out(`${JSON.stringify({ type: "ready", address })}\n`);
  else io.out(`${address}\n`);
  if (!args.json && !args.quiet) io.err(renderHint(address));
  const ended = new Promise<"stopped">((resolve) => {
    if (stop.aborted) resolve("stopped");
    stop.addEventListener("abort", () => resolve("stopped"), { once: true });
  });
  const how = await Promise.race([ended, relay.givenUp.then(() => "broken" as const)]);
  await relay.close();
  return how === "stopped" ? EXIT.valid : EXIT.internal;
}

function renderHint(address: string): string {
  return `The line above is the relay's address. It keeps everything in a temporary folder and forgets it when it ends (Ctrl-C);
\`npx zerok relay\` is the one that keeps it. In another terminal:

  npx zerok init --name laptop
  npx zerok pair --create --relay ${address}
`;
}
