import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BytePool, EMPTY, encodeHex } from "../../core/bytes.ts";
import { portableSuite as portable } from "../../core/crypto/portable.ts";
import { suiteConformance } from "../../core/crypto/suite-conformance.ts";
import { TAG_BYTES } from "../../core/crypto/suite.ts";
import { SecureChannel } from "../../core/noise/channel.ts";
import { PROLOGUE } from "../../core/prologue.ts";
import { createFastSuite } from "./fast-suite.ts";
import { NextCiphers } from "./next-ciphers.ts";

describe("a suite with ciphers that are ready", () => {
  const ciphers = new NextCiphers();
  const suite = createFastSuite(ciphers);

  for (const { name, run } of suiteConformance(suite)) {
    it(`conforms to the port: ${name}`, () => {
      run();
      // What it has prepared by now is for messages that never come.
      ciphers.prepare();
      run();
    }, 40_000);
  }

  it("seals and opens as the portable one does, whichever nonces come, after which pauses", () => {
    const step = fc.record({
      key: fc.nat(2),
      counter: fc.nat(3),
      isPause: fc.boolean(),
      isOpening: fc.boolean(),
      isWrong: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const keys = [1, 2, 3].map((fill) => new Uint8Array(32).fill(fill));
        for (const { key: index, counter, isPause, isOpening, isWrong } of steps) {
          const key = keys[index]!;
          // Around a carry: 254, 255, 256, 257.
          const nonce = new Uint8Array(12);
          new DataView(nonce.buffer).setUint16(4, 254 + counter, true);
          const plaintext = new Uint8Array(20).fill(counter);
          const sealed = new Uint8Array(plaintext.length + TAG_BYTES);
          portable.aeadSeal(key, nonce, EMPTY, plaintext, sealed);
          if (isOpening) {
            if (isWrong) sealed[0] = sealed[0]! ^ 1;
            const out = new Uint8Array(plaintext.length);
            expect(suite.aeadOpen(key, nonce, EMPTY, sealed, out)).toBe(!isWrong);
            if (!isWrong) expect(encodeHex(out)).toBe(encodeHex(plaintext));
          } else {
            const out = new Uint8Array(sealed.length);
            suite.aeadSeal(key, nonce, EMPTY, plaintext, out);
            expect(encodeHex(out)).toBe(encodeHex(sealed));
          }
          if (isPause) ciphers.prepare();
        }
      }),
      { numRuns: 300 },
    );
  });

  it("notices a key that was written over", () => {
    const key = new Uint8Array(32).fill(1);
    const out = new Uint8Array(16);
    const nonce = new Uint8Array(12);
    suite.aeadSeal(key, nonce, EMPTY, EMPTY, out);
    ciphers.prepare();
    key.fill(2);
    nonce[4] = 1;
    suite.aeadSeal(key, nonce, EMPTY, EMPTY, out);
    const expected = new Uint8Array(16);
    portable.aeadSeal(key, nonce, EMPTY, EMPTY, expected);
    expect(encodeHex(out)).toBe(encodeHex(expected));
  });

  it("has them ready for the latest keys only", () => {
    const own = new NextCiphers();
    const sealing = createFastSuite(own);
    const keys = Array.from({ length: 100 }, (_, i) => new Uint8Array(32).fill(i));
    const say = (key: Uint8Array, counter: number): boolean => {
      const before = own.foundReady;
      const nonce = new Uint8Array(12);
      nonce[4] = counter;
      sealing.aeadSeal(key, nonce, EMPTY, EMPTY, new Uint8Array(16));
      return own.foundReady > before;
    };
    for (const key of keys) {
      say(key, 0);
      own.prepare();
    }
    expect(keys.filter((key) => say(key, 1)).map(([i]) => i)).toEqual(keys.slice(100 - 64).map(([i]) => i));
  });

  it("finds them ready for each message of a channel, across rekeys", () => {
    const [one, other] = [new NextCiphers(), new NextCiphers()];
    const key = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);
    const shared = { prologue: PROLOGUE, pool: new BytePool(), rekeyAfterMessages: 3 };
    const client = new SecureChannel({
      ...shared,
      suite: createFastSuite(one),
      role: "initiator",
      staticKey: key(1),
      ephemeral: key(2),
    });
    const relay = new SecureChannel({
      ...shared,
      suite: createFastSuite(other),
      role: "responder",
      staticKey: key(3),
      ephemeral: key(4),
    });
    relay.receive(client.start()!);
    client.receive(relay.pollSend()!);
    relay.receive(client.pollSend()!);
    for (let i = 0; i < 10; i++) {
      const sealed = client.seal(Uint8Array.of(i));
      if (!sealed.ok) throw new Error(sealed.error.type);
      const readyBefore = other.foundReady;
      expect(relay.receive(sealed.value).ok).toBe(true);
      expect([...relay.pollFrame()!]).toEqual([i]);
      // The first message, and the first under each new key, have nobody who could know.
      expect(other.foundReady - readyBefore, `message ${i}`).toBe(i % 3 === 0 ? 0 : 1);
      one.prepare();
      other.prepare();
    }
  });
});
