import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BytePool, concatBytes, encodeHex, writeU32 } from "../bytes.ts";
import { portableSuite } from "../crypto/portable.ts";
import type { CryptoSuite } from "../crypto/suite.ts";
import { InvariantViolation } from "../invariant.ts";
import { FRAME_BYTES_MAX, NOISE_PLAINTEXT_BYTES_MAX } from "../limits.ts";
import type { Result } from "../result.ts";
import { encodeText } from "../text.ts";
import type { ChannelError, ChannelOptions } from "./channel.ts";
import { SecureChannel } from "./channel.ts";
import { createHandshake } from "./handshake.ts";

/** The reference suite with its agreements remembered: the same few keys meet thousands of times here. */
const suite: CryptoSuite = (() => {
  const secrets = new Map<string, Uint8Array | undefined>();
  const publics = new Map<string, Uint8Array>();
  return {
    ...portableSuite,
    dhPublicKey(privateKey) {
      const id = encodeHex(privateKey);
      if (!publics.has(id)) publics.set(id, portableSuite.dhPublicKey(privateKey));
      return publics.get(id)!.slice();
    },
    dh(privateKey, publicKey) {
      const id = encodeHex(privateKey) + encodeHex(publicKey);
      if (!secrets.has(id)) secrets.set(id, portableSuite.dh(privateKey, publicKey));
      return secrets.get(id)?.slice();
    },
  };
})();

const PROLOGUE = encodeText("0k-sync/2");
const DEVICE = new Uint8Array(32).fill(1);
const RELAY = new Uint8Array(32).fill(2);
const RELAY_ID = portableSuite.dhPublicKey(RELAY);
const DEVICE_ID = portableSuite.dhPublicKey(DEVICE);

function device(options: Partial<ChannelOptions> = {}): SecureChannel {
  return new SecureChannel({
    suite,
    role: "initiator",
    prologue: PROLOGUE,
    staticKey: DEVICE,
    ephemeral: new Uint8Array(32).fill(3),
    expectedRemote: RELAY_ID,
    pool: new BytePool(),
    ...options,
  });
}
function relay(options: Partial<ChannelOptions> = {}): SecureChannel {
  return new SecureChannel({
    suite,
    role: "responder",
    prologue: PROLOGUE,
    staticKey: RELAY,
    ephemeral: new Uint8Array(32).fill(4),
    pool: new BytePool(),
    ...options,
  });
}
function value<T>(result: Result<T, ChannelError>): T {
  if (!result.ok) throw new Error(`refused: ${JSON.stringify(result.error)}`);
  return result.value;
}
function error<T>(result: Result<T, ChannelError>): ChannelError | undefined {
  return result.ok ? undefined : result.error;
}
function established(options: Partial<ChannelOptions> = {}): { alice: SecureChannel; bob: SecureChannel } {
  const alice = device(options);
  const bob = relay(options);
  value(bob.receive(alice.start()!));
  value(alice.receive(bob.pollSend()!));
  value(bob.receive(alice.pollSend()!));
  return { alice, bob };
}
function frames(channel: SecureChannel): Uint8Array[] {
  const taken: Uint8Array[] = [];
  for (let frame = channel.pollFrame(); frame !== undefined; frame = channel.pollFrame()) taken.push(frame);
  return taken;
}
function body(length: number, seed = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8) + seed) & 0xff);
}
/** Comparing large arrays element by element is what makes such tests slow. */
function expectSame(actual: readonly Uint8Array[], expected: readonly Uint8Array[]): void {
  expect(actual.length).toBe(expected.length);
  expected.forEach((frame, i) => expect(Buffer.compare(actual[i]!, frame), `frame ${i}`).toBe(0));
}
/** An established peer of `relay()` that writes plaintexts of its own making: a member that does not keep the rules. */
function rogue(): { bob: SecureChannel; write: (plaintext: Uint8Array) => Uint8Array } {
  const handshake = createHandshake({
    suite,
    role: "initiator",
    prologue: PROLOGUE,
    staticKey: DEVICE,
    ephemeral: new Uint8Array(32).fill(5),
  });
  const bob = relay();
  const prefixed = (message: Uint8Array): Uint8Array =>
    concatBytes(Uint8Array.of(message.length >> 8, message.length & 0xff), message);
  const step = <T, E>(result: Result<T, E>): T => {
    if (!result.ok) throw new Error("refused");
    return result.value;
  };
  value(bob.receive(prefixed(step(handshake.writeMessage(new Uint8Array(0))))));
  step(handshake.readMessage(bob.pollSend()!.subarray(2)));
  value(bob.receive(prefixed(step(handshake.writeMessage(new Uint8Array(0))))));
  const { send } = handshake.split();
  return {
    bob,
    write(plaintext) {
      const sealed = new Uint8Array(plaintext.length + 16);
      send.encrypt(new Uint8Array(0), plaintext, sealed);
      return prefixed(sealed);
    },
  };
}
function header(length: number): Uint8Array {
  const bytes = new Uint8Array(4);
  writeU32(bytes, 0, length);
  return bytes;
}

