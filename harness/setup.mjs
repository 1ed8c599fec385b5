/**
 * The set-up step: `node harness/setup.mjs <job>`. Makes a fresh clone ready (Node's version, packages, build) and then
 * does one job. It needs nothing but Node and npm, and prints one sentence for whatever it waits for or fails at.
 */
// @ts-check
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const NODE_FLOOR = [20, 19];
const SWEEP_TIME = "28s";

/** @typedef {{ code: number, output: string }} Ended */
/** @typedef {"start" | "test" | "check" | "build" | "format" | "golden" | "prepare"} Job */

/** @type {Readonly<Record<Job, (rest: readonly string[]) => Promise<number>>>} */
const JOBS = {
  start: async (rest) => (await ready()) || run("harness/zerok.mjs", startArguments(rest)),
  test: async (rest) => (await ready()) || test(rest),
  check: async () => (await installed()) || check(),
  build: async () => ready(),
  format: async (rest) => (await installed()) || run(bin("oxfmt"), rest),
  golden: async (rest) => (await ready()) || run("dist/harness/golden/rewrite.js", rest),
  prepare: async () => prepare(),
};

/** What `npm start` sweeps: everything, for about half a minute, one folder for each id. */
/** @param {readonly string[]} rest */
export function startArguments(rest) {
  const isLimited = rest.some((word) => /^--(time|seeds|seed)(=|$)/.test(word));
  return ["sim", "--keep-first", ...(isLimited ? [] : ["--time", SWEEP_TIME]), ...rest];
}

/** A sentence when this Node is too old, otherwise nothing. */
/** @param {string} version */
export function nodeTooOld(version) {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [floorMajor = 0, floorMinor = 0] = NODE_FLOOR;
  if (major > floorMajor || (major === floorMajor && minor >= floorMinor)) return undefined;
  return `zerok needs Node ${NODE_FLOOR.join(".")} or later, and this is Node ${version}: install a newer one and run the command again.`;
}

/**
 * Whether the packages have to be installed (again). The stamp holds the hash of the lockfile that was installed; npm's
 * own hidden lockfile tells the time of an installation that left no stamp.
 *
 * @param {{ lockHash: string, lockMtimeMs: number, stampHash?: string | undefined, installedMtimeMs?: number | undefined }} state
 */
export function isInstallStale(state) {
  if (state.installedMtimeMs === undefined) return true;
  if (state.stampHash !== undefined) return state.stampHash !== state.lockHash;
  return state.lockMtimeMs > state.installedMtimeMs;
}

const paths = {
  lock: join(root, "package-lock.json"),
  hiddenLock: join(root, "node_modules", ".package-lock.json"),
  stamp: join(root, "node_modules", ".zerok-lock-hash"),
  ownBin: join(root, "node_modules", ".bin", "zerok"),
};

/** @param {string} path */
function mtimeMs(path) {
  return existsSync(path) ? statSync(path).mtimeMs : undefined;
}

function lockHash() {
  return createHash("sha256").update(readFileSync(paths.lock)).digest("hex");
}

function installState() {
  return {
    lockHash: lockHash(),
    lockMtimeMs: mtimeMs(paths.lock) ?? 0,
    stampHash: existsSync(paths.stamp) ? readFileSync(paths.stamp, "utf8").trim() : undefined,
    installedMtimeMs: mtimeMs(paths.hiddenLock),
  };
}

/** @param {string} sentence */
function say(sentence) {
  process.stderr.write(`${sentence}\n`);
}

/** The script of a package's own command. @param {"tsc" | "oxlint" | "oxfmt" | "vitest" | "knip"} name */
function bin(name) {
  const home = join("node_modules", name === "tsc" ? "typescript" : name);
  const manifest = JSON.parse(readFileSync(join(root, home, "package.json"), "utf8"));
  return join(home, manifest.bin[name]);
}

/** @type {import("node:child_process").ChildProcess | undefined} */
let child;

/**
 * Runs a program to its end. `quiet` keeps its output until it fails.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ quiet?: boolean, shell?: boolean, env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<Ended>}
 */
function spawned(command, args, { quiet = false, shell = false, env = process.env } = {}) {
  return new Promise((resolve) => {
    child = spawn(command, args, {
      cwd: root,
      shell,
      env,
      stdio: ["inherit", quiet ? "pipe" : "inherit", quiet ? "pipe" : "inherit"],
    });
    let output = "";
    const keep = (/** @type {Buffer} */ bytes) => void (output += bytes.toString());
    child.stdout?.on("data", keep);
    child.stderr?.on("data", keep);
    child.on("error", (error) => resolve({ code: 3, output: error.message }));
    child.on("close", (code, signal) => resolve({ code: code ?? (signal === "SIGINT" ? 130 : 143), output }));
  });
}

/** @param {string} script @param {readonly string[]} args */
async function run(script, args) {
  return (await spawned(process.execPath, [script, ...args])).code;
}

