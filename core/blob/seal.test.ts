import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { writeU32, writeU64 } from "../bytes.ts";
import { portableSuite as suite } from "../crypto/portable.ts";
import { GIVEN_UP_MAX, PAYLOAD_BYTES_MAX } from "../limits.ts";
import type { Entropy } from "../machine.ts";
import { Redacted } from "../redacted.ts";
import { BODY_BYTES_MAX, BlobKind, openBlob, sealBlob, type BlobContent, type OpenOptions } from "./seal.ts";

/** Nonces that count. */
function createEntropy(): Entropy {
  let drawn = 0;
  return {
    fill(label, out) {
      expect(label).toBe("nonce");
      out.fill(++drawn);
    },
    below: () => 0,
  };
}

const entropy = createEntropy();
const key = new Redacted(new Uint8Array(32).fill(7));
const groupId = new Uint8Array(32).fill(8);
const blobId = new Uint8Array(16).fill(9);
const kind = BlobKind.data;
const hello: BlobContent = {
  sender: new Uint8Array(32).fill(1),
  sequence: 5,
  previous: new Uint8Array(32).fill(2),
  givenUp: [3, 4],
  body: new TextEncoder().encode("hello"),
};

function seal(content: BlobContent): Uint8Array {
  return sealBlob({ suite, entropy, key, groupId, blobId, kind, content });
}

function open(payload: Uint8Array, other: Partial<OpenOptions> = {}): ReturnType<typeof openBlob> {
  return openBlob({ suite, key, groupId, blobId, kind, payload, ...other });
}

/** Seals bytes that `sealBlob` would not write. */
function sealRaw(plaintext: Uint8Array): Uint8Array {
  const payload = new Uint8Array(plaintext.length + 40);
  const ad = Uint8Array.of(2, ...groupId, ...blobId, kind);
  suite.xaeadSeal(key.expose(), payload.subarray(0, 24), ad, plaintext, payload.subarray(24));
  return payload;
}

const contents: fc.Arbitrary<BlobContent> = fc.record({
  sender: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  sequence: fc.maxSafeNat(),
  previous: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  givenUp: fc.array(fc.maxSafeNat(), { maxLength: GIVEN_UP_MAX }),
  body: fc.uint8Array({ maxLength: 2000 }),
});

