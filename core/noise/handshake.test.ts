import { readFileSync } from "node:fs";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { describe, expect, it } from "vitest";
import { EMPTY, encodeHex, parseHex } from "../bytes.ts";
import { portableSuite as suite } from "../crypto/portable.ts";
import type { CryptoSuite } from "../crypto/suite.ts";
import { InvariantViolation } from "../invariant.ts";
import type { Result } from "../result.ts";
import type { CipherState } from "./cipher-state.ts";
import type { HandshakeOptions, NoiseError, Role } from "./handshake.ts";
import { Handshake, XX, createHandshake } from "./handshake.ts";

interface Vector {
  readonly protocol_name: string;
  readonly init_prologue: string;
  readonly init_static: string;
  readonly init_ephemeral: string;
  readonly resp_prologue: string;
  readonly resp_static: string;
  readonly resp_ephemeral: string;
  readonly handshake_hash: string;
  readonly messages: readonly { readonly payload: string; readonly ciphertext: string }[];
}

const VECTORS = JSON.parse(readFileSync(new URL("vectors/noise-xx.json", import.meta.url), "utf8")) as Vector[];

function hex(text: string): Uint8Array {
  const bytes = parseHex(text);
  if (bytes === undefined) throw new Error(`not hex: ${text}`);
  return bytes;
}
function value<T>(result: Result<T, NoiseError>): T {
  if (!result.ok) throw new Error(`refused: ${JSON.stringify(result.error)}`);
  return result.value;
}
function error<T>(result: Result<T, NoiseError>): NoiseError | undefined {
  return result.ok ? undefined : result.error;
}
function seal(cipher: CipherState, plaintext: Uint8Array): Uint8Array {
  const out = new Uint8Array(plaintext.length + 16);
  cipher.encrypt(EMPTY, plaintext, out);
  return out;
}

const ALICE = new Uint8Array(32).fill(1);
const BOB = new Uint8Array(32).fill(2);

function create(role: Role, prologue: Uint8Array = EMPTY): Handshake {
  const isInitiator = role === "initiator";
  return createHandshake({
    suite,
    role,
    prologue,
    staticKey: isInitiator ? ALICE : BOB,
    ephemeral: new Uint8Array(32).fill(isInitiator ? 3 : 4),
  });
}

/** The second vector is for SHA-256: the same code with another hash in the suite and another name in the pattern. */
const sha256Suite: CryptoSuite = {
  ...suite,
  hash: (bytes) => sha256(bytes),
  hmac: (key, bytes) => hmac(sha256, key, bytes),
};
function createFor(vector: Vector, options: Omit<HandshakeOptions, "suite">): Handshake {
  if (vector.protocol_name === XX.protocolName) return createHandshake({ suite, ...options });
  return new Handshake({ suite: sha256Suite, ...options }, { ...XX, protocolName: vector.protocol_name });
}

describe("Noise, byte for byte", () => {
  it("has vectors with handshake and transport messages", () => {
    expect(VECTORS.map((vector) => vector.protocol_name)).toEqual([
      "Noise_XX_25519_ChaChaPoly_BLAKE2s",
      "Noise_XX_25519_ChaChaPoly_SHA256",
    ]);
    expect(XX.protocolName).toBe("Noise_XX_25519_ChaChaPoly_BLAKE2s");
    for (const vector of VECTORS) expect(vector.messages.length).toBeGreaterThan(3);
  });

  VECTORS.forEach((vector) => {
    it(vector.protocol_name, () => {
      const initiator = createFor(vector, {
        role: "initiator",
        prologue: hex(vector.init_prologue),
        staticKey: hex(vector.init_static),
        ephemeral: hex(vector.init_ephemeral),
      });
      const responder = createFor(vector, {
        role: "responder",
        prologue: hex(vector.resp_prologue),
        staticKey: hex(vector.resp_static),
        ephemeral: hex(vector.resp_ephemeral),
      });

      vector.messages.slice(0, 3).forEach((message, turn) => {
        const [writer, reader] = turn % 2 === 0 ? [initiator, responder] : [responder, initiator];
        expect(encodeHex(value(writer.writeMessage(hex(message.payload))))).toBe(message.ciphertext);
        expect(encodeHex(value(reader.readMessage(hex(message.ciphertext))))).toBe(message.payload);
      });
      expect([initiator.isFinished, responder.isFinished]).toEqual([true, true]);
      expect(initiator.remoteStatic).toEqual(suite.dhPublicKey(hex(vector.resp_static)));
      expect(responder.remoteStatic).toEqual(suite.dhPublicKey(hex(vector.init_static)));

      const sessions = [initiator.split(), responder.split()] as const;
      for (const session of sessions) expect(encodeHex(session.handshakeHash)).toBe(vector.handshake_hash);
      // The third handshake message was the initiator's, so the first transport message is the responder's.
      vector.messages.slice(3).forEach((message, turn) => {
        const [writer, reader] = turn % 2 === 0 ? [sessions[1], sessions[0]] : [sessions[0], sessions[1]];
        const sealed = seal(writer.send, hex(message.payload));
        expect(encodeHex(sealed)).toBe(message.ciphertext);
        const opened = new Uint8Array(sealed.length - 16);
        expect(reader.receive.decrypt(EMPTY, sealed, opened)).toBe(true);
        expect(encodeHex(opened)).toBe(message.payload);
      });
    });
  });
});

