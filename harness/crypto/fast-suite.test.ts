import { readFileSync } from "node:fs";
import { ed25519 } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concatBytes, EMPTY, encodeHex, parseHex } from "../../core/bytes.ts";
import { portableSuite as portable } from "../../core/crypto/portable.ts";
import { suiteConformance } from "../../core/crypto/suite-conformance.ts";
import { TAG_BYTES, XNONCE_BYTES } from "../../core/crypto/suite.ts";
import type { CryptoSuite } from "../../core/crypto/suite.ts";
import { createHandshake } from "../../core/noise/handshake.ts";
import { createFastSuite } from "./fast-suite.ts";

const fast = createFastSuite();

interface Vector {
  readonly tcId: number;
  readonly result: string;
  readonly flags: readonly string[];
}
type AeadVector = Vector & Record<"key" | "iv" | "aad" | "msg" | "ct" | "tag", string>;
type DhVector = Vector & Record<"public" | "private" | "shared", string>;

function read<Case>(name: string): readonly Case[] {
  const url = new URL(`../../core/crypto/vectors/${name}`, import.meta.url);
  const { testGroups } = JSON.parse(readFileSync(url, "utf8")) as { testGroups: { tests: Case[] }[] };
  return testGroups.flatMap((group) => group.tests);
}
function hex(text: string): Uint8Array {
  const bytes = parseHex(text);
  if (bytes === undefined) throw new Error(`not hex: ${text}`);
  return bytes;
}

describe("the fast suite conforms to the port", () => {
  for (const { name, run } of suiteConformance(fast)) it(name, run, 20_000);
});

describe("vectors", () => {
  it("XChaCha20-Poly1305, all cases of Wycheproof with a nonce of 24 bytes", () => {
    let opened = 0;
    let refused = 0;
    for (const one of read<AeadVector>("xchacha20-poly1305.json")) {
      if (hex(one.iv).length !== XNONCE_BYTES) continue;
      const sealed = hex(one.ct + one.tag);
      const out = new Uint8Array(sealed.length - TAG_BYTES);
      const isOpen = fast.xaeadOpen(hex(one.key), hex(one.iv), hex(one.aad), sealed, out);
      expect(isOpen, `case ${one.tcId}`).toBe(one.result === "valid");
      if (!isOpen) {
        refused++;
        continue;
      }
      opened++;
      expect(encodeHex(out), `case ${one.tcId}`).toBe(one.msg);
      const again = new Uint8Array(sealed.length);
      fast.xaeadSeal(hex(one.key), hex(one.iv), hex(one.aad), hex(one.msg), again);
      expect(encodeHex(again), `case ${one.tcId}`).toBe(one.ct + one.tag);
    }
    expect(opened).toBe(246);
    expect(refused).toBeGreaterThan(50);
  });

  it("X25519, all cases of Wycheproof, and no secret of zeros", () => {
    let refused = 0;
    for (const one of read<DhVector>("x25519.json")) {
      const secret = fast.dh(hex(one.private), hex(one.public));
      if (secret === undefined) refused++;
      else expect(encodeHex(secret), `case ${one.tcId}`).toBe(one.shared);
      expect(secret === undefined, `case ${one.tcId}`).toBe(one.flags.includes("ZeroSharedSecret"));
    }
    expect(refused).toBe(31);
  });
});

