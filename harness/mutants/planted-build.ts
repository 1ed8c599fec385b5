/**
 * A build of the whole package with a mutant's bug in it, for the real backends: every source transpiled with the edits
 * made, laid out as the package is (`dist/`, `harness/zerok.mjs`, `package.json`), with `node_modules` of the checkout
 * beside it. Two entry points behave as `zerok relay` and `zerok agent` do.
 */
import {
  accessSync,
  constants,
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import { transform } from "esbuild";
import type { Mutant } from "../../scenarios/mutants/mutant.ts";
import { EXIT } from "../cli/exit-code.ts";
import { UserError } from "../user-error.ts";
import { makeFolder } from "../made-folder.ts";
import { describeEditError, editSources } from "./edited-sources.ts";

const ROOMS = ["core", "scenarios", "sim", "chaos", "harness"] as const;
/** What says that a folder is one of ours, and may be written over. */
const MARK = "planted.json";
const ENTRIES = ["relay", "agent"] as const;

export interface BuildCommands {
  /** The program and its first arguments; options come after. */
  readonly relayCommand: readonly string[];
  readonly agentCommand: readonly string[];
}

export async function writePlantedBuild(root: string, mutant: Mutant, folder: string): Promise<BuildCommands> {
  if (mutant.edits.every(({ file }) => file.startsWith("sim/"))) {
    throw new UserError(
      `${mutant.id} lies in the simulator (${mutant.edits[0]?.file ?? "nothing is edited"}), which no real relay or agent runs: plant one whose edits are in core/.`,
    );
  }
  const edited = editSources(root, mutant);
  if (!edited.ok) throw new UserError(`${mutant.id} is stale: ${describeEditError(edited.error)}.`, EXIT.invalid);
  const out = resolve(folder);
  assertFolder(out);
  clear(out);
  for (const file of listSources(root)) {
    const source = edited.value.get(file) ?? readFileSync(join(root, file), "utf8");
    const { code } = await transform(source, { loader: "ts", format: "esm", target: "node20", sourcefile: file });
    write(join(out, "dist", file.replace(/\.ts$/, ".js")), withCompiledImports(code));
  }
  makeFolder(join(out, "harness"));
  for (const file of ["package.json", "harness/zerok.mjs"]) copyFileSync(join(root, file), join(out, file));
  for (const name of ENTRIES) {
    write(
      join(out, `${name}.mjs`),
      `// zerok ${name}, with ${mutant.id} planted: ${mutant.title}\nprocess.argv.splice(2, 0, "${name}");\nconst { runProcess } = await import("./dist/harness/main.js");\nawait runProcess();\n`,
    );
  }
  symlinkSync(join(root, "node_modules"), join(out, "node_modules"), process.platform === "win32" ? "junction" : "dir");
  const { id, title, edits } = mutant;
  write(join(out, MARK), `${JSON.stringify({ id, title, edits }, undefined, 2)}\n`);
  return buildCommands(out);
}

/** How a relay and an agent of a folder are started that `--plant ID --bundle DIR` has written. */
export function buildCommands(folder: string): BuildCommands {
  const [relay, agent] = ENTRIES.map((name) => join(resolve(folder), `${name}.mjs`)) as [string, string];
  for (const entry of [relay, agent]) {
    if (existsSync(entry)) continue;
    throw new UserError(`${entry} is not there: \`npx zerok mutants --plant ID --bundle DIR\` writes such a folder.`);
  }
  return { relayCommand: [process.execPath, relay], agentCommand: [process.execPath, agent] };
}

function assertFolder(out: string): void {
  try {
    makeFolder(out);
    accessSync(out, constants.W_OK | constants.X_OK);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new UserError(`${out} cannot be made or written (${code}): name another folder with --bundle.`);
  }
}

/** What it wrote before is written anew; what somebody else wrote stays. */
function clear(out: string): void {
  if (!existsSync(out) || readdirSync(out).length === 0) return;
  if (!existsSync(join(out, MARK))) {
    throw new UserError(
      `${out} is not empty and holds no earlier planted build: --bundle takes a new or empty folder.`,
    );
  }
  for (const name of ["dist", "harness", "package.json", "node_modules", MARK, ...ENTRIES.map((one) => `${one}.mjs`)]) {
    rmSync(join(out, name), { recursive: true, force: true });
  }
}

function listSources(root: string): readonly string[] {
  return ROOMS.flatMap((room) =>
    readdirSync(join(root, room), { recursive: true, encoding: "utf8" })
      .map((name) => `${room}/${name.replaceAll("\\", "/")}`)
      .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts") && !file.endsWith(".d.ts")),
  ).toSorted();
}

/** As the compiler does: a relative import of a source is one of what it compiles to. */
function withCompiledImports(code: string): string {
  return code.replace(/(\bfrom\s*|\bimport\s*\(?\s*)"(\.{1,2}\/[^"]*)\.ts"/g, '$1"$2.js"');
}

function write(path: string, text: string): void {
  makeFolder(dirname(path));
  writeFileSync(path, text);
}
