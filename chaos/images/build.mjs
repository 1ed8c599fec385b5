#!/usr/bin/env node
/**
 * Builds the images of the backend `docker` and of docker-compose.chaos.yml with one command:
 *
 *     node chaos/images/build.mjs [--offline | --online] [--tag TAG] [--json]
 *
 * `zerok/node` (relay and device), `zerok/faults` (network tools, holds a pod's namespace) and `zerok/toxiproxy` (the
 * real server, when its program is found). Online they stand on the usual base image; where no registry answers, on a
 * root file system made of this machine's own Node, its libraries and busybox. Ends with 0, or with 3 and one sentence
 * when this machine cannot build them.
 */
// @ts-check
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { chmodSync, copyFileSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { basename, delimiter, dirname, join, relative } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { $ } from "zx";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "..", "..");
const ONLINE_BASE = "node:20-bookworm-slim";
/** Stands in where Pumba's program is not there; without either the engine does by itself what Pumba would do. */
const PUMBA_IMAGE = "ghcr.io/alexei-led/pumba:1.1.7";
const TOXIPROXY_IMAGE = "ghcr.io/shopify/toxiproxy:2.12.0";
/** Of this machine only: neither relay nor device loads them. */
const NOT_IN_THE_IMAGE = new Set(["dockerode", "testcontainers", "toxiproxy-node-client", "zx", "esbuild"]);
/** Loaded at run time by name, so `ldd` does not know them. */
const DLOPENED = ["libnss_files.so.2", "libnss_dns.so.2", "libresolv.so.2", "libgcc_s.so.1"];
/** Counted up when what importBase makes changes. */
const RECIPE = 2;
const FAULT_TOOLS = ["tc", "ip", "ss", "nft", "tcpdump", "xtables-nft-multi", "xtables-legacy-multi"];

$.quiet = true;

class Cannot extends Error {}

/** @param {string} sentence */
function say(sentence) {
  process.stderr.write(`images: ${sentence}\n`);
}

/** @param {string} name @returns {string | undefined} */
function which(name) {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/sbin", "/usr/bin", "/bin"];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path) && statSync(path).isFile());
}

// ── the base ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Copies a program to the same path below `into`, with all libraries that it is linked to. @param {string} path @param {string} into */
async function copyProgram(path, into, at = path) {
  place(path, join(into, at));
  const { stdout } = await $({ nothrow: true })`ldd ${path}`;
  for (const [library] of stdout.matchAll(/\/[^ ]+\.so[^ ]*/g)) place(library, join(into, library));
}

/** @param {string} from @param {string} to */
function place(from, to) {
  if (existsSync(to)) return;
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(realpathSync(from), to);
  chmodSync(to, 0o755);
}

