/** The file of `scenarios/exact-config.ts`, where the environment names one. Called by the relay's command. */
import { readFileSync } from "node:fs";
import type { RelayConfig } from "../../core/relay/config.ts";
import { EXACT_CONFIG_VARIABLE, parseExactConfig } from "../../scenarios/exact-config.ts";
import { errorCode } from "../sqlite/database.ts";
import { UserError } from "../user-error.ts";

/** Throws a `UserError` for a file that is not there or no such file. */
export function readExactConfig(env: NodeJS.ProcessEnv): RelayConfig | undefined {
  const path = env[EXACT_CONFIG_VARIABLE];
  if (path === undefined || path === "") return undefined;
  const where = `${path}, which ${EXACT_CONFIG_VARIABLE} names,`;
  let json: string;
  try {
    json = readFileSync(path, "utf8");
  } catch (error) {
    throw new UserError(`${where} cannot be read (${errorCode(error)}): unset the variable, unless you test relays.`);
  }
  const config = parseExactConfig(json);
  if (typeof config !== "string") return config;
  const what = config === "" ? "is no configuration" : `has no usable "${config}"`;
  throw new UserError(`${where} ${what}: unset the variable, unless you test relays.`);
}
