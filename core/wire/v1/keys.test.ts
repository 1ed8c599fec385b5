import { argon2id } from "@noble/hashes/argon2.js";
import fc from "fast-check";
import { readFileSync } from "node:fs";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { encodeHex, parseHex } from "../../bytes.ts";
import { portableSuite } from "../../crypto/portable.ts";
import { UPSTREAM_TIERS } from "../../pairing/argon2-parameters.ts";
import { Redacted } from "../../redacted.ts";
import { encodeText } from "../../text.ts";
import { openContentV1, sealContentV1 } from "./content.ts";
import { encodeBlobIdText, encodeIdText, groupIdV1Of, parseBlobIdText, parseIdText, shortIdText } from "./ids.ts";
import { deriveContentKeyV1, deriveGroupKeysV1 } from "./keys.ts";
import { parsePassphraseV1 } from "./passphrase.ts";
import { openPayloadV1, sealPayloadV1 } from "./payload.ts";
import { encodeShortCodeV1, parseShortCodeV1 } from "./short-code.ts";

interface Argon2Vector {
  readonly passphrase: string;
  readonly salt_utf8: string;
  readonly m_mib: number;
  readonly t: number;
  readonly p: number;
  readonly hex: string;
  readonly group_id_b64url?: string;
}

interface Vectors {
  readonly ids: {
    readonly group_id_from_secret: readonly {
      secret_utf8?: string;
      secret_hex?: string;
      hex: string;
      b64url: string;
    }[];
    readonly device_id_display: { hex: string; b64url: string };
    readonly relay_node_id_display: { hex: string; b64url: string };
  };
  readonly crypto: {
    readonly group_key: { secret_hex: string; encryption_key: string; auth_key: string };
    readonly push_payload: {
      nonce: string;
      plaintext_utf8: string;
      ciphertext_and_tag: string;
      payload: string;
      empty_plaintext_tag: string;
    };
    readonly content: {
      secret_hex: string;
      blob_id_bytes: string;
      content_key: string;
      nonce: string;
      plaintext_utf8: string;
      ciphertext: string;
      content_hash_blake3: string;
    };
    readonly argon2id: readonly Argon2Vector[];
    readonly endpoint_join_desktop: Argon2Vector;
  };
  readonly short_codes: readonly { group_secret: string; code: string }[];
}

const VECTORS = JSON.parse(readFileSync(new URL("vectors/wire-v1.json", import.meta.url), "utf8")) as Vectors;
const suite = portableSuite;

function hex(text: string): Uint8Array {
  return parseHex(text)!;
}

const SECRET = new Redacted(hex(VECTORS.crypto.group_key.secret_hex));

describe("ids", () => {
  it.each(VECTORS.ids.group_id_from_secret)("GroupId $b64url", ({ secret_utf8, secret_hex, hex: id, b64url }) => {
    const secret = secret_utf8 === undefined ? hex(secret_hex!) : encodeText(secret_utf8);
    expect(encodeHex(groupIdV1Of(new Redacted(secret)))).toBe(id);
    expect(encodeIdText(hex(id))).toBe(b64url);
  });

  it.each([VECTORS.ids.device_id_display, VECTORS.ids.relay_node_id_display])("$b64url", ({ hex: id, b64url }) => {
    expect(encodeIdText(hex(id))).toBe(b64url);
    expect(parseIdText(b64url)).toEqual(hex(id));
  });

  it("F-030: a text of another length is refused, and no id is cut beyond its end", () => {
    const text = VECTORS.ids.device_id_display.b64url;
    for (const wrong of [
      "",
      "q",
      text.slice(1),
      `${text}q`,
      `${text}=`,
      text.replace("q", "+"),
      `${text.slice(0, 42)}p`,
    ]) {
      expect(parseIdText(wrong)).toBeUndefined();
    }
    for (const short of ["", "q", "qqqqqqqq"]) expect(shortIdText(short)).toBe(short);
    expect(shortIdText(text)).toBe("qqqqqqqq…");
  });

  it("every blob id comes back from its text, in either case", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (id) => {
        const text = encodeBlobIdText(id);
        expect(parseBlobIdText(text)).toEqual(id);
        expect(parseBlobIdText(text.toUpperCase())).toEqual(id);
        expect(parseBlobIdText(text.replaceAll("-", ""))).toBeUndefined();
        expect(parseBlobIdText(`${text}0`)).toBeUndefined();
      }),
    );
  });
});

