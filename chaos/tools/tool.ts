/**
 * The two programs of other people that the containers' faults are made with: where each is looked for, and how to get
 * it. A path that a person named counts alone: if there is nothing, that is said, and no other one is taken in its
 * place. Called by whoever needs one, and by `zerok doctor`.
 */
import { execFile } from "node:child_process";
import { constants, existsSync } from "node:fs";
import { access, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, isAbsolute, join, relative } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { fail, ok } from "../../core/result.ts";
import type { Result } from "../../core/result.ts";

export type ToolName = "toxiproxy-server" | "pumba";

export interface FoundTool {
  readonly name: ToolName;
  readonly path: string;
  /** Which of the places. */
  readonly where: string;
  readonly version: string;
}

export interface MissingTool {
  readonly name: ToolName;
  /** A sentence. */
  readonly why: string;
  /** To be typed where one is now. */
  readonly install: string;
}

interface Tool {
  readonly variable: string;
  readonly versionFlag: string;
  /** Where its version stands in what it prints. */
  readonly version: RegExp;
}

/** What `install.mjs` installs: the newest that the project was tried with. */
export const TOOL_VERSIONS: { readonly [Name in ToolName]: string } = {
  "toxiproxy-server": "2.12.0",
  /** Later ones may ask for a newer engine than API 1.41. */
  pumba: "1.1.7",
};

const TOOLS: { readonly [Name in ToolName]: Tool } = {
  "toxiproxy-server": { variable: "TOXIPROXY_SERVER", versionFlag: "-version", version: /version (\S+)/ },
  pumba: { variable: "PUMBA", versionFlag: "--version", version: /version (\S+)/ },
};

const VERSION_MS = 5_000;

export interface ToolSurroundings {
  readonly env: { readonly [name: string]: string | undefined };
  readonly home: string;
}

/** Where `install.mjs` puts them. */
export function toolCache({ env, home }: ToolSurroundings): string {
  const base = env["XDG_CACHE_HOME"];
  return join(base !== undefined && isAbsolute(base) ? base : join(home, ".cache"), "zerok", "bin");
}

export async function findTool(
  name: ToolName,
  surroundings: ToolSurroundings = { env: process.env, home: homedir() },
): Promise<Result<FoundTool, MissingTool>> {
  const { variable } = TOOLS[name];
  const { env } = surroundings;
  const named = env[variable];
  if (named !== undefined && named !== "") return look(name, named, variable);
  const cache = toolCache(surroundings);
  const places = [
    ...(env["PATH"] ?? "")
      .split(delimiter)
      .filter(isAbsolute)
      .map((folder) => [join(folder, name), "PATH"] as const),
    [join(cache, name), "cache"] as const,
  ];
  for (const [path, where] of places) if (await isProgram(path)) return look(name, path, where);
  const why = `${name} is not in ${variable}, not on the PATH and not in ${cache}.`;
  return fail(missing(name, why));
}

async function look(name: ToolName, path: string, where: string): Promise<Result<FoundTool, MissingTool>> {
  if (!(await isProgram(path))) {
    return fail(missing(name, `${where} says ${path}, and that is no file that can be executed.`));
  }
  const { versionFlag, version } = TOOLS[name];
  try {
    const { stdout, stderr } = await promisify(execFile)(path, [versionFlag], { timeout: VERSION_MS });
    const told = version.exec(`${stdout}${stderr}`)?.[1];
    if (told !== undefined) return ok({ name, path, where, version: told });
    return fail(missing(name, `${path} does not tell its version: it is no ${name}.`));
  } catch (error) {
    const said = error instanceof Error ? error.message.split("\n", 1)[0] : String(error);
    return fail(missing(name, `${path} cannot be run (${said}).`));
  }
}

function missing(name: ToolName, why: string): MissingTool {
  return { name, why, install: `node ${relative(process.cwd(), installScript())} ${name}` };
}

/** Beside this file, or beside its source when this file was compiled. */
function installScript(): string {
  const [here, source] = ["install.mjs", "../../../chaos/tools/install.mjs"].map((path) =>
    fileURLToPath(new URL(path, import.meta.url)),
  );
  return existsSync(here!) ? here! : source!;
}

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
