/**
 * Where the TypeScript sources lie. Mutants are edits to sources, and the package as it is published has none: they can
 * be planted in a checkout only, which is said in one sentence.
 */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { EXIT } from "../cli/exit-code.ts";
import { UserError } from "../user-error.ts";

const SIGNS = ["core/client/client.ts", "scenarios/judge.ts", "sim/simulator.ts", "harness/main.ts"] as const;

/** The folder of the checkout. Throws a `UserError` where there is none. */
export function findCheckout(from: string = dirname(fileURLToPath(import.meta.url))): string {
  let folder = from;
  while (!existsSync(join(folder, "package.json")) && dirname(folder) !== folder) folder = dirname(folder);
  if (SIGNS.every((sign) => existsSync(join(folder, sign)))) return folder;
  throw new UserError(
    "Mutants are planted into the sources, and an installed package has none: clone the repository, `npm ci`, and run `npx zerok mutants` there.",
    EXIT.machineCannot,
  );
}