describe("a sealed blob", () => {
  it("opens to what was sealed", () => {
    fc.assert(
      fc.property(contents, (content) => {
        expect(open(seal(content))).toEqual({ ok: true, value: content });
      }),
    );
  });

  it("has the layout of the protocol: nonce, then ciphertext bound to version, group, blob and kind", () => {
    const payload = seal(hello);
    expect(payload.length).toBe(24 + 256 + 16);
    const plaintext = new Uint8Array(256);
    const ad = Uint8Array.of(2, ...groupId, ...blobId, kind);
    expect(suite.xaeadOpen(key.expose(), payload.subarray(0, 24), ad, payload.subarray(24), plaintext)).toBe(true);
    const expected = new Uint8Array(256);
    expected.set(hello.sender, 0);
    writeU64(expected, 32, 5);
    expected.set(hello.previous, 40);
    expected[72] = 2;
    writeU64(expected, 73, 3);
    writeU64(expected, 81, 4);
    writeU32(expected, 89, 5);
    expected.set(hello.body, 93);
    expect(plaintext).toEqual(expected);
  });

  it("uses a nonce once", () => {
    expect(seal(hello).subarray(0, 24)).not.toEqual(seal(hello).subarray(0, 24));
  });

  it("shows one size for small bodies", () => {
    const sizes = [0, 1, 50, 100, 163].map((length) => seal({ ...hello, body: new Uint8Array(length) }).length);
    expect(new Set(sizes)).toEqual(new Set([296]));
    expect(seal({ ...hello, body: new Uint8Array(164) }).length).toBe(312);
  });

  it.each<[string, Partial<OpenOptions>]>([
    ["key", { key: new Redacted(new Uint8Array(32).fill(6)) }],
    ["group", { groupId: new Uint8Array(32) }],
    ["blob id", { blobId: new Uint8Array(16) }],
    ["kind", { kind: 1 as BlobKind }],
  ])("is refused under another %s", (_what, other) => {
    expect(open(seal(hello), other)).toEqual({ ok: false, error: { type: "Refused" } });
  });

  it("is refused when any one bit is flipped", () => {
    const payload = seal(hello);
    for (let i = 0; i < payload.length; i++) {
      payload[i]! ^= 1 << (i % 8);
      expect(open(payload)).toEqual({ ok: false, error: { type: "Refused" } });
      payload[i]! ^= 1 << (i % 8);
    }
    expect(open(payload).ok).toBe(true);
  });

  it("is too short below the least padded length", () => {
    for (const length of [0, 24, 40, 295]) {
      const error = { type: "TooShort", lengthBytes: length };
      expect(open(new Uint8Array(length))).toEqual({ ok: false, error });
    }
  });

  it("may be as large as a payload, and no larger", () => {
    const givenUp = Array.from({ length: GIVEN_UP_MAX }, (_, i) => i);
    const largest = { ...hello, givenUp, body: new Uint8Array(BODY_BYTES_MAX).fill(3) };
    const payload = seal(largest);
    expect(payload.length).toBeLessThanOrEqual(PAYLOAD_BYTES_MAX);
    expect(PAYLOAD_BYTES_MAX - payload.length).toBeLessThan(16_384 + 40);
    const opened = open(payload);
    expect(opened.ok && opened.value.body.length).toBe(BODY_BYTES_MAX);
    expect(() => seal({ ...hello, body: new Uint8Array(BODY_BYTES_MAX + 1) })).toThrow("BODY_BYTES_MAX");
    expect(() => seal({ ...hello, givenUp: [...givenUp, 1] })).toThrow("bounded list");
    expect(() => seal({ ...hello, sequence: -1 })).toThrow("whole number");
    expect(() => seal({ ...hello, sequence: 2 ** 53 })).toThrow("whole number");
  });
});

describe("a plaintext of another layout", () => {
  function malformed(change: (plaintext: Uint8Array) => void, length = 256): unknown {
    const plaintext = new Uint8Array(length);
    change(plaintext);
    const opened = open(sealRaw(plaintext));
    return opened.ok ? "opened" : opened.error;
  }

  it("opens when nothing is wrong with it", () => {
    expect(malformed(() => {})).toBe("opened");
  });

  it("is malformed, never misread", () => {
    expect(malformed((p) => p.fill(0xff, 32, 40))).toEqual({ type: "Malformed", field: "sequence" });
    expect(malformed((p) => (p[33] = 0x20))).toEqual({ type: "Malformed", field: "sequence" });
    expect(malformed((p) => (p[33] = 0x1f))).toBe("opened");
    expect(malformed((p) => (p[72] = GIVEN_UP_MAX + 1), 1024)).toEqual({ type: "Malformed", field: "givenUp" });
    expect(malformed((p) => (p[72] = 23))).toEqual({ type: "Malformed", field: "givenUp" });
    expect(malformed((p) => p.fill(0xff, 72, 74).fill(1, 72, 73))).toEqual({ type: "Malformed", field: "givenUp" });
    expect(malformed((p) => writeU32(p, 73, 256 - 77 + 1))).toEqual({ type: "Malformed", field: "body" });
    expect(malformed((p) => writeU32(p, 73, 0xffff_ffff))).toEqual({ type: "Malformed", field: "body" });
    expect(malformed((p) => (p[255] = 1))).toEqual({ type: "Malformed", field: "padding" });
    expect(malformed(() => {}, 272)).toEqual({ type: "Malformed", field: "padding" });
  });

  it("never makes it throw", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 256, maxLength: 700 }), (plaintext) => {
        expect(typeof open(sealRaw(plaintext)).ok).toBe("boolean");
      }),
    );
  });
});