describe("fast and portable agree byte for byte", () => {
  const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
  const any = fc.uint8Array({ maxLength: 700 });
  const flip = fc.option(fc.nat(), { nil: undefined, freq: 1 });

  for (const [name, nonceBytes, sealName, openName] of [
    ["ChaCha20-Poly1305", 12, "aeadSeal", "aeadOpen"],
    ["XChaCha20-Poly1305", XNONCE_BYTES, "xaeadSeal", "xaeadOpen"],
  ] as const) {
    it(`${name}: seal, and open what may have been altered`, () => {
      fc.assert(
        fc.property(bytes(32), bytes(nonceBytes), any, any, flip, (key, nonce, ad, plaintext, altered) => {
          const seal = (suite: CryptoSuite) => {
            const out = new Uint8Array(plaintext.length + TAG_BYTES);
            suite[sealName](key, nonce, ad, plaintext, out);
            return out;
          };
          const sealed = seal(fast);
          expect(sealed).toEqual(seal(portable));
          if (altered !== undefined) sealed[altered % sealed.length]! ^= 1 + (altered % 255);
          const open = (suite: CryptoSuite) => {
            const out = new Uint8Array(plaintext.length);
            return suite[openName](key, nonce, ad, sealed, out) ? out : undefined;
          };
          expect(open(fast)).toEqual(open(portable));
          expect(open(fast)).toEqual(altered === undefined ? plaintext : undefined);
        }),
      );
    });
  }

  it("hash, hmac and hkdf", () => {
    fc.assert(
      fc.property(any, any, any, fc.integer({ min: 1, max: 200 }), (a, b, c, length) => {
        expect(fast.hash(a)).toEqual(portable.hash(a));
        expect(fast.hmac(a, b)).toEqual(portable.hmac(a, b));
        expect(fast.hkdf(a, b, c, length)).toEqual(portable.hkdf(a, b, c, length));
      }),
    );
    const long = new Uint8Array(3000).fill(5);
    expect(fast.hkdf(long, long, long, 8160)).toEqual(portable.hkdf(long, long, long, 8160));
  });

  it("X25519", () => {
    fc.assert(
      fc.property(bytes(32), bytes(32), (one, other) => {
        expect(fast.dhPublicKey(one)).toEqual(portable.dhPublicKey(one));
        // Any 32 bytes are a public key, on the curve or on its twist.
        expect(fast.dh(one, other)).toEqual(portable.dh(one, other));
      }),
      { numRuns: 40 },
    );
  });

  it("Ed25519: keys, signatures, and verifying what may have been altered", () => {
    const part = fc.constantFrom("key", "message", "signature", "none");
    fc.assert(
      fc.property(bytes(32), any, part, fc.nat(), (seed, message, altered, at) => {
        const key = fast.signPublicKey(seed);
        const signature = fast.sign(seed, message);
        expect(key).toEqual(portable.signPublicKey(seed));
        expect(signature).toEqual(portable.sign(seed, message));
        const target = { key, message, signature, none: EMPTY }[altered];
        if (target.length > 0) target[at % target.length]! ^= 1 << (at % 8);
        expect(fast.verify(key, message, signature)).toBe(portable.verify(key, message, signature));
      }),
      { numRuns: 40 },
    );
  });

  it("Ed25519: keys of small order and encodings that are not canonical, whatever signs", () => {
    const prime = 2n ** 255n - 19n;
    const encode = (y: bigint, sign: number) => {
      const out = Uint8Array.from({ length: 32 }, (_, i) => Number((y >> BigInt(8 * i)) & 255n));
      out[31]! |= sign << 7;
      return out;
    };
    const small = [
      0n,
      1n,
      prime - 1n,
      BigInt("0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd83d3d706a17c7"),
      BigInt("0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826"),
    ];
    const ys = [...small, ...small.map((y) => y + prime), prime - 2n, prime, 2n, 3n, 4n, 5n].filter(
      (y) => y < 2n ** 255n,
    );
    const message = new Uint8Array(40).fill(9);
    let taken = 0;
    for (const y of ys) {
      for (const sign of [0, 1]) {
        const key = encode(y, sign);
        for (const r of small) {
          // S = 0: fits wherever R + k·A is the neutral point.
          const signature = concatBytes(encode(r, 0), new Uint8Array(32));
          expect(fast.verify(key, message, signature), encodeHex(key)).toBe(portable.verify(key, message, signature));
          if (fast.verify(key, message, signature)) taken++;
        }
      }
    }
    expect(taken).toBe(0);
  });

  it("but for one kind of signature, which nobody honest makes: right only times the cofactor", () => {
    const seed = new Uint8Array(32).fill(7);
    const message = new Uint8Array(10).fill(1);
    const { Point, utils } = ed25519;
    const { scalar, point, pointBytes } = utils.getExtendedPublicKey(seed);
    const small = Point.fromBytes(hex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"));
    const order = Point.Fn.ORDER;
    const little = (bytes: Uint8Array) => bytes.reduceRight((sum, byte) => sum * 256n + BigInt(byte), 0n);
    const nonce = 12_345n;
    const r = Point.BASE.multiply(nonce).add(small).toBytes();
    const k = little(sha512(concatBytes(r, pointBytes, message))) % order;
    let s = (nonce + k * scalar) % order;
    const encoded = new Uint8Array(32);
    for (let i = 0; i < 32; i++, s >>= 8n) encoded[i] = Number(s & 255n);
    expect(point.isTorsionFree()).toBe(true);
    expect(portable.verify(pointBytes, message, concatBytes(r, encoded))).toBe(true);
    expect(fast.verify(pointBytes, message, concatBytes(r, encoded))).toBe(false);
  });
});

describe("key objects", () => {
  it("notice that an array was overwritten since", () => {
    const key = new Uint8Array(32).fill(1);
    const first = fast.dhPublicKey(key);
    key.fill(2);
    expect(fast.dhPublicKey(key)).toEqual(portable.dhPublicKey(new Uint8Array(32).fill(2)));
    expect(fast.dhPublicKey(key)).not.toEqual(first);
  });

  it("serve a whole handshake, with one side on each suite", () => {
    const side = (suite: CryptoSuite, role: "initiator" | "responder", fill: number) =>
      createHandshake({
        suite,
        role,
        prologue: EMPTY,
        staticKey: new Uint8Array(32).fill(fill),
        ephemeral: new Uint8Array(32).fill(fill + 1),
      });
    const alice = side(fast, "initiator", 1);
    const bob = side(portable, "responder", 3);
    for (const [from, to] of [
      [alice, bob],
      [bob, alice],
      [alice, bob],
    ] as const) {
      const message = from.writeMessage(EMPTY);
      if (!message.ok) throw new Error("not written");
      expect(to.readMessage(message.value).ok).toBe(true);
    }
    expect(alice.isFinished && bob.isFinished).toBe(true);
    const [one, other] = [alice.split(), bob.split()];
    expect(one.handshakeHash).toEqual(other.handshakeHash);
  });
});
