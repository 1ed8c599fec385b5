/** One word for compiled code, so that an image can say which it holds and a run can tell whether it is its own. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";

const ROOMS = ["core", "scenarios", "sim", "chaos", "harness"] as const;
const HASH_CHARS = 16;

/** Of a `dist` folder: what runs, and nothing else that the compiler leaves. */
export function hashCode(dist: string): string {
  const hash = createHash("sha256");
  const visit = (path: string): void => {
    if (statSync(path).isDirectory()) for (const name of readdirSync(path).toSorted()) visit(join(path, name));
    else if (path.endsWith(".js")) hash.update(relative(dist, path)).update("\0").update(readFileSync(path));
  };
  for (const room of ROOMS) visit(join(dist, room));
  return hash.digest("hex").slice(0, HASH_CHARS);
}
