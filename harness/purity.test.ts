/**
 * The three pure rooms stay pure. First: whatever a pure file must not name is refused by the linter or the compiler as
 * `npm run check` runs them, shown on probe files under the real configuration. Then: what neither can express is looked
 * for in the code itself.
 */
import { execFile } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const ROOMS = ["core", "scenarios", "sim", "sim/kernel"] as const;
const CONFIGS = [".oxlintrc.json", "tsconfig.base.json", "tsconfig.pure.json"] as const;

/** What no file of any pure room may hold, each as a module of its own. */
const FORBIDDEN: Readonly<Record<string, string>> = {
  "Date.now": "export const now = Date.now();",
  "new Date": "export const now = new Date();",
  "Math.random": "export const draw = Math.random();",
  "Math.random by another way": 'export const draw = Math["random"]();',
  "Math.random taken apart": "const { random } = Math;\nexport const draw = random();",
  "Math.log": "export const log = Math.log(2);",
  "Math.sin": "export const sin = Math.sin(2);",
  setTimeout: "export const timer = setTimeout(() => {}, 1);",
  setInterval: "export const timer = setInterval(() => {}, 1);",
  queueMicrotask: "queueMicrotask(() => {});\nexport {};",
  process: "export const argv = process.argv;",
  Buffer: 'export const bytes = Buffer.from("a");',
  fetch: 'export const answer = fetch("x");',
  console: 'console.log("x");\nexport {};',
  crypto: "export const key = crypto.randomUUID();",
  performance: "export const now = performance.now();",
  globalThis: "export const all = globalThis;",
  Intl: "export const format = new Intl.NumberFormat();",
  localeCompare: 'export const order = "a".localeCompare("b");',
  toLocaleString: "export const text = (1).toLocaleString();",
  Promise: "export const soon = Promise.resolve(1);",
  "async function": "export async function wait(): Promise<void> {}",
  WeakRef: "export const weak = new WeakRef({});",
  eval: 'export const answer: unknown = eval("1");',
  "new Function": 'export const make = new Function("return 1");',
  "import node:fs": 'import { readFileSync } from "node:fs";\nexport const read = readFileSync;',
  "import fs": 'import { readFileSync } from "fs";\nexport const read = readFileSync;',
  "import type node:fs": 'import type { Stats } from "node:fs";\nexport type Its = Stats;',
  "import() node:os": 'export const os = import("node:os");',
  "export from node:path": 'export { join } from "node:path";',
  "require node:fs": 'export const fs: unknown = require("node:fs");',
  "reference types node": '/// <reference types="node" />\nexport const one = 1;',
  "another package": 'import yargs from "yargs";\nexport const y = yargs;',
};

/** What one room may not import of the others; `clean` stands there for all of them. */
const FORBIDDEN_ROOMS: readonly (readonly [room: string, other: string])[] = [
  ["core", "scenarios"],
  ["core", "sim"],
  ["core", "chaos"],
  ["core", "harness"],
  ["scenarios", "sim"],
  ["scenarios", "chaos"],
  ["scenarios", "harness"],
  ["sim", "chaos"],
  ["sim", "harness"],
  ["sim/kernel", "sim"],
  ["sim/kernel", "core"],
  ["sim/kernel", "scenarios"],
  ["sim/kernel", "harness"],
  ["chaos", "sim"],
  ["chaos", "harness"],
];

const ALLOWED_ROOMS: readonly (readonly [room: string, other: string])[] = [
  ["scenarios", "core"],
  ["sim", "core"],
  ["sim", "scenarios"],
  ["sim", "sim/kernel"],
  ["chaos", "core"],
  ["chaos", "scenarios"],
];

const CLEAN = `/** No host, no clock, no chance: \`process\`, Date.now() and "node:fs" in words are fine. */
export function add(a: number, b: number): number {
  const record = { process: 1, random: Math.max(a, b) };
  return Math.imul(record.process, a) + b;
}
`;

interface Probe {
  readonly name: string;
  readonly path: string;
  readonly text: string;
}

function up(room: string): string {
  return "../".repeat(room.split("/").length);
}

function kebab(text: string): string {
  return text.replace(/[^A-Za-z]+/g, "-").toLowerCase();
}

const forbidden: Probe[] = ROOMS.flatMap((room) =>
  Object.entries(FORBIDDEN).map(([name, text]) => {
    return { name: `${name} in ${room}`, path: `${room}/probe-${kebab(name)}-${text.length}.ts`, text: `${text}\n` };
  }),
);
const forbiddenRooms: Probe[] = FORBIDDEN_ROOMS.map(([room, other]) => roomProbe(room, other));
const allowedRooms: Probe[] = ALLOWED_ROOMS.map(([room, other]) => roomProbe(room, other));

function roomProbe(room: string, other: string): Probe {
  const text = `import { add } from "${up(room)}${other}/clean.ts";\nexport const more = add;\n`;
  return { name: `${room} imports ${other}`, path: `${room}/probe-room-${kebab(other)}.ts`, text };
}

const clean: Probe[] = [...ROOMS, "chaos", "harness"].map((room) => {
  return { name: `clean ${room}`, path: `${room}/clean.ts`, text: CLEAN };
});
const machineContract: Probe[] = [
  { name: "the contract", path: "core/machine.ts", text: "export type Contract = number;\n" },
  {
    name: "sim/kernel imports core/machine.ts",
    path: "sim/kernel/probe-contract.ts",
    text: 'import type { Contract } from "../../core/machine.ts";\nexport type Mine = Contract;\n',
  },
];

