/**
 * The pure rooms and the trial worker as one script, with some sources replaced: made in memory, never written. Each
 * source is compiled once and kept as a function of what it imports; a bundle is all of them in a row, so that a mutant
 * costs the compiling of the files that it edits. The packages are bundled once.
 */
import { readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { build, transform } from "esbuild";
import { fail, ok, type Result } from "../../core/result.ts";
import type { EditedSources } from "./edited-sources.ts";

export const AS_IT_IS: EditedSources = new Map();

/** Entry points in this folder. */
export type TrialEntry = "trial-worker.ts";

const IMPORT = /^import\s+(?:(\*\s+as\s+\w+|\w+|\{[^}]*\})\s+from\s+)?"([^"]+)";$/gm;
const EXPORT_ALL = /^export \* from "([^"]+)";$/gm;
const EXPORT = /^export \{([^}]*)\};$/m;

interface Module {
  readonly code: string;
  /** Files, by their paths from the root. */
  readonly files: readonly string[];
  readonly packages: readonly string[];
}

/** Two scripts: the sources as they are, the same for all mutants, and those that a mutant has instead. */
export interface TrialCode {
  readonly base: string;
  readonly edited: string;
}

/** Sources do not change while a process runs: by the checkout and the entry point. */
const bundlers = new Map<string, TrialBundler>();

/** Scripts for a worker thread (`trial-room.ts`); or what the compiler says is wrong with an edited source. */
export function bundleTrial(
  root: string,
  sources: EditedSources,
  entry: TrialEntry = "trial-worker.ts",
): Promise<Result<TrialCode, string>> {
  const key = `${entry} ${root}`;
  let bundler = bundlers.get(key);
  if (bundler === undefined) bundlers.set(key, (bundler = createBundler(root, `harness/mutants/${entry}`)));
  return bundler(sources);
}

type TrialBundler = (sources: EditedSources) => Promise<Result<TrialCode, string>>;

function createBundler(root: string, entry: string): TrialBundler {
  const compiled = new Map<string, Promise<Module>>();
  let base: Promise<Base> | undefined;

  function compile(file: string, sources: EditedSources): Promise<Module> {
    const edited = sources.get(file);
    if (edited !== undefined) return compileModule(file, edited);
    let known = compiled.get(file);
    if (known === undefined) compiled.set(file, (known = readModule(root, file)));
    return known;
  }

  async function collect(sources: EditedSources): Promise<Map<string, Module>> {
    const modules = new Map<string, Module>();
    for (let missing = [entry]; missing.length > 0;) {
      const found = await Promise.all(missing.map((file) => compile(file, sources)));
      missing.forEach((file, i) => modules.set(file, found[i]!));
      missing = [...new Set(found.flatMap(({ files }) => files))].filter((file) => !modules.has(file));
    }
    return modules;
  }

  async function bundleBase(): Promise<Base> {
    const modules = await collect(AS_IT_IS);
    const packages = [...new Set([...modules.values()].flatMap((module) => module.packages))].toSorted();
    const bundled = await bundlePackages(root, packages);
    const code = `(require, edited) => {\n"use strict";\nconst packages = ${bundled};\nconst defined = { ${definitionsOf(modules)}, ...edited };\n${USE}use(${JSON.stringify(entry)});\n}`;
    return { files: new Set(modules.keys()), packages: new Set(packages), code };
  }

  return async (sources) => {
    try {
      const { files, packages, code } = await (base ??= bundleBase());
      const modules = [...(await collect(sources))].filter(([file]) => sources.has(file) || !files.has(file));
      const strange = modules.flatMap(([, module]) => module.packages).find((name) => !packages.has(name));
      if (strange !== undefined) return fail(`"${strange}" is a package that no source of a trial imports`);
      return ok({ base: code, edited: `({ ${definitionsOf(modules)} })` });
    } catch (error) {
      const message = messageOf(error);
      if (message === undefined) throw error;
      return fail(message);
    }
  };
}

/** Both as one script, for a thread that is started once. */
export function scriptOf({ base, edited }: TrialCode): string {
  return `"use strict"; (${base})(require, ${edited})`;
}