describe("what a peer can do wrong", () => {
  it("sends less than the message must hold", () => {
    const first = value(create("initiator").writeMessage(EMPTY));
    expect(error(create("responder").readMessage(first.subarray(0, 31)))).toEqual({
      type: "Truncated",
      lengthBytes: 31,
    });
    const responder = create("responder");
    value(responder.readMessage(first));
    const second = value(responder.writeMessage(EMPTY));
    expect(second.length).toBe(96);
    for (const length of [0, 31, 79, 95]) {
      const initiator = create("initiator");
      initiator.writeMessage(EMPTY);
      expect(error(initiator.readMessage(second.subarray(0, length)))).toEqual({
        type: "Truncated",
        lengthBytes: length,
      });
    }
  });

  it("alters a message, or has another prologue", () => {
    const first = value(create("initiator").writeMessage(EMPTY));
    const other = create("responder", Uint8Array.of(1));
    value(other.readMessage(first));
    const misled = create("initiator");
    misled.writeMessage(EMPTY);
    expect(error(misled.readMessage(value(other.writeMessage(EMPTY))))).toEqual({ type: "Refused", what: "tag" });
    expect(misled.remoteStatic).toBeUndefined();

    const responder = create("responder");
    value(responder.readMessage(first));
    const second = value(responder.writeMessage(EMPTY));
    for (let at = 0; at < second.length; at += 5) {
      const altered = second.slice();
      altered[at]! ^= 0x80;
      const initiator = create("initiator");
      initiator.writeMessage(EMPTY);
      expect(error(initiator.readMessage(altered)), `byte ${at}`).toEqual({ type: "Refused", what: "tag" });
    }
  });

  it("shows a key of small order: an error when it is used, on reading and on writing", () => {
    const responder = create("responder");
    value(responder.readMessage(new Uint8Array(32)));
    expect(error(responder.writeMessage(EMPTY))).toEqual({ type: "Refused", what: "public key" });

    const initiator = create("initiator");
    initiator.writeMessage(EMPTY);
    expect(error(initiator.readMessage(new Uint8Array(96)))).toEqual({ type: "Refused", what: "public key" });
  });
});

describe("what would be our own mistake", () => {
  it("out of turn, after an error, split too early or twice", () => {
    const initiator = create("initiator");
    const responder = create("responder");
    expect(() => initiator.readMessage(new Uint8Array(32))).toThrow(InvariantViolation);
    expect(() => responder.writeMessage(EMPTY)).toThrow(InvariantViolation);
    expect(() => initiator.split()).toThrow(InvariantViolation);
    value(responder.readMessage(value(initiator.writeMessage(EMPTY))));
    value(initiator.readMessage(value(responder.writeMessage(EMPTY))));
    value(responder.readMessage(value(initiator.writeMessage(EMPTY))));
    initiator.split();
    expect(() => initiator.split()).toThrow(InvariantViolation);

    const spoiled = create("responder");
    spoiled.readMessage(EMPTY);
    expect(() => spoiled.readMessage(new Uint8Array(32))).toThrow(InvariantViolation);
  });
});
