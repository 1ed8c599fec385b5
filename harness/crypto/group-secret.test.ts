import { inspect } from "node:util";
import { argon2id as reference } from "@noble/hashes/argon2.js";
import { describe, expect, it } from "vitest";
import { encodeHex } from "../../core/bytes.ts";
import { Redacted } from "../../core/redacted.ts";
import { encodeText } from "../../core/text.ts";
import { ARGON2_DEFAULT, argon2id, checkArgon2, chooseArgon2Parameters } from "./argon2id.ts";
import { deriveGroupSecret, describeGroupSecretError } from "./group-secret.ts";

const SMALL = { memoryKiB: 64, passes: 1, lanes: 1 };
const SALT = encodeText("test-salt-00000!");

async function derive(passphrase: string, parameters = SMALL, salt = SALT): Promise<string> {
  const secret = await deriveGroupSecret(new Redacted(passphrase), salt, parameters);
  return secret.ok ? encodeHex(secret.value.expose()) : describeGroupSecretError(secret.error);
}

describe("upstream's vectors", () => {
  it.each([
    [19, 2, 1, "bdc02b32499a10b419f4a56b5cdd61a7b0e393c864de09d87b7e25b6452b1547"],
    [46, 1, 1, "5f4fcf53386f6baa987070bd07868852ef8a4c9faf519410220d419c6e8ad1ea"],
    [64, 3, 4, "4ed64fd6fe8cd0ad35112ebb3584d7d7542ecd25706c15b7c77db6d79914f3dd"],
  ])("%i MiB, %i passes, %i lanes", async (mebibytes, passes, lanes, secret) => {
    const parameters = { memoryKiB: mebibytes * 1024, passes, lanes };
    expect(await derive("correct-horse-battery-staple", parameters)).toBe(secret);
  });

  it("of joining by an endpoint", async () => {
    expect(await derive("test-passphrase", ARGON2_DEFAULT, encodeText("0k-endpt-join-v2"))).toBe(
      "610dc757941fbfb1c9d1a41c4ab1053041fc1ba8593024152e2d8531c01b4689",
    );
  });
});

it("agrees with another implementation", async () => {
  const key = await argon2id(new Redacted(encodeText("any bytes")), SALT, { memoryKiB: 128, passes: 2, lanes: 3 });
  const expected = reference(encodeText("any bytes"), SALT, { m: 128, t: 2, p: 3, dkLen: 32 });
  expect(key.ok && encodeHex(key.value.expose())).toBe(encodeHex(expected));
});

describe("passphrases", () => {
  it("are the same however they are typed", async () => {
    const composed = await derive("pässwörter");
    expect(composed).toMatch(/^[0-9a-f]{64}$/);
    expect(await derive("pa\u0308sswo\u0308rter")).toBe(composed);
    expect(await derive("  \tpässwörter\n")).toBe(composed);
    expect(await derive("ｐässwörter")).toBe(composed);
    expect(await derive("Pässwörter")).not.toBe(composed);
  });

  it("have at least eight characters, counted when normalised and trimmed", async () => {
    expect(await derive("1234567 ")).toBe("The passphrase is too short: it takes at least 8 characters.");
    expect(await derive("12345678")).toMatch(/^[0-9a-f]{64}$/);
    // Four emoji are eight code units, but four characters.
    expect(await derive("🙂🙂🙂🙂")).toMatch(/too short/);
    expect(await derive("🙂".repeat(8))).toMatch(/^[0-9a-f]{64}$/);
    expect(await derive("x".repeat(5000))).toMatch(/too long/);
  });

  it("are text: half a character is none", async () => {
    expect(await derive("12345678\ud83d")).toMatch(/half a character/);
  });

  it("and what comes of them cannot be printed", async () => {
    const secret = await deriveGroupSecret(new Redacted("12345678"), SALT, SMALL);
    const hex = await derive("12345678");
    expect(JSON.stringify(secret) + inspect(secret)).toContain("[REDACTED]");
    expect(JSON.stringify(secret) + inspect(secret)).not.toContain(hex.slice(0, 8));
  });
});

describe("parameters", () => {
  it.each([
    [{ memoryKiB: 1024 * 1024 + 1 }, /memory must be a whole number of KiB, at most 1048576 \(1 GiB\)/],
    [{ memoryKiB: 31, lanes: 4 }, /at least 8 KiB for each of the 4 lanes/],
    [{ memoryKiB: 64.5 }, /whole number/],
    [{ memoryKiB: Number.NaN }, /whole number/],
    [{ passes: 0 }, /passes/],
    [{ passes: 65 }, /passes/],
    [{ lanes: 0 }, /lanes/],
    [{ lanes: 17 }, /lanes/],
    [{ memoryKiB: 1024 * 1024, passes: 5 }, /memory times passes/],
  ])("%o is refused before memory is spent", async (wrong, sentence) => {
    expect(await derive("12345678", { ...SMALL, ...wrong })).toMatch(sentence);
  });

  it("a salt is neither too short nor too long", () => {
    for (const [length, fits] of [
      [7, false],
      [8, true],
      [64, true],
      [65, false],
    ] as const) {
      expect(checkArgon2(new Uint8Array(length), SMALL).ok).toBe(fits);
    }
  });

  it("are 64 MiB, 3 passes, 4 lanes unless the machine is tiny", () => {
    expect(chooseArgon2Parameters(16 * 1024 ** 3)).toEqual({ memoryKiB: 65_536, passes: 3, lanes: 4 });
    expect(chooseArgon2Parameters(512 * 1024 ** 2)).toEqual({ memoryKiB: 19_456, passes: 2, lanes: 1 });
    expect(checkArgon2(SALT, chooseArgon2Parameters()).ok).toBe(true);
  });
});

it("leaves the main thread free", async () => {
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  await derive("12345678", ARGON2_DEFAULT);
  clearInterval(timer);
  expect(turns).toBeGreaterThan(0);
});
