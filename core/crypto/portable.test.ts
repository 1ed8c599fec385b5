import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { EMPTY, concatBytes, encodeHex, isEqualBytes, parseHex } from "../bytes.ts";
import { InvariantViolation } from "../invariant.ts";
import { encodeText } from "../text.ts";
import { portableSuite as suite } from "./portable.ts";
import { suiteConformance } from "./suite-conformance.ts";
import { TAG_BYTES, XNONCE_BYTES } from "./suite.ts";

interface Vectors<Case> {
  readonly numberOfTests: number;
  readonly testGroups: readonly { readonly tests: readonly Case[] }[];
}
interface Common {
  readonly tcId: number;
  readonly comment: string;
  readonly flags: readonly string[];
  readonly result: "valid" | "invalid" | "acceptable";
}
type AeadVector = Common & Record<"key" | "iv" | "aad" | "msg" | "ct" | "tag", string>;
type DhVector = Common & Record<"public" | "private" | "shared", string>;

function read<Case>(name: string): { cases: readonly Case[]; count: number } {
  const vectors = JSON.parse(readFileSync(new URL(`vectors/${name}`, import.meta.url), "utf8")) as Vectors<Case>;
  return { cases: vectors.testGroups.flatMap((group) => group.tests), count: vectors.numberOfTests };
}
function hex(text: string): Uint8Array {
  const bytes = parseHex(text);
  if (bytes === undefined) throw new Error(`not hex: ${text}`);
  return bytes;
}
function text(value: string): Uint8Array {
  return encodeText(value);
}

describe("the portable suite conforms to the port", () => {
  for (const { name, run } of suiteConformance(suite)) it(name, run, 20_000);
});

describe("XChaCha20-Poly1305, all cases of Wycheproof", () => {
  const { cases, count } = read<AeadVector>("xchacha20-poly1305.json");

  it("has them all", () => expect(cases.length).toBe(count));

  it("seals and opens what is valid", () => {
    const valid = cases.filter((one) => one.result === "valid");
    expect(valid.length).toBe(246);
    for (const one of valid) {
      const [key, nonce, ad, plaintext] = [hex(one.key), hex(one.iv), hex(one.aad), hex(one.msg)];
      const sealed = new Uint8Array(plaintext.length + TAG_BYTES);
      suite.xaeadSeal(key, nonce, ad, plaintext, sealed);
      expect(encodeHex(sealed), `case ${one.tcId}`).toBe(one.ct + one.tag);
      const opened = new Uint8Array(plaintext.length);
      expect(suite.xaeadOpen(key, nonce, ad, sealed, opened), `case ${one.tcId}`).toBe(true);
      expect(encodeHex(opened), `case ${one.tcId}`).toBe(one.msg);
    }
  });

  it("refuses altered tags, and a nonce of another length as our own mistake", () => {
    const invalid = cases.filter((one) => one.result !== "valid");
    expect(invalid.length).toBe(69);
    for (const one of invalid) {
      const sealed = concatBytes(hex(one.ct), hex(one.tag));
      // Vectors with an impossible nonce have neither ciphertext nor tag of a length that could be opened.
      const box = sealed.length >= TAG_BYTES ? sealed : new Uint8Array(TAG_BYTES);
      const out = new Uint8Array(box.length - TAG_BYTES);
      const nonce = hex(one.iv);
      const opening = (): boolean => suite.xaeadOpen(hex(one.key), nonce, hex(one.aad), box, out);
      if (one.flags.includes("InvalidNonceSize")) {
        expect(nonce.length).not.toBe(XNONCE_BYTES);
        expect(opening, `case ${one.tcId}`).toThrow(InvariantViolation);
      } else {
        expect(one.flags).toContain("ModifiedTag");
        expect(opening(), `case ${one.tcId}`).toBe(false);
      }
    }
  });
});

describe("X25519, all cases of Wycheproof", () => {
  const { cases, count } = read<DhVector>("x25519.json");

  it("has them all, none of them invalid", () => {
    expect(cases.length).toBe(count);
    expect(cases.filter((one) => one.result === "invalid")).toEqual([]);
  });

  it("computes every secret, keys on the twist and non-canonical ones included, but none that is zero", () => {
    // "Acceptable" is what a library may refuse; the port's contract says which: exactly those with a zero secret.
    let refused = 0;
    for (const one of cases) {
      const secret = suite.dh(hex(one.private), hex(one.public));
      const isZero = isEqualBytes(hex(one.shared), new Uint8Array(32));
      expect(isZero, `case ${one.tcId}`).toBe(one.flags.includes("ZeroSharedSecret"));
      if (one.result === "valid") expect(isZero).toBe(false);
      expect(secret === undefined ? "" : encodeHex(secret), `case ${one.tcId}`).toBe(isZero ? "" : one.shared);
      if (secret === undefined) refused++;
    }
    expect(refused).toBe(31);
  }, 20_000);
});