/** Tells every so often that something still goes on. @template T @param {string} sentence @param {() => Promise<T>} work */
async function patiently(sentence, work, firstMs = 15_000) {
  const started = Date.now();
  const timer = setInterval(() => say(`${sentence} (${Math.round((Date.now() - started) / 1000)} s)`), firstMs);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

/**
 * SQLite is compiled where no prebuilt binary can be had. The compiler's headers come with most installations of Node:
 * without this word node-gyp would fetch them from the network.
 */
function installEnv() {
  const prefix = dirname(dirname(realpathSync(process.execPath)));
  const hasHeaders = existsSync(join(prefix, "include", "node", "node.h"));
  const isTold = Object.keys(process.env).some((name) => /^npm_(package_)?config_(node_gyp_)?nodedir$/i.test(name));
  return hasHeaders && !isTold ? { ...process.env, npm_package_config_node_gyp_nodedir: prefix } : process.env;
}

async function installed() {
  if (!existsSync(paths.lock)) {
    say(`There is no package-lock.json in ${root}: run this from a complete clone.`);
    return 3;
  }
  if (!isInstallStale(installState())) {
    linkOwnBin();
    return 0;
  }
  say("Installing the packages with `npm ci`. The first time this can take a few minutes.");
  const npm = process.env["npm_execpath"];
  const args = ["ci", "--no-audit", "--no-fund"];
  const ended = await patiently("Still installing", () =>
    npm?.endsWith(".js") === true
      ? spawned(process.execPath, [npm, ...args], { env: installEnv() })
      : spawned("npm", args, { shell: process.platform === "win32", env: installEnv() }),
  );
  if (ended.code !== 0) {
    say("The packages could not be installed: npm says why above. Is the network there? Then run the command again.");
    return ended.code === 130 ? 130 : 3;
  }
  return prepare();
}

/** After an installation, whoever did it: remember the lockfile, and let `npx zerok` find the bin in its own checkout. */
function prepare() {
  if (existsSync(dirname(paths.stamp)) && existsSync(paths.lock)) {
    writeFileSync(paths.stamp, `${lockHash()}\n`);
    linkOwnBin();
  }
  return 0;
}

/** npm links the bins of dependencies, not a package's own. */
function linkOwnBin() {
  if (existsSync(paths.ownBin)) return;
  mkdirSync(dirname(paths.ownBin), { recursive: true });
  rmSync(paths.ownBin, { force: true });
  if (process.platform === "win32") {
    writeFileSync(`${paths.ownBin}.cmd`, '@node "%~dp0\\..\\..\\harness\\zerok.mjs" %*\r\n');
  } else {
    chmodSync(join(root, "harness", "zerok.mjs"), 0o755);
    symlinkSync(join("..", "..", "harness", "zerok.mjs"), paths.ownBin);
  }
}

/** The compiler finds out what is out of date; only a build that takes part is worth a word. */
async function built() {
  const ended = await patiently(
    "Building",
    () => spawned(process.execPath, [bin("tsc"), "-b"], { quiet: true }),
    2_000,
  );
  if (ended.code === 0) return 0;
  process.stderr.write(ended.output);
  say("The build failed: the compiler says where, above.");
  return 1;
}

async function ready() {
  return (await installed()) || built();
}

/** @param {readonly string[]} rest */
async function test(rest) {
  const code = await run(bin("vitest"), ["run", ...rest]);
  if (code !== 0) say("Tests failed: their names are above. `npm test -- <part of a file name>` runs some of them.");
  return code;
}

async function check() {
  /** @type {readonly [string, string, () => Promise<Ended>][]} */
  const steps = [
    ["format", "Some files are not formatted: `npm run format` does it.", () => tool("oxfmt", ["--check"])],
    [
      "lint",
      "The linter refuses something: see above for the rule and its reason.",
      () => tool("oxlint", ["--deny-warnings"]),
    ],
    ["types", "The types do not fit: the compiler says where, above.", () => tool("tsc", ["-b"])],
    [
      "unused",
      "Something is exported, declared or installed and never used: see above.",
      () => tool("knip", ["--no-progress"]),
    ],
  ];
  for (const [name, sentence, work] of steps) {
    const started = Date.now();
    const ended = await patiently(`Checking ${name}`, work);
    if (ended.code !== 0) {
      process.stderr.write(ended.output);
      say(sentence);
      return ended.code === 130 ? 130 : 1;
    }
    say(`ok ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
  }
  return test([]);
}

/** @param {"tsc" | "oxlint" | "oxfmt" | "knip"} name @param {readonly string[]} args */
function tool(name, args) {
  return spawned(process.execPath, [bin(name), ...args], { quiet: true });
}

async function main() {
  const [job = "", ...rest] = process.argv.slice(2);
  const tooOld = nodeTooOld(process.versions.node);
  if (tooOld !== undefined) {
    say(tooOld);
    return 3;
  }
  if (!Object.hasOwn(JOBS, job)) {
    say(`node harness/setup.mjs <${Object.keys(JOBS).join("|")}>: there is no job "${job}".`);
    return 64;
  }
  // The terminal sends Ctrl-C to the whole group: let the child end first, then pass on how it ended.
  process.on("SIGINT", () => {});
  process.on("SIGTERM", () => child?.kill("SIGTERM"));
  return JOBS[/** @type {Job} */ (job)](rest);
}

const isProgram = process.argv[1] !== undefined && fileURLToPath(import.meta.url) === realpathSync(process.argv[1]);
if (isProgram) process.exitCode = await main();
