import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DEFAULT_RELAY_CONFIG } from "../../core/relay/config.ts";
import { encodeExactConfig, EXACT_CONFIG_VARIABLE, parseExactConfig } from "../../scenarios/exact-config.ts";
import { readExactConfig } from "./exact-config.ts";

let home = "";
let env: NodeJS.ProcessEnv = {};
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "zerok-exact-"));
  env = { [EXACT_CONFIG_VARIABLE]: join(home, "exact.json") };
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

/** What no operator may set: no room at all, a day's memory cut to a second, a sweep five times a second. */
const EXACT = { ...DEFAULT_RELAY_CONFIG, groupBytesMax: 0, dedupeRetentionS: 1, sweepMs: 200 };

describe("a relay's exact configuration", () => {
  it("is the same after writing and reading, and nothing else is taken", () => {
    const text = encodeExactConfig(EXACT);
    expect(parseExactConfig(text)).toEqual(EXACT);
    expect(parseExactConfig("{")).toBe("");
    expect(parseExactConfig(text.replace('"sweepMs": 200', '"sweepMs": "200"'))).toBe("sweepMs");
    expect(parseExactConfig(text.replace('"sweepMs"', '"sweepS"'))).toBe("sweepS");
  });

  it("is read where the environment names it, and there alone", () => {
    writeFileSync(env[EXACT_CONFIG_VARIABLE]!, encodeExactConfig(EXACT));
    expect(readExactConfig(env)).toEqual(EXACT);
    expect(readExactConfig({})).toBeUndefined();
  });

  it("is no secret to whoever set the variable by mistake", () => {
    expect(() => readExactConfig(env)).toThrow(/which ZEROK_EXACT_CONFIG names, cannot be read \(ENOENT\): unset/);
    writeFileSync(env[EXACT_CONFIG_VARIABLE]!, "{}");
    expect(() => readExactConfig(env)).toThrow(/has no usable "handshakeTimeoutMs": unset the variable/);
  });
});
