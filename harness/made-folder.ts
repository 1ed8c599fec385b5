/**
 * A folder with all that leads to it, made one after the other. `mkdirSync` with `recursive` does the same, and goes round
 * for ever on Node 20 where the system says that there is no such place (`/proc/x`, a drive that is not there). Called
 * wherever a person names a folder.
 */
import { mkdirSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";

/** Throws the file system's error: ENOTDIR or EEXIST when a file is in the way. What is there already keeps its mode. */
export function makeFolder(path: string, mode = 0o777): void {
  const missing: string[] = [];
  for (let at = resolve(path); !isThere(at); at = dirname(at)) missing.push(at);
  for (const at of missing.toReversed()) {
    try {
      mkdirSync(at, { mode });
    } catch (error) {
      // Somebody else made it in between.
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
  if (!statSync(path).isDirectory()) throw Object.assign(new Error("there is a file"), { code: "EEXIST" });
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined || dirname(path) === path;
}