describe("handshake", () => {
  it("establishes both sides, which then know one another and one hash", () => {
    const alice = device();
    const bob = relay();
    const first = alice.start()!;
    expect(first.length).toBe(2 + 32);
    expect(bob.start()).toBeUndefined();
    value(bob.receive(first));
    const second = bob.pollSend()!;
    expect(second.length).toBe(2 + 96);
    expect([bob.isEstablished, bob.pollSend(), bob.remoteStatic]).toEqual([false, undefined, undefined]);
    value(alice.receive(second));
    expect(alice.isEstablished).toBe(true);
    const third = alice.pollSend()!;
    expect(third.length).toBe(2 + 64);
    value(bob.receive(third));
    expect(bob.isEstablished).toBe(true);
    expect(alice.remoteStatic).toEqual(RELAY_ID);
    expect(bob.remoteStatic).toEqual(DEVICE_ID);
    expect(alice.handshakeHash).toEqual(bob.handshakeHash);
    expect(alice.handshakeHash!.length).toBe(32);
  });

  it("goes byte by byte, and the third message may bring the first frames with it", () => {
    const alice = device();
    const bob = relay();
    for (const byte of alice.start()!) value(bob.receive(Uint8Array.of(byte)));
    for (const byte of bob.pollSend()!) value(alice.receive(Uint8Array.of(byte)));
    const rest = concatBytes(alice.pollSend()!, value(alice.seal(body(10))), value(alice.seal(body(20))));
    value(bob.receive(rest));
    expectSame(frames(bob), [body(10), body(20)]);
  });

  it("refuses another relay than the pinned one before it shows who we are", () => {
    const alice = device({ expectedRemote: DEVICE_ID });
    const bob = relay();
    value(bob.receive(alice.start()!));
    expect(error(alice.receive(bob.pollSend()!))).toEqual({ type: "WrongRemote", remote: RELAY_ID });
    expect(alice.pollSend()).toBeUndefined();
    expect(alice.isEstablished).toBe(false);
    expect(bob.remoteStatic).toBeUndefined();
  });

  it("refuses another prologue at the second message", () => {
    const alice = device();
    const bob = relay({ prologue: encodeText("0k-sync/3") });
    value(bob.receive(alice.start()!));
    expect(error(alice.receive(bob.pollSend()!))).toEqual({ type: "Refused", what: "tag" });
    expect(alice.pollSend()).toBeUndefined();
  });

  it("refuses every other length of a handshake message on its header", () => {
    for (const length of [0, 1, 31, 33, 64, 96, 65_535]) {
      const bytes = Uint8Array.of(length >> 8, length & 0xff);
      expect(error(relay().receive(bytes))).toEqual({ type: "MessageLength", lengthBytes: length });
    }
    const alice = device();
    alice.start();
    expect(error(alice.receive(Uint8Array.of(0, 95)))).toEqual({ type: "MessageLength", lengthBytes: 95 });
    const bob = relay();
    value(bob.receive(device().start()!));
    expect(error(bob.receive(Uint8Array.of(0, 65)))).toEqual({ type: "MessageLength", lengthBytes: 65 });
  });

  it("refuses a public key of small order as the peer's fault", () => {
    expect(error(relay().receive(concatBytes(Uint8Array.of(0, 32), new Uint8Array(32))))).toEqual({
      type: "Refused",
      what: "public key",
    });
  });
});

