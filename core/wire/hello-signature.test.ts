import { decode } from "@msgpack/msgpack";
import { describe, expect, it } from "vitest";
import { portableSuite as suite } from "../crypto/portable.ts";
import { GENESIS, START } from "../ids.ts";
import { deriveGroupKeys } from "../keys.ts";
import { Redacted } from "../redacted.ts";
import { MessageCodec } from "./codec.ts";
import { encodeHelloToSign, isHelloSigned, signHello } from "./hello-signature.ts";
import type { Hello } from "./messages.ts";

const keys = deriveGroupKeys(suite, new Redacted(new Uint8Array(32).fill(0x42)));
const handshakeHash = new Uint8Array(32).fill(3);
const fields: Omit<Hello, "signature"> = {
  type: "Hello",
  versions: [2],
  groupKey: keys.groupKey,
  epoch: new Uint8Array(16).fill(4),
  contiguous: { cursor: 7, chain: new Uint8Array(32).fill(5) },
  highest: { cursor: 9, chain: new Uint8Array(32).fill(6) },
};
const hello = signHello(suite, keys.signingSeed, fields, handshakeHash);

describe("the signature in Hello", () => {
  it("is over label, handshake hash and the other fields", () => {
    const bytes = encodeHelloToSign(fields, handshakeHash);
    expect(new TextDecoder().decode(bytes.subarray(0, 15))).toBe("0k-sync/2 hello");
    expect(bytes.subarray(15, 47)).toEqual(handshakeHash);
    const { groupKey, epoch, contiguous, highest } = fields;
    expect(decode(bytes.subarray(47))).toEqual([
      1,
      [2],
      groupKey,
      epoch,
      contiguous.cursor,
      contiguous.chain,
      highest.cursor,
      highest.chain,
    ]);
  });

  it("still holds on the other side of the wire", () => {
    const codec = new MessageCodec();
    const parsed = codec.parse(codec.encode(hello));
    expect(parsed).toEqual({ ok: true, value: hello });
    expect(parsed.ok && parsed.value.type === "Hello" && isHelloSigned(suite, parsed.value, handshakeHash)).toBe(true);
  });

  it("is worth nothing in another connection", () => {
    expect(isHelloSigned(suite, hello, new Uint8Array(32))).toBe(false);
  });

  it.each<[string, Partial<Hello>]>([
    ["versions", { versions: [2, 3] }],
    ["group key", { groupKey: suite.signPublicKey(new Uint8Array(32)) }],
    ["signature", { signature: new Uint8Array(64) }],
    ["epoch", { epoch: new Uint8Array(16) }],
    ["absent epoch", { epoch: null }],
    ["contiguous cursor", { contiguous: { ...fields.contiguous, cursor: 8 } }],
    ["contiguous chain", { contiguous: { cursor: 7, chain: GENESIS } }],
    ["highest position", { highest: START }],
  ])("does not cover another %s", (_what, other) => {
    expect(isHelloSigned(suite, hello, handshakeHash)).toBe(true);
    expect(isHelloSigned(suite, { ...hello, ...other }, handshakeHash)).toBe(false);
  });

  it("refuses a handshake hash of another length", () => {
    expect(() => encodeHelloToSign(fields, new Uint8Array(31))).toThrow("32 bytes");
  });
});