interface Base {
  readonly files: ReadonlySet<string>;
  readonly packages: ReadonlySet<string>;
  readonly code: string;
}

function definitionsOf(modules: Iterable<readonly [string, Module]>): string {
  return [...modules].map(([file, { code }]) => `${JSON.stringify(file)}: ${code}`).join(",\n");
}

/** Modules run when they are first asked for. None imports itself by a detour: the linter holds that. */
const USE = `const used = new Map();
function use(id) {
  if (used.has(id)) {
    const exported = used.get(id);
    if (exported === undefined) throw new Error(id + " is imported in a circle");
    return exported;
  }
  if (defined[id] === undefined) return packages[id] ?? require(id);
  used.set(id, undefined);
  const exported = defined[id](use);
  used.set(id, exported);
  return exported;
}
`;

function readModule(root: string, file: string): Promise<Module> {
  return compileModule(file, readFileSync(join(root, file), "utf8"));
}

async function compileModule(file: string, source: string): Promise<Module> {
  const { code } = await transform(source, {
    loader: "ts",
    format: "esm",
    target: "node20",
    charset: "utf8",
    sourcefile: file,
    logLevel: "silent",
  });
  const files: string[] = [];
  const packages: string[] = [];
  const idOf = (specifier: string): string => {
    if (!specifier.startsWith(".")) {
      if (!specifier.startsWith("node:")) packages.push(specifier);
      return JSON.stringify(specifier);
    }
    const path = posix.join(posix.dirname(file), specifier);
    files.push(path);
    return JSON.stringify(path);
  };
  let exported = "";
  const body = code
    .replace(IMPORT, (_all, names: string | undefined, specifier: string) => {
      const id = idOf(specifier);
      return names === undefined ? `use(${id});` : `const ${bindings(names)} = use(${id});`;
    })
    .replace(EXPORT_ALL, (_all, specifier: string) => {
      exported += `...use(${idOf(specifier)}), `;
      return "";
    })
    .replace(EXPORT, (_all, names: string) => {
      exported += names.replace(/(\w+) as (\w+)/g, "$2: $1");
      return "";
    });
  const left = /^(?:import|export)\b.*$/m.exec(body);
  if (left !== null) throw new Error(`${file}: "${left[0]}" is a form of import that a trial cannot take`);
  return { code: `(use) => {\n"use strict";\n${body}\nreturn { ${exported} };\n}`, files, packages };
}

function bindings(names: string): string {
  if (names.startsWith("*")) return names.replace(/^\*\s+as\s+/, "");
  if (!names.startsWith("{")) return `{ default: ${names} }`;
  return names.replace(/(\w+) as (\w+)/g, "$1: $2");
}

/** An expression: each package's exports by its name. */
async function bundlePackages(root: string, names: readonly string[]): Promise<string> {
  const imports = names.map((name, i) => `import * as p${i} from ${JSON.stringify(name)};\n`);
  const entries = names.map((name, i) => `  ${JSON.stringify(name)}: p${i},\n`);
  const { outputFiles } = await build({
    stdin: { contents: `${imports.join("")}export default {\n${entries.join("")}};\n`, resolveDir: root },
    bundle: true,
    write: false,
    platform: "node",
    format: "iife",
    globalName: "bundled",
    target: "node20",
    charset: "utf8",
    logLevel: "silent",
  });
  return `(() => {\n${outputFiles[0]!.text}\nreturn bundled.default;\n})()`;
}

/** Of a compiler's error, or of a file that is not there; undefined for what nobody expects. */
function messageOf(error: unknown): string | undefined {
  const { errors, code } = error as {
    readonly errors?: readonly { text: string; location?: { file: string; line: number } | null }[];
    readonly code?: string;
  };
  const first = errors?.[0];
  if (first !== undefined) {
    const { text, location } = first;
    return location ? `${location.file}, line ${location.line}: ${text}` : text;
  }
  const isKnown = code === "ENOENT" || (error instanceof Error && error.message.endsWith("a trial cannot take"));
  return isKnown ? (error as Error).message : undefined;
}
