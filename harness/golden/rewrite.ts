/** `npm run golden`: writes the golden hashes anew and says what changed. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { createGoldenHashes, type GoldenHashes } from "./golden-hashes.ts";

// Run from the checkout's root by the set-up step; the compiled file lies elsewhere than the hashes.
const path = join(process.cwd(), "harness", "golden", "hashes.json");
const before = readHashes();
const after = createGoldenHashes();
const changed = Object.keys(after).filter((id) => JSON.stringify(after[id]) !== JSON.stringify(before[id]));
const gone = Object.keys(before).filter((id) => after[id] === undefined);
writeFileSync(path, `${JSON.stringify(after, undefined, 2)}\n`);
process.stdout.write(
  changed.length + gone.length === 0
    ? "The golden hashes are as they were.\n"
    : `Written to harness/golden/hashes.json: ${[...changed, ...gone].join(", ")}. Say in the commit why they changed.\n`,
);

function readHashes(): GoldenHashes {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as GoldenHashes;
  } catch {
    return {};
  }
}
