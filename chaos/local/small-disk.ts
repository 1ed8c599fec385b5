/**
 * A disk of a few megabytes in memory (tmpfs), mounted over a host's data folder where the system lets us, and filled to
 * the last byte when the plan says that it is full. Journalled before it is mounted.
 */
import { execFileSync } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, statfsSync, unlinkSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EnvironmentError } from "../world/environment-error.ts";
import { FaultError } from "../world/fault-error.ts";
import type { Journal } from "../world/journal.ts";

const SIZE = "64m";
const FILLER = "filler";
const PIECE_BYTES = 1024 * 1024;

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

/** Nothing is free any more when this returns. */
export function fillDisk(path: string): string {
  const file = openSync(join(path, FILLER), "w", 0o600);
  try {
    for (let bytes = PIECE_BYTES; bytes > 0;) {
      try {
        if (writeSync(file, new Uint8Array(bytes)) < bytes) bytes >>= 1;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
        bytes >>= 1;
      }
    }
  } finally {
    closeSync(file);
  }
  const { bavail, bsize } = statfsSync(path);
  if (bavail > 0) throw new FaultError(`${bavail * bsize} bytes of ${path} are still free`);
  return "0 bytes free";
}

export function freeDisk(path: string): void {
  unlinkSync(join(path, FILLER));
  if (statfsSync(path).bavail === 0) throw new FaultError(`${path} is still full`);
}

export function unmount(path: string): void {
  execFileSync("umount", ["-l", path], { stdio: ["ignore", "ignore", "pipe"] });
}

function mount(path: string): void {
  const words = ["-t", "tmpfs", "-o", `size=${SIZE},mode=0700`, "zerok-chaos", path];
  execFileSync("mount", words, { stdio: ["ignore", "ignore", "pipe"] });
}

function describe(error: unknown): string {
  const { stderr, message } = error as Error & { readonly stderr?: Buffer };
  return (stderr?.toString().trim() || message).replaceAll(/\s*\n\s*/g, " | ");
}