describe("known answers", () => {
  it("ChaCha20-Poly1305, RFC 8439 section 2.8.2", () => {
    const plaintext = text(
      "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.",
    );
    const sealed = new Uint8Array(plaintext.length + TAG_BYTES);
    const key = hex("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f");
    suite.aeadSeal(key, hex("070000004041424344454647"), hex("50515253c0c1c2c3c4c5c6c7"), plaintext, sealed);
    expect(encodeHex(sealed.subarray(0, 16))).toBe("d31a8d34648e60db7b86afbc53ef7ec2");
    expect(encodeHex(sealed.subarray(plaintext.length))).toBe("1ae10b594f09e26a7e902ecbd0600691");
  });

  it("BLAKE2s, RFC 7693 appendix B", () => {
    expect(encodeHex(suite.hash(text("abc")))).toBe("508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982");
  });

  it("HMAC over BLAKE2s is HMAC with blocks of 64 bytes", () => {
    const key = text("a key");
    const inner = new Uint8Array(64).fill(0x36);
    const outer = new Uint8Array(64).fill(0x5c);
    for (const [i, byte] of key.entries()) {
      inner[i]! ^= byte;
      outer[i]! ^= byte;
    }
    const expected = suite.hash(concatBytes(outer, suite.hash(concatBytes(inner, text("message")))));
    expect(encodeHex(suite.hmac(key, text("message")))).toBe(encodeHex(expected));
  });

  it("HKDF-SHA256, RFC 5869 case 1", () => {
    const secret = new Uint8Array(22).fill(0x0b);
    const okm = suite.hkdf(secret, hex("000102030405060708090a0b0c"), hex("f0f1f2f3f4f5f6f7f8f9"), 42);
    expect(encodeHex(okm)).toBe("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
  });

  it("Ed25519, RFC 8032 section 7.1, first two cases", () => {
    const cases = [
      {
        seed: "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        publicKey: "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        message: EMPTY,
        signature:
          "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
      },
      {
        seed: "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        publicKey: "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        message: hex("72"),
        signature:
          "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
      },
    ];
    for (const { seed, publicKey, message, signature } of cases) {
      expect(encodeHex(suite.signPublicKey(hex(seed)))).toBe(publicKey);
      expect(encodeHex(suite.sign(hex(seed), message))).toBe(signature);
      expect(suite.verify(hex(publicKey), message, hex(signature))).toBe(true);
    }
  });
});

describe("strict Ed25519", () => {
  const seed = new Uint8Array(32).fill(3);
  const publicKey = suite.signPublicKey(seed);
  const message = text("hello");
  const signature = suite.sign(seed, message);

  it("refuses S + L, the same signature in another encoding", () => {
    const order = hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
    const malleable = signature.slice();
    let carry = 0;
    for (let i = 0; i < 32; i++) {
      carry += signature[32 + i]! + order[i]!;
      malleable[32 + i] = carry;
      carry >>= 8;
    }
    expect(suite.verify(publicKey, message, signature)).toBe(true);
    expect(suite.verify(publicKey, message, malleable)).toBe(false);
  });

  it("refuses keys of small order and non-canonical encodings, for which anybody can sign", () => {
    // R the neutral point and S = 0 satisfy the equation for each of these keys, whatever the message.
    const neutral = concatBytes(Uint8Array.of(1), new Uint8Array(31));
    const forged = concatBytes(neutral, new Uint8Array(32));
    const keys = [
      "0100000000000000000000000000000000000000000000000000000000000000",
      "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "0000000000000000000000000000000000000000000000000000000000000000",
      "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
      "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
      // y = 1 written as p + 1, and with the sign bit that a zero x cannot have.
      "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "0100000000000000000000000000000000000000000000000000000000000080",
    ];
    for (const key of keys) expect(suite.verify(hex(key), message, forged), key).toBe(false);
  });
});
