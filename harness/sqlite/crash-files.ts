/**
 * For the tests of this folder: a temporary folder, and what a crash leaves of an open database. A killed process
 * leaves what it wrote; power loss may tear the end of the WAL off, from the last commit that was answered on.
 */
import { copyFileSync, existsSync, mkdtempSync, rmSync, statSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export class CrashFiles {
  readonly #folder = mkdtempSync(join(tmpdir(), "zerok-sqlite-"));
  #count = 0;

  /** A path that nobody used before. */
  path(): string {
    return join(this.#folder, `${++this.#count}`);
  }

  /** The files as they are now, under a new path: what a process finds that starts after a kill. */
  kill(path: string): string {
    const left = this.path();
    for (const suffix of ["", "-wal", ".key"]) {
      if (existsSync(path + suffix)) copyFileSync(path + suffix, left + suffix);
    }
    return left;
  }

  /** As `kill`, with the WAL torn off in the middle of what was written since it had `fromBytes`. */
  tear(path: string, fromBytes: number, share: number): string {
    const left = this.kill(path);
    const written = walBytes(left) - fromBytes;
    if (written > 0) truncateSync(`${left}-wal`, fromBytes + Math.floor((written - 1) * share));
    return left;
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true });
  }
}

export function walBytes(path: string): number {
  return existsSync(`${path}-wal`) ? statSync(`${path}-wal`).size : 0;
}
