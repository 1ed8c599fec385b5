/** What starts relays and agents on each backend: this build's own programs, or those of a build with a planted bug. */
import process from "node:process";
import { fileURLToPath } from "node:url";
import { join, resolve } from "node:path";
import type { OpenDockerOptions } from "../../chaos/docker/open-docker.ts";
import type { LocalCommands } from "../../chaos/local/local-backend.ts";
import { findTool } from "../../chaos/tools/tool.ts";
import { shownPath } from "../cli/short-path.ts";
import { buildCommands } from "../mutants/planted-build.ts";

export type RealBackend = "local" | "docker";

/** This build's command line, from its source and from its compiled code alike. */
const ZEROK = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "../zerok.mjs" : "../../../harness/zerok.mjs", import.meta.url),
);

export type Programs = {
  /** The folder of another build; undefined for this one. */
  readonly build: string | undefined;
} & (({ readonly backend: "local" } & LocalCommands) | ({ readonly backend: "docker" } & OpenDockerOptions));

/** What to type to see a run of these programs again. */
export function replayOn(folder: string, { backend, build }: Pick<Programs, "backend" | "build">): string {
  const other = build === undefined ? "" : ` --build ${shownPath(build)}`;
  return `npx zerok replay ${shownPath(folder)} --on ${backend}${other}`;
}

export async function programsFor(on: RealBackend, build: string | undefined): Promise<Programs> {
  if (on === "local") {
    const own = { relayCommand: [process.execPath, ZEROK, "relay"], agentCommand: [process.execPath, ZEROK, "agent"] };
    return { backend: "local", build, ...(build === undefined ? own : buildCommands(build)) };
  }
  const pumba = await findTool("pumba");
  const pumbaPath = pumba.ok ? pumba.value.path : undefined;
  if (build === undefined) return { backend: "docker", build, pumbaPath };
  // Says so when it is none.
  buildCommands(build);
  return { backend: "docker", build, pumbaPath, binds: [`${join(resolve(build), "dist")}:/app/dist:ro`] };
}