/** Debian's packages of what is missing, where that is possible. @param {Readonly<Record<string, string>>} packages by program */
async function installMissing(packages) {
  const missing = Object.entries(packages).filter(([program]) => which(program) === undefined);
  if (missing.length === 0 || process.getuid?.() !== 0 || which("apt-get") === undefined) return;
  const names = [...new Set(missing.map(([, name]) => name))];
  say(`installing ${names.join(", ")} from Debian`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const install = () =>
    $({ nothrow: true, env })`apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=300 ${names}`;
  if ((await install()).exitCode === 0) return;
  await $({ nothrow: true, env })`apt-get update -qq`;
  await install();
}

/** A root file system of this machine's Node, a shell and busybox. @param {string} image @param {string} work */
async function importBase(image, work) {
  await installMissing({ busybox: "busybox-static", dash: "dash" });
  const busybox = which("busybox");
  if (busybox === undefined) throw new Cannot("no busybox here: `apt-get install busybox-static`, then again");
  const rootfs = join(work, "rootfs");
  for (const folder of [
    "bin",
    "sbin",
    "usr/bin",
    "usr/sbin",
    "usr/lib",
    "usr/local/bin",
    "lib",
    "lib64",
    "etc/ssl/certs",
  ]) {
    mkdirSync(join(rootfs, folder), { recursive: true });
  }
  for (const folder of ["proc", "sys", "dev", "run", "root", "home/node", "tmp", "var/tmp", "data", "app"]) {
    mkdirSync(join(rootfs, folder), { recursive: true });
  }
  for (const folder of ["tmp", "var/tmp"]) chmodSync(join(rootfs, folder), 0o1777);
  await copyProgram(realpathSync(process.execPath), rootfs, "/usr/local/bin/node");
  const libraries = ["/lib", "/usr/lib"].flatMap((folder) =>
    existsSync(folder)
      ? readdirSync(folder)
          .filter((name) => name.endsWith("-linux-gnu"))
          .map((name) => join(folder, name))
      : [],
  );
  for (const name of DLOPENED) {
    const path = libraries.map((folder) => join(folder, name)).find((each) => existsSync(each));
    if (path !== undefined) place(path, join(rootfs, path));
  }
  place(busybox, join(rootfs, "bin/busybox"));
  const { stdout: applets } = await $`${busybox} --list`;
  // Its own tc and ip would be found before the real ones, and its shell prefers its applets over the PATH.
  const dash = which("dash");
  const omitted = new Set(["busybox", "tc", "ip", ...(dash === undefined ? [] : ["sh"])]);
  for (const applet of applets.split("\n")) {
    if (applet === "" || omitted.has(applet)) continue;
    symlinkSync("busybox", join(rootfs, "bin", applet));
  }
  if (dash !== undefined) await copyProgram(dash, rootfs, "/bin/sh");
  writeFileSync(
    join(rootfs, "etc/passwd"),
    "root:x:0:0:root:/root:/bin/sh\nnode:x:1000:1000::/home/node:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n",
  );
  writeFileSync(join(rootfs, "etc/group"), "root:x:0:\nnode:x:1000:\nnogroup:x:65534:\n");
  writeFileSync(join(rootfs, "etc/nsswitch.conf"), "passwd: files\ngroup: files\nhosts: files dns\n");
  for (const path of ["/etc/ssl/certs/ca-certificates.crt", "/etc/protocols", "/etc/services"]) {
    if (existsSync(path)) place(path, join(rootfs, path));
  }
  const archive = join(work, "rootfs.tar");
  await $`tar -C ${rootfs} --numeric-owner --owner=0 --group=0 -cf ${archive} .`;
  const changes = ["ENV PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", 'CMD ["node"]', "LABEL zerok.image=base"];
  await $`docker import ${changes.flatMap((change) => ["--change", change])} ${archive} ${image}`;
  rmSync(rootfs, { recursive: true });
  rmSync(archive);
}

/** @param {string} image */
async function hasImage(image) {
  return (await $({ nothrow: true })`docker image inspect ${image}`).exitCode === 0;
}

/** @param {string} image */
async function canPull(image) {
  // A registry that does not answer must not hold this up for minutes.
  return (await $({ nothrow: true, timeout: "180s" })`docker pull -q ${image}`).exitCode === 0;
}

/** @param {{ offline: boolean, online: boolean }} how @param {string} work */
async function chooseBase({ offline, online }, work) {
  const named = process.env["BASE_IMAGE"];
  if (named !== undefined && named !== "") return named;
  if (!offline && ((await hasImage(ONLINE_BASE)) || (await canPull(ONLINE_BASE)))) return ONLINE_BASE;
  if (online) throw new Cannot(`${ONLINE_BASE} could not be pulled; without --online this machine's own Node is taken`);
  if (process.platform !== "linux") throw new Cannot("no registry answers, and this machine's Node is not Linux's");
  const image = `zerok/base:node-${process.versions.node}-${RECIPE}`;
  if (!(await hasImage(image))) {
    say(`no registry answers: ${image} is made of this machine's own Node`);
    await importBase(image, work);
  }
  return image;
}

// ── what goes in ────────────────────────────────────────────────────────────────────────────────────────────────────

/** Every package that the image needs, as folders relative to the root. */
function productionPackages() {
  /** @type {Set<string>} */
  const found = new Set();
  /** @param {string} name @param {string} from */
  const visit = (name, from) => {
    for (let at = from; ; at = dirname(at)) {
      const folder = join(at, "node_modules", name);
      if (existsSync(join(folder, "package.json"))) {
        const place = relative(root, folder);
        if (found.has(place)) return;
        found.add(place);
        const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
        const needs = Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies });
        for (const need of needs) visit(need, folder);
        return;
      }
      if (at === root || at === dirname(at)) return;
    }
  };
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  for (const name of Object.keys(manifest.dependencies)) if (!NOT_IN_THE_IMAGE.has(name)) visit(name, root);
  return [...found].sort();
}