describe("frames", () => {
  it("costs 22 bytes for a frame in one message, in a buffer of its own", () => {
    const { alice, bob } = established();
    const frame = body(350);
    const bytes = value(alice.seal(frame));
    expect(bytes.length).toBe(350 + 4 + 16 + 2);
    expect(Buffer.from(bytes).includes(Buffer.from(frame.subarray(0, 8)))).toBe(false);
    value(bob.receive(bytes));
    expectSame(frames(bob), [frame]);
    expectSame([frame], [body(350)]);
    expect(bob.pollFrame()).toBeUndefined();
  });

  it("goes both ways, at every size around the bounds of one message", () => {
    const { alice, bob } = established();
    const most = NOISE_PLAINTEXT_BYTES_MAX;
    for (const size of [0, 1, 100, most - 5, most - 4, most - 3, most, 2 * most - 4, 2 * most - 3, 200_000]) {
      value(bob.receive(value(alice.seal(body(size)))));
      expectSame(frames(bob), [body(size)]);
      value(alice.receive(value(bob.seal(body(size, 1)))));
      expectSame(frames(alice), [body(size, 1)]);
    }
  });

  it("carries the largest frame, and refuses a larger one on writing without dying of it", () => {
    const { alice, bob } = established();
    const largest = body(FRAME_BYTES_MAX);
    value(bob.receive(value(alice.seal(largest))));
    expectSame(frames(bob), [largest]);
    const tooLarge = {
      type: "FrameTooLarge",
      lengthBytes: FRAME_BYTES_MAX + 1,
      limitBytes: FRAME_BYTES_MAX,
    };
    expect(error(alice.seal(new Uint8Array(FRAME_BYTES_MAX + 1)))).toEqual(tooLarge);
    expect(error(alice.sealAll([body(1), new Uint8Array(FRAME_BYTES_MAX + 1)]))).toEqual(tooLarge);
    value(bob.receive(value(alice.seal(body(5)))));
    expectSame(frames(bob), [body(5)]);
  });

  it("refuses an oversize frame on its header, before its body", () => {
    for (const length of [FRAME_BYTES_MAX + 1, 0x8000_0000, 0xffff_ffff]) {
      const { bob, write } = rogue();
      const message = write(header(length));
      expect(error(bob.receive(message))).toEqual({
        type: "FrameTooLarge",
        lengthBytes: length,
        limitBytes: FRAME_BYTES_MAX,
      });
      expect([bob.isEstablished, bob.failure?.type]).toEqual([false, "FrameTooLarge"]);
    }
  });

  it("puts several frames into one message when they are sent together and fit", () => {
    const { alice, bob } = established();
    const few = [body(10), body(0), body(30)];
    const bytes = value(alice.sealAll(few));
    expect(bytes.length).toBe(2 + 3 * 4 + 40 + 16);
    value(bob.receive(bytes));
    expectSame(frames(bob), few);
    const many = [body(40_000), body(20), body(100_000)];
    value(bob.receive(value(alice.sealAll(many))));
    expectSame(frames(bob), many);
    expect(value(alice.sealAll([])).length).toBe(0);
  });

  it("takes frames from messages that are cut anywhere, headers too", () => {
    const expected = [body(6), body(0, 1), body(300, 2), body(1, 3)];
    const plaintext = concatBytes(...expected.flatMap((frame) => [header(frame.length), frame]));
    for (let size = 1; size <= plaintext.length; size += size < 20 ? 1 : 37) {
      const { bob, write } = rogue();
      for (let at = 0; at < plaintext.length; at += size) {
        value(bob.receive(write(plaintext.subarray(at, at + size))));
      }
      expectSame(frames(bob), expected);
    }
  });

  it("keeps a frame as it is when chunks and later frames come", () => {
    const { alice, bob } = established();
    const chunk = value(alice.seal(body(100)));
    value(bob.receive(chunk));
    const [frame] = frames(bob);
    chunk.fill(0);
    for (let i = 0; i < 300; i++) value(bob.receive(value(alice.seal(body(300, i)))));
    expectSame([frame!], [body(100)]);
  });

  it("gives the same frames for any frame sizes, in chunks of any size", () => {
    const size = fc.oneof(
      { weight: 8, arbitrary: fc.integer({ min: 0, max: 400 }) },
      { weight: 1, arbitrary: fc.integer({ min: 60_000, max: 200_000 }) },
    );
    const chunk = fc.oneof(
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 1500 }),
      fc.integer({ min: 1, max: 100_000 }),
    );
    fc.assert(
      fc.property(
        fc.array(size, { minLength: 1, maxLength: 8 }),
        fc.array(chunk, { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 1, max: 4 }),
        (sizes, chunks, rekeyAfterMessages) => {
          const { alice, bob } = established({ rekeyAfterMessages });
          const sent = sizes.map((length, i) => body(length, i));
          const stream = concatBytes(...sent.map((frame) => value(alice.seal(frame))));
          const received: Uint8Array[] = [];
          for (let at = 0, i = 0; at < stream.length; i++) {
            const end = at + chunks[i % chunks.length]!;
            value(bob.receive(stream.subarray(at, end)));
            received.push(...frames(bob));
            at = end;
          }
          expectSame(received, sent);
        },
      ),
      { numRuns: 60, seed: 20_261_122 },
    );
  });

  it("gives the same frames for every single chunk size", () => {
    const sent = [body(1), body(150), body(0), body(40)];
    const { alice } = established();
    const stream = concatBytes(...sent.map((frame) => value(alice.seal(frame))));
    for (let size = 1; size <= stream.length; size++) {
      const { bob } = established();
      for (let at = 0; at < stream.length; at += size) value(bob.receive(stream.subarray(at, at + size)));
      expectSame(frames(bob), sent);
    }
  });
});

