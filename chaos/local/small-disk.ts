/**
 * A disk of a few megabytes in memory (tmpfs), mounted over a host's data folder where the system lets us, and made as
 * small as what is on it when the plan says that it is full. Journalled before it is mounted.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EnvironmentError } from "../world/environment-error.ts";
import { FaultError } from "../world/fault-error.ts";
import type { Journal } from "../world/journal.ts";

const SIZE = "64m";
const TRIES = 10;

export interface TmpfsProbe {
  readonly canMount: boolean;
  /** What was tried, and what came of it. */
  readonly probe: string;
}

let probed: TmpfsProbe | undefined;

/** Whether this process may mount a tmpfs here: tried once. */
export function probeTmpfs(): TmpfsProbe {
  return (probed ??= tryMount());
}

function tryMount(): TmpfsProbe {
  const tried = "mount -t tmpfs on a fresh folder";
  const path = mkdtempSync(join(tmpdir(), "zerok-tmpfs-"));
  try {
    mount(path);
    unmount(path);
    return { canMount: true, probe: `${tried}: works` };
  } catch (error) {
    return { canMount: false, probe: `${tried}: ${describe(error)}` };
  } finally {
    rmSync(path, { recursive: true, force: true });
  }
}

export function mountSmallDisk(path: string, journal: Journal): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  journal.add({ what: "mount", path });
  try {
    mount(path);
  } catch (error) {
    throw new EnvironmentError(`no tmpfs could be mounted on ${path}: ${describe(error)}`);
  }
}

/** No larger than what is on it: nothing is free any more when this returns. */
export function fillDisk(path: string): string {
  for (let tries = 0; tries < TRIES; tries++) {
    const { blocks, bfree, bsize } = statfsSync(path);
    // Its process may have written meanwhile: then it does not fit.
    if (!resize(path, `${Math.max(1, blocks - bfree) * bsize}`)) continue;
    if (statfsSync(path).bavail === 0) return "0 bytes free";
  }
  throw new FaultError(`${path} could not be made as small as what is on it`);
}

export function freeDisk(path: string): void {
  if (!resize(path, SIZE) || statfsSync(path).bavail === 0) throw new FaultError(`${path} is still full`);
}

export function unmount(path: string): void {
  execFileSync("umount", ["-l", path], { stdio: ["ignore", "ignore", "pipe"] });
}

function resize(path: string, size: string): boolean {
  try {
    execFileSync("mount", ["-o", `remount,size=${size}`, path], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

function mount(path: string): void {
  const words = ["-t", "tmpfs", "-o", `size=${SIZE},mode=0700`, "zerok-chaos", path];
  execFileSync("mount", words, { stdio: ["ignore", "ignore", "pipe"] });
}

function describe(error: unknown): string {
  const { stderr, message } = error as Error & { readonly stderr?: Buffer };
  return (stderr?.toString().trim() || message).replaceAll(/\s*\n\s*/g, " | ");
}
