/**
 * Which code made a run: the version of the package, the commit, and a fingerprint over the three pure rooms as they
 * are on disk. Equal fingerprints mean that a seed must give the same hash again, whatever the commit says about a
 * working tree with changes in it.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export interface CodeVersion {
  readonly version: string;
  /** `unknown` outside of a git checkout; ends in `+changes` when files differ from the commit. */
  readonly commit: string;
  readonly fingerprint: string;
}

const PURE_ROOMS = ["core", "scenarios", "sim"] as const;

/** Where the rooms lie: `dist/` when compiled, the checkout when run from source. */
const roomsRoot = fileURLToPath(new URL("../..", import.meta.url));

let known: CodeVersion | undefined;

export function readCodeVersion(): CodeVersion {
  known ??= { version: readPackageVersion(), commit: readCommit(), fingerprint: readFingerprint() };
  return known;
}

function packageRoot(): string {
  let folder = roomsRoot;
  while (!existsSync(join(folder, "package.json")) && dirname(folder) !== folder) folder = dirname(folder);
  return folder;
}

export function readPackageVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(join(packageRoot(), "package.json"), "utf8"));
  return String((manifest as { version?: unknown }).version);
}

function readCommit(): string {
  const root = packageRoot();
  // Installed as a dependency, the repository around it is somebody else's.
  if (!existsSync(join(root, ".git"))) return "unknown";
  const git = (...args: string[]): string =>
    execFileSync("git", args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  try {
    const commit = git("rev-parse", "--short=12", "HEAD");
    return git("status", "--porcelain", "--untracked-files=no") === "" ? commit : `${commit}+changes`;
  } catch {
    return "unknown";
  }
}

function readFingerprint(): string {
  const hash = createHash("sha256");
  for (const room of PURE_ROOMS) {
    const names = readdirSync(join(roomsRoot, room), { recursive: true, encoding: "utf8" });
    for (const name of names.toSorted()) {
      const isCode = /\.(js|ts)$/.test(name) && !/\.(d|test)\.ts$/.test(name);
      if (!isCode) continue;
      hash.update(`${room}/${name}\0`);
      hash.update(readFileSync(join(roomsRoot, room, name)));
    }
  }
  return hash.digest("hex").slice(0, 32);
}