function run(folder: string, script: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    const program = [join(root, "node_modules", script), ...args];
    const options = { cwd: folder, maxBuffer: 64 * 1024 * 1024 };
    execFile(process.execPath, program, options, (_error, stdout, stderr) => resolve(stdout + stderr));
  });
}

describe("the linter and the compiler", () => {
  let folder = "";
  /** Paths that were refused. */
  const refused = new Map<string, string>();

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "zerok-purity-"));
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
    for (const config of CONFIGS) copyFileSync(join(root, config), join(folder, config));
    for (const { path, text } of [...forbidden, ...forbiddenRooms, ...allowedRooms, ...clean, ...machineContract]) {
      mkdirSync(join(folder, path, ".."), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    const [linted, compiled] = await Promise.all([
      run(folder, "oxlint/bin/oxlint", ["--deny-warnings", "--format", "unix"]),
      run(folder, "typescript/bin/tsc", ["-p", "tsconfig.pure.json", "--noEmit", "--composite", "false"]),
    ]);
    for (const line of `${linted}\n${compiled}`.split("\n")) {
      const path = /^((?:core|scenarios|sim|chaos|harness)\/[\w/.-]+\.ts)[:(]/.exec(line)?.[1];
      if (path !== undefined) refused.set(path, line);
    }
  }, 60_000);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each([...forbidden, ...forbiddenRooms])("refuse $name", ({ path }) => {
    expect(refused.has(path)).toBe(true);
  });

  it.each([...clean, ...allowedRooms, ...machineContract])("take $name", ({ path }) => {
    expect(refused.get(path)).toBeUndefined();
  });
});

/** Code without comments, and with empty strings, templates and regular expressions. */
function strip(code: string): string {
  const token =
    /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|\$\{[^}]*\}|[^`\\])*`|(?<=[=(,:[!&|?{};]\s*|return\s+)\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n])+\/[dgimsuvy]*/g;
  return code.replace(token, (found) => {
    if (found.startsWith("//") || found.startsWith("/*")) return " ";
    // What a template puts in is code.
    if (found.startsWith("`"))
      return `"" ${[...found.matchAll(/\$\{([^}]*)\}/g)].map((put) => `(${put[1]})`).join(" ")}`;
    return '""';
  });
}

const MATH_EXACT = "abs|ceil|clz32|floor|imul|max|min|round|sign|sqrt|trunc";

interface Rule {
  readonly name: string;
  readonly pattern: RegExp;
  /** Looks at comments too. */
  readonly isRaw?: true;
  readonly except?: readonly string[];
  readonly breach: string;
}

const RULES: readonly Rule[] = [
  {
    name: "no rule is switched off",
    pattern: /(oxlint|eslint)-(disable|enable)|@ts-(ignore|nocheck|expect-error)/,
    isRaw: true,
    breach: "// oxlint-disable-next-line",
  },
  {
    name: "no types of the host",
    pattern: /\/\/\/\s*<reference/,
    isRaw: true,
    breach: '/// <reference types="node" />',
  },
  {
    name: "nothing of the host is declared",
    pattern: /\bdeclare\s+(const|let|var|function|class|global|module|namespace)\b/,
    except: ["core/text.ts"],
    breach: "declare const process: { env: object };",
  },
  {
    name: "no waiting",
    pattern: /\b(async|await|Promise|PromiseLike|AsyncIterable|AsyncGenerator|asyncIterator)\b/,
    breach: "type Soon = Promise<number>;",
  },
  { name: "no import at run time", pattern: /\bimport\s*[.(]/, breach: "const here = import.meta;" },
  {
    name: "of Math only what is exact",
    pattern: new RegExp(`\\bMath\\b(?!\\.(${MATH_EXACT})\\b)`),
    breach: "const m = Math;",
  },
  { name: "powers of two only, which are exact", pattern: /(?<!\b2\s*)\*\*/, breach: "const x = 1.5 ** b;" },
  { name: "no state of a module", pattern: /^(export\s+)?(let|var)\s/m, breach: "let count = 0;" },
  {
    name: "big integers only for seeds",
    pattern: /\b\d[\d_]*n\b/,
    except: ["scenarios/draw.ts"],
    breach: "const big = 1n;",
  },
];

describe("the code of the pure rooms", () => {
  const files = ["core", "scenarios", "sim"].flatMap((room) =>
    readdirSync(join(root, room), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
      .map((name) => `${room}/${name.replaceAll("\\", "/")}`),
  );

  it("is there", () => {
    expect(files.length).toBeGreaterThan(40);
  });

  it.each(RULES)("$name", ({ pattern, isRaw, except = [], breach }) => {
    const isBroken = (code: string): boolean => pattern.test(isRaw === true ? code : strip(code));
    expect(isBroken(`export {};\n${breach}\n`)).toBe(true);
    const broken = files.filter((file) => !except.includes(file) && isBroken(readFileSync(join(root, file), "utf8")));
    expect(broken).toEqual([]);
  });

  it("is told from comments, texts and regular expressions", () => {
    expect(strip('a /* Date */ b // Math\nc "await" d `Math ${e} async`;').replace(/\s+/g, " ")).toBe(
      'a b c "" d "" (e);',
    );
    expect(strip('const r = /["\'`]/g; const q = "x";')).toBe('const r = ""; const q = "";');
    expect(strip("const half = a / b / c;")).toBe("const half = a / b / c;");
  });
});