/** better-sqlite3 carries its sources and what the compiler left: 28 MB, of which 2 are needed. @param {string} path */
function isNeeded(path) {
  const inside = path.split("better-sqlite3/")[1];
  if (inside !== undefined && !inside.includes("node_modules")) {
    return /^(lib|package\.json|build$|build\/Release$|build\/Release\/better_sqlite3\.node$)/.test(inside);
  }
  return !/\.(map|md|d\.ts|d\.cts|d\.mts|cpp)$/.test(path);
}

/** @param {string} context */
function stageNode(context) {
  const dist = join(root, "dist");
  const isRun = (/** @type {string} */ path) => !/\.(map|d\.ts|tsbuildinfo)$/.test(path);
  for (const room of ["core", "scenarios", "sim", "chaos", "harness"]) {
    cpSync(join(dist, room), join(context, "dist", room), { recursive: true, filter: isRun });
  }
  mkdirSync(join(context, "harness"), { recursive: true });
  copyFileSync(join(root, "harness", "zerok.mjs"), join(context, "harness", "zerok.mjs"));
  copyFileSync(join(root, "package.json"), join(context, "package.json"));
  for (const place of productionPackages()) {
    // What lies below is a package of its own, and named itself.
    const filter = (/** @type {string} */ path) =>
      path === join(root, place) || (isNeeded(path) && !relative(join(root, place), path).startsWith("node_modules"));
    cpSync(join(root, place), join(context, place), { recursive: true, filter, dereference: true });
  }
}

/** @param {string} context @param {string} base */
async function stageTools(context, base) {
  const tools = join(context, "tools");
  mkdirSync(tools, { recursive: true });
  // The folder goes in even when the tools come from Debian later.
  writeFileSync(join(tools, ".zerok"), "");
  if (!base.startsWith("zerok/")) return;
  await installMissing({
    "xtables-nft-multi": "iptables",
    nft: "nftables",
    tc: "iproute2",
    ss: "iproute2",
    tcpdump: "tcpdump",
  });
  for (const name of FAULT_TOOLS) {
    const path = which(name);
    // busybox has an `ip` and a `tc` of its own in /bin.
    if (path !== undefined) await copyProgram(path, tools, join("/usr/sbin", basename(path)));
    else say(`${name} is not here, so it is not in the image either`);
  }
  for (const name of ["iptables", "iptables-save", "iptables-restore", "ip6tables"]) {
    symlinkSync("xtables-nft-multi", join(tools, "usr/sbin", name));
  }
  for (const folder of ["/usr/lib", "/lib"]) {
    const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith("-linux-gnu")) : [];
    for (const name of names) {
      const extensions = join(folder, name, "xtables");
      if (!existsSync(extensions) || existsSync(join(tools, extensions))) continue;
      cpSync(extensions, join(tools, extensions), { recursive: true });
    }
  }
}

function findToxiproxy() {
  const cache = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "zerok", "bin", "toxiproxy-server");
  const named = process.env["TOXIPROXY_SERVER"];
  return [named, cache, which("toxiproxy-server")].find(
    (path) => path !== undefined && path !== "" && existsSync(path),
  );
}

