#!/usr/bin/env node
/**
 * Installs toxiproxy-server and Pumba from their sources with Go, into the cache folder where `tool.ts` looks. What is
 * there in the right version is left alone. Plain JavaScript, for it also runs before anything is compiled.
 *
 *   node chaos/tools/install.mjs [toxiproxy-server] [pumba]      both, if none is named
 *
 * Ends with 0 when all is there, with 3 when this machine cannot (no Go, or Go could not get or build one), 64 for a
 * name that it does not know.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import process from "node:process";

/**
 * Pumba's tags have no "v", so that Go knows this version only by its commit.
 *
 * @type {Record<string, { version: string, module: string, at: string, binary: string, variable: string, flag: string }>}
 */
const TOOLS = {
  "toxiproxy-server": {
    version: "2.12.0",
    module: "github.com/Shopify/toxiproxy/v2/cmd/server",
    at: "v2.12.0",
    binary: "server",
    variable: "github.com/Shopify/toxiproxy/v2.Version",
    flag: "-version",
  },
  pumba: {
    version: "1.1.7",
    module: "github.com/alexei-led/pumba/cmd",
    at: "69b78e6d286cc1da33c192df2a591b0335582bd7",
    binary: "cmd",
    variable: "main.version",
    flag: "--version",
  },
};
const INSTALL_MS = 900_000;

/** @param {string} text */
const say = (text) => process.stderr.write(`${text}\n`);

/** As `toolCache` of `tool.ts` has it. */
function cacheFolder() {
  const base = process.env["XDG_CACHE_HOME"];
  return join(base !== undefined && isAbsolute(base) ? base : join(homedir(), ".cache"), "zerok", "bin");
}

/** @param {string} path @param {string} flag */
function versionOf(path, flag) {
  const { stdout, stderr } = spawnSync(path, [flag], { encoding: "utf8", timeout: 5_000 });
  return /version (\S+)/.exec(`${stdout ?? ""}${stderr ?? ""}`)?.[1];
}

/** @param {string} name @param {string} folder */
function install(name, folder) {
  const tool = /** @type {(typeof TOOLS)[string]} */ (TOOLS[name]);
  const path = join(folder, name);
  if (versionOf(path, tool.flag) === tool.version) {
    say(`${name} ${tool.version} is there: ${path}`);
    return true;
  }
  if (spawnSync("go", ["version"]).status !== 0) {
    say(`${name} cannot be installed: there is no Go here. Install Go 1.23 or newer (pumba: 1.26) and run this again.`);
    return false;
  }
  say(`${name} ${tool.version} is built with Go, which takes some minutes the first time …`);
  mkdirSync(folder, { recursive: true });
  const built = mkdtempSync(join(folder, ".build-"));
  try {
    const flags = `-s -w -X ${tool.variable}=${tool.version}`;
    const { status, stderr } = spawnSync(
      "go",
      ["install", "-trimpath", "-ldflags", flags, `${tool.module}@${tool.at}`],
      {
        encoding: "utf8",
        timeout: INSTALL_MS,
        env: { ...process.env, CGO_ENABLED: "0", GOBIN: built },
      },
    );
    if (status !== 0) {
      const why = (stderr ?? "").trim().split("\n").at(-1)?.trim() ?? "";
      say(`${name} ${tool.version} cannot be installed: Go could not get or build it${why === "" ? "" : ` (${why})`}.`);
      say(`  Put one at ${path}, or anywhere and name it in ${name === "pumba" ? "PUMBA" : "TOXIPROXY_SERVER"}.`);
      return false;
    }
    // In one step, so that nobody ever runs half a file.
    renameSync(join(built, tool.binary), path);
  } finally {
    rmSync(built, { recursive: true, force: true });
  }
  say(`${name} ${tool.version} is installed: ${path}`);
  return true;
}

const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(TOOLS);
const unknown = names.find((name) => !Object.hasOwn(TOOLS, name));
if (unknown === undefined) {
  const folder = cacheFolder();
  const done = names.map((name) => install(name, folder));
  process.exitCode = done.every(Boolean) ? 0 : 3;
} else {
  say(`${unknown} is none of the tools that this installs: ${Object.keys(TOOLS).join(", ")}.`);
  process.exitCode = 64;
}