describe("rekey", () => {
  it("after three messages each way, on both sides at the same place", () => {
    const { alice, bob } = established({ rekeyAfterMessages: 3 });
    for (let i = 0; i < 20; i++) {
      value(bob.receive(value(alice.seal(body(50, i)))));
      expectSame(frames(bob), [body(50, i)]);
      if (i % 2 === 0) {
        value(alice.receive(value(bob.seal(body(60, i)))));
        expectSame(frames(alice), [body(60, i)]);
      }
    }
  });

  it("really changes the key, after exactly that many messages", () => {
    const plain = established();
    const rekeying = established({ rekeyAfterMessages: 3 });
    for (let i = 0; i < 5; i++) {
      const expected = value(plain.alice.seal(body(50)));
      const actual = value(rekeying.alice.seal(body(50)));
      expect(Buffer.compare(expected, actual) === 0, `message ${i}`).toBe(i < 3);
    }
    const { alice } = established({ rekeyAfterMessages: 3 });
    const { bob } = established({ rekeyAfterMessages: 4 });
    for (let i = 0; i < 3; i++) value(bob.receive(value(alice.seal(body(50)))));
    expect(error(bob.receive(value(alice.seal(body(50)))))).toEqual({ type: "Refused", what: "tag" });
  });

  it("counts Noise messages, not frames", () => {
    const { alice, bob } = established({ rekeyAfterMessages: 2 });
    const large = body(5 * NOISE_PLAINTEXT_BYTES_MAX);
    value(bob.receive(value(alice.seal(large))));
    value(bob.receive(value(alice.seal(body(9)))));
    expectSame(frames(bob), [large, body(9)]);
  });
});