// ── the command ─────────────────────────────────────────────────────────────────────────────────────────────────────

/** @param {string} file @param {string} image @param {string} context @param {readonly string[]} labels @param {string} base */
async function build(file, image, context, labels, base) {
  const words = labels.flatMap((label) => ["--label", label]);
  const dockerfile = join(here, file);
  const built = await $({
    nothrow: true,
  })`docker build -q -t ${image} -f ${dockerfile} --build-arg BASE_IMAGE=${base} ${words} ${context}`;
  if (built.exitCode !== 0)
    throw new Cannot(`${image} could not be built: ${built.stderr.trim().split("\n").slice(-4).join(" | ")}`);
  say(`${image} is built`);
}

async function main() {
  const { values } = parseArgs({
    options: {
      offline: { type: "boolean", default: false },
      online: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      tag: { type: "string", default: process.env["ZEROK_TAG"] ?? "local" },
    },
  });
  const { tag } = values;
  const version = await $({ nothrow: true })`docker version --format ${"{{.Server.Version}}"}`;
  if (version.exitCode !== 0)
    throw new Cannot("no Docker engine answers: run chaos/images/start-engine.sh, then again");
  if (!existsSync(join(root, "dist", "harness", "main.js"))) {
    throw new Cannot("the code is not compiled yet: `npm run build`, then again");
  }
  const work = mkdtempSync(join(tmpdir(), "zerok-images-"));
  try {
    const base = await chooseBase(values, work);
    const baseLabel = `zerok.base=${base}`;
    const context = { node: join(work, "node"), faults: join(work, "faults"), toxiproxy: join(work, "toxiproxy") };
    for (const folder of Object.values(context)) mkdirSync(folder);

    stageNode(context.node);
    // Compiled by now: the word that a run compares its own code with.
    const { hashCode } = await import(new URL("../../dist/chaos/engine/code-hash.js", import.meta.url).href);
    const code = hashCode(join(root, "dist"));
    const images = { node: `zerok/node:${tag}`, faults: `zerok/faults:${tag}`, toxiproxy: `zerok/toxiproxy:${tag}` };
    await build("Dockerfile", images.node, context.node, ["zerok.image=node", `zerok.code=${code}`, baseLabel], base);

    await stageTools(context.faults, base);
    await build("faults.Dockerfile", images.faults, context.faults, ["zerok.image=faults", baseLabel], base);

    const toxiproxy = findToxiproxy();
    let hasToxiproxy = true;
    if (toxiproxy !== undefined) {
      place(toxiproxy, join(context.toxiproxy, "toxiproxy-server"));
      const labels = ["zerok.image=toxiproxy", baseLabel];
      await build("toxiproxy.Dockerfile", images.toxiproxy, context.toxiproxy, labels, base);
    } else if (!values.offline && (await canPull(TOXIPROXY_IMAGE))) {
      await $`docker tag ${TOXIPROXY_IMAGE} ${images.toxiproxy}`;
      say(`${images.toxiproxy} is ${TOXIPROXY_IMAGE}`);
    } else {
      hasToxiproxy = false;
      say(
        `no toxiproxy-server in TOXIPROXY_SERVER, the cache or the PATH, and no registry: ${images.toxiproxy} is not built`,
      );
    }
    // Only where the base came from a registry there is one to ask.
    if (base === ONLINE_BASE && (await canPull(PUMBA_IMAGE))) {
      await $`docker tag ${PUMBA_IMAGE} ${`zerok/pumba:${tag}`}`;
      say(`zerok/pumba:${tag} is ${PUMBA_IMAGE}`);
    }
    if (values.json) process.stdout.write(`${JSON.stringify({ base, code, images })}\n`);
    return hasToxiproxy ? 0 : 3;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  if (error instanceof Cannot) say(error.message);
  else if (error instanceof TypeError && "code" in error) {
    // What was typed was not understood.
    say(error.message);
    process.exitCode = 64;
  } else throw error;
  process.exitCode ??= 3;
}