describe("keys", () => {
  it("are upstream's", () => {
    const keys = deriveGroupKeysV1(suite, SECRET);
    expect(encodeHex(keys.encryption.expose())).toBe(VECTORS.crypto.group_key.encryption_key);
    expect(encodeHex(keys.authentication.expose())).toBe(VECTORS.crypto.group_key.auth_key);
    expect(inspect(keys)).not.toContain("141, 210");
  });

  it.each(VECTORS.crypto.argon2id)(
    "the tier of $m_mib MiB is upstream's",
    ({ m_mib, t, p, hex: secret, group_id_b64url }) => {
      const tier = UPSTREAM_TIERS.find(({ parameters }) => parameters.memoryKiB === m_mib * 1024);
      expect(tier?.parameters).toEqual({ memoryKiB: m_mib * 1024, passes: t, lanes: p });
      expect(encodeIdText(groupIdV1Of(new Redacted(hex(secret))))).toBe(group_id_b64url);
    },
  );

  it("of a passphrase: Argon2id over its bytes as they were typed", () => {
    const vector = VECTORS.crypto.argon2id[0]!;
    const passphrase = parsePassphraseV1(vector.passphrase);
    if (!passphrase.ok) throw new Error(passphrase.error.type);
    const options = { m: vector.m_mib * 1024, t: vector.t, p: vector.p, dkLen: 32 };
    const secret = argon2id(passphrase.value.expose(), encodeText(vector.salt_utf8), options);
    expect(encodeHex(secret)).toBe(vector.hex);
  });

  it("F-035: an empty passphrase is refused, and any other is taken as it was typed", () => {
    expect(parsePassphraseV1("")).toEqual({ ok: false, error: { type: "Empty" } });
    expect(parsePassphraseV1("\ud83d")).toEqual({ ok: false, error: { type: "NotText" } });
    expect(parsePassphraseV1("x".repeat(4097)).ok).toBe(false);
    const bytes = (typed: string): Uint8Array | false => {
      const parsed = parsePassphraseV1(typed);
      return parsed.ok && parsed.value.expose();
    };
    expect(bytes(" e\u0301 ")).toEqual(Uint8Array.of(0x20, 0x65, 0xcc, 0x81, 0x20));
    expect(bytes("\u00e9")).toEqual(Uint8Array.of(0xc3, 0xa9));
  });

  it("F-037: only a blob id of 16 bytes has a content key, because nothing separates it from the label", () => {
    const { blob_id_bytes, content_key } = VECTORS.crypto.content;
    expect(encodeHex(deriveContentKeyV1(suite, SECRET, hex(blob_id_bytes)).expose())).toBe(content_key);
    for (const length of [0, 15, 17, 34]) {
      expect(() => deriveContentKeyV1(suite, SECRET, new Uint8Array(length))).toThrow("16 bytes");
    }
  });
});

describe("payloads", () => {
  const { nonce, plaintext_utf8, payload, empty_plaintext_tag, ciphertext_and_tag } = VECTORS.crypto.push_payload;
  const key = deriveGroupKeysV1(suite, SECRET).encryption;

  it("are upstream's bytes", () => {
    const sealed = sealPayloadV1(suite, key, hex(nonce), encodeText(plaintext_utf8));
    expect(encodeHex(sealed)).toBe(payload);
    expect(payload).toBe(nonce + ciphertext_and_tag);
    expect(encodeHex(sealPayloadV1(suite, key, hex(nonce), new Uint8Array(0)))).toBe(nonce + empty_plaintext_tag);
  });

  it("open again, and not when a byte is another or missing", () => {
    expect(openPayloadV1(suite, key, hex(payload))).toEqual({ ok: true, value: encodeText(plaintext_utf8) });
    for (let at = 0; at < payload.length / 2; at++) {
      const altered = hex(payload);
      altered[at]! ^= 0x10;
      expect(openPayloadV1(suite, key, altered)).toEqual({ ok: false, error: { type: "Refused" } });
      expect(openPayloadV1(suite, key, hex(payload).subarray(0, at)).ok).toBe(false);
    }
    expect(openPayloadV1(suite, key, hex(payload).subarray(0, 39))).toEqual({
      ok: false,
      error: { type: "TooShort", lengthBytes: 39 },
    });
  });
});

describe("content", () => {
  const vector = VECTORS.crypto.content;
  const key = deriveContentKeyV1(suite, SECRET, hex(vector.blob_id_bytes));
  const sealed = sealContentV1(suite, key, hex(vector.nonce), encodeText(vector.plaintext_utf8));
  if (!sealed.ok) throw new Error(sealed.error.type);
  const { ciphertext, reference } = sealed.value;

  it("is upstream's bytes, named by their hash", () => {
    expect(encodeHex(ciphertext)).toBe(vector.ciphertext);
    expect(encodeHex(reference.contentHash)).toBe(vector.content_hash_blake3);
    expect(reference).toMatchObject({ contentSize: 5n, encryptedSize: 21n });
    expect(openContentV1(suite, key, reference, ciphertext)).toEqual({ ok: true, value: encodeText("hello") });
  });

  it("F-039: a reference whose sizes are not the ciphertext's is refused, before anything is hashed", () => {
    const mismatch = { ok: false, error: { type: "SizeMismatch", lengthBytes: 21 } };
    for (const sizes of [{ contentSize: 6n }, { encryptedSize: 22n }, { contentSize: 2n ** 64n - 1n }]) {
      expect(openContentV1(suite, key, { ...reference, ...sizes }, ciphertext)).toEqual(mismatch);
    }
    const short = ciphertext.subarray(0, 15);
    expect(openContentV1(suite, key, reference, short)).toMatchObject({ error: { type: "SizeMismatch" } });
  });

  it("is refused when it is another than the hash names, or under another key", () => {
    const altered = ciphertext.slice();
    altered[0]! ^= 1;
    expect(openContentV1(suite, key, reference, altered)).toEqual({ ok: false, error: { type: "HashMismatch" } });
    const other = deriveContentKeyV1(suite, SECRET, new Uint8Array(16));
    expect(openContentV1(suite, other, reference, ciphertext)).toEqual({ ok: false, error: { type: "Refused" } });
  });
});

describe("short codes of version 1", () => {
  const secrets = [new Uint8Array(32).fill(0x42), Uint8Array.from({ length: 32 }, (_, i) => i)];

  it.each(VECTORS.short_codes.map(({ code }, i) => [code, secrets[i]!] as const))("%s", (code, secret) => {
    expect(encodeShortCodeV1(new Redacted(secret)).expose()).toBe(code);
    expect(parseShortCodeV1(code)?.expose()).toEqual(secret.slice(0, 10));
    expect(parseShortCodeV1(code.replaceAll("-", ""))?.expose()).toEqual(secret.slice(0, 10));
    expect(parseShortCodeV1(code.toLowerCase())).toBeUndefined();
    expect(parseShortCodeV1(code.slice(1))).toBeUndefined();
    expect(parseShortCodeV1(code.replace(/.$/, "1"))).toBeUndefined();
  });
});