describe("tampering", () => {
  it("with any single byte after the handshake ends in an error, with no wrong frame before", () => {
    const sent = [body(20), body(70, 1), body(5, 2)];
    const { alice } = established();
    const stream = concatBytes(...sent.map((frame) => value(alice.seal(frame))));
    // A length that was made larger waits for more, so more comes.
    const more = new Uint8Array(70_000);
    for (let at = 0; at < stream.length; at++) {
      for (const mask of [0x01, 0x80]) {
        const { bob } = established();
        const altered = stream.slice();
        altered[at]! ^= mask;
        const result = bob.receive(concatBytes(altered, more));
        expect(result.ok, `byte ${at}`).toBe(false);
        const received = frames(bob);
        expect(received.length, `byte ${at}`).toBeLessThan(sent.length);
        expectSame(received, sent.slice(0, received.length));
        expect(bob.isEstablished).toBe(false);
      }
    }
  });

  it("with any single byte of the handshake lets no frame through", () => {
    const lengths = [34, 98, 66];
    for (const [turn, length] of lengths.entries()) {
      for (let at = 0; at < length; at++) {
        const alice = device();
        const bob = relay();
        let bytes = alice.start();
        let failed = false;
        for (let step = 0; step < 3 && bytes !== undefined; step++) {
          const altered = bytes.slice();
          if (step === turn) altered[at]! ^= 0x80;
          const [writer, reader] = step % 2 === 0 ? [alice, bob] : [bob, alice];
          if (!reader.receive(altered).ok) {
            failed = true;
            break;
          }
          bytes = reader.pollSend() ?? writer.pollSend();
        }
        expect(failed, `message ${turn + 1}, byte ${at}`).toBe(true);
        expect(alice.isEstablished && bob.isEstablished).toBe(false);
        // Before the third message only: whoever alters it has not kept the device from showing its id to the relay.
        if (turn < 2) expect(bob.remoteStatic).toBeUndefined();
      }
    }
  });

  it("by leaving out, repeating or swapping messages is refused", () => {
    const orders = [[1], [0, 0], [1, 0], [0, 2], [0, 1, 1]];
    for (const order of orders) {
      const { alice, bob } = established();
      const messages = [0, 1, 2].map((i) => value(alice.seal(body(30, i))));
      const stream = concatBytes(...order.map((i) => messages[i]!));
      expect(error(bob.receive(stream)), order.join()).toEqual({ type: "Refused", what: "tag" });
    }
  });

  it("with impossible message lengths is refused on the header", () => {
    for (const length of [0, 1, 15, 16]) {
      const { bob } = established();
      expect(error(bob.receive(Uint8Array.of(0, length)))).toEqual({ type: "MessageLength", lengthBytes: length });
    }
  });

  it("kills the channel for good, but frames that came whole before can be taken", () => {
    const { alice, bob } = established();
    const good = value(alice.seal(body(40)));
    const bad = value(alice.seal(body(40, 1)));
    bad[10]! ^= 1;
    expect(error(bob.receive(concatBytes(good, bad)))).toEqual({ type: "Refused", what: "tag" });
    expect(bob.failure).toEqual({ type: "Refused", what: "tag" });
    expectSame(frames(bob), [body(40)]);
    expect(error(bob.receive(good))).toEqual({ type: "Dead" });
    expect(error(bob.seal(body(1)))).toEqual({ type: "Dead" });
    expect(error(bob.sealAll([body(1)]))).toEqual({ type: "Dead" });
  });
});

describe("what would be our own mistake", () => {
  it("sealing too early, before pollSend is drained, starting twice, receiving before start", () => {
    const alice = device();
    const bob = relay();
    expect(() => alice.seal(body(1))).toThrow(InvariantViolation);
    expect(() => alice.receive(concatBytes(Uint8Array.of(0, 32), new Uint8Array(32)))).toThrow(InvariantViolation);
    const waiting = device();
    value(bob.receive(waiting.start()!));
    expect(() => waiting.start()).toThrow(InvariantViolation);
    value(waiting.receive(bob.pollSend()!));
    expect(() => waiting.seal(body(1))).toThrow(InvariantViolation);
    waiting.pollSend();
    expect(waiting.seal(body(1)).ok).toBe(true);
  });
});
