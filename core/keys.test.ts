import { createHash, hkdfSync } from "node:crypto";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { encodeHex } from "./bytes.ts";
import { portableSuite } from "./crypto/portable.ts";
import { deriveGroupKeys, groupIdOf } from "./keys.ts";
import { Redacted } from "./redacted.ts";

const secret = new Redacted(new Uint8Array(32).fill(0x42));
const keys = deriveGroupKeys(portableSuite, secret);

describe("group keys", () => {
  it("derive the encryption key as upstream does (protocol-v1 §4.1)", () => {
    expect(encodeHex(keys.encryption.expose())).toBe(
      "8dd24ab923f9a37165012a8e0a1c6ee64d5f9b11245bfd9e0276075d46edd46b",
    );
  });

  it("derive a signing seed of their own", () => {
    const seed = hkdfSync("sha256", secret.expose(), "0k-sync-group-key-v1", "signing-v2", 32);
    expect(keys.signingSeed.expose()).toEqual(new Uint8Array(seed));
    expect(keys.groupKey).toEqual(portableSuite.signPublicKey(new Uint8Array(seed)));
  });

  it("name the group by its public key", () => {
    const labelled = Buffer.concat([Buffer.from("0k-sync/2 group"), keys.groupKey]);
    expect(encodeHex(keys.groupId)).toBe(createHash("blake2s256").update(labelled).digest("hex"));
    expect(groupIdOf(portableSuite, keys.groupKey)).toEqual(keys.groupId);
  });

  it("print no secret", () => {
    const shown = inspect(keys, { depth: 9 }) + JSON.stringify(keys);
    expect(shown).toContain("[REDACTED]");
    for (const hidden of [keys.encryption, keys.signingSeed]) {
      expect(shown).not.toContain(encodeHex(hidden.expose()));
      expect(shown).not.toContain(hidden.expose().slice(0, 4).join(","));
    }
  });

  it("refuse a secret of another length", () => {
    expect(() => deriveGroupKeys(portableSuite, new Redacted(new Uint8Array(31)))).toThrow("32 bytes");
  });
});
