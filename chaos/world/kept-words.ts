/** What a host says, kept in a file of its run. */
import { appendFileSync } from "node:fs";

export function keepWords(path: string, said: string | Uint8Array): void {
  try {
    appendFileSync(path, said, { mode: 0o600 });
  } catch (error) {
    // The run is over and its folder gone: nobody wants these words any more.
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}
