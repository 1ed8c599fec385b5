/**
 * What every implementation of the crypto port must do, as named cases that throw on failure: pure code, run by a test
 * file on each suite. The cases know no vectors (the toy suite computes other values than the real ones); they hold
 * what all suites share: lengths, refusals, sensitivity to every input, no side effects on what they were given. They
 * also hold what the callers rely on beyond the port's text: `seal` works in place, and views at any offset are fine.
 */
import { EMPTY, concatBytes, isEqualBytes } from "../bytes.ts";
import { InvariantViolation } from "../invariant.ts";
import type { CryptoSuite } from "./suite.ts";
import { HASH_BYTES, KEY_BYTES, SIGNATURE_BYTES, TAG_BYTES, XNONCE_BYTES } from "./suite.ts";

export interface ConformanceCase {
  readonly name: string;
  readonly run: () => void;
}

const SIZES = [0, 1, 15, 16, 63, 64, 65, 1000, 70_000];

export function suiteConformance(suite: CryptoSuite): ConformanceCase[] {
  return [
    ...aeadCases({
      name: "aead",
      nonceBytes: 12,
      seal: (key, nonce, ad, plaintext, out) => suite.aeadSeal(key, nonce, ad, plaintext, out),
      open: (key, nonce, ad, sealed, out) => suite.aeadOpen(key, nonce, ad, sealed, out),
    }),
    ...aeadCases({
      name: "xaead",
      nonceBytes: XNONCE_BYTES,
      seal: (key, nonce, ad, plaintext, out) => suite.xaeadSeal(key, nonce, ad, plaintext, out),
      open: (key, nonce, ad, sealed, out) => suite.xaeadOpen(key, nonce, ad, sealed, out),
    }),
    ...hashCases(suite),
    ...agreementCases(suite),
    ...signatureCases(suite),
  ];
}

interface Aead {
  readonly name: string;
  readonly nonceBytes: number;
  readonly seal: CryptoSuite["aeadSeal"];
  readonly open: CryptoSuite["aeadOpen"];
}

function aeadCases(aead: Aead): ConformanceCase[] {
  const key = sample(KEY_BYTES, 1);
  const nonce = sample(aead.nonceBytes, 2);
  const ad = sample(21, 3);

  function sealed(plaintext: Uint8Array): Uint8Array {
    const out = new Uint8Array(plaintext.length + TAG_BYTES);
    aead.seal(key, nonce, ad, plaintext, out);
    return out;
  }
  function opens(k: Uint8Array, n: Uint8Array, a: Uint8Array, bytes: Uint8Array): boolean {
    return aead.open(k, n, a, bytes, new Uint8Array(bytes.length - TAG_BYTES));
  }

  const roundTrips = SIZES.map((size) => ({
    name: `${aead.name}: opens what it sealed, ${size} bytes`,
    run: () => {
      const plaintext = sample(size, 4);
      const out = new Uint8Array(size);
      for (const associated of [EMPTY, ad, sample(300, 5)]) {
        const box = new Uint8Array(size + TAG_BYTES);
        aead.seal(key, nonce, associated, plaintext, box);
        check(aead.open(key, nonce, associated, box, out), "opens");
        checkEqual(out, plaintext, "plaintext");
      }
    },
  }));

  return [
    ...roundTrips,
    {
      name: `${aead.name}: is deterministic`,
      run: () => checkEqual(sealed(sample(100, 4)), sealed(sample(100, 4)), "sealed twice"),
    },
    {
      name: `${aead.name}: refuses every other key, nonce and ad of one flipped bit`,
      run: () => {
        for (const size of [0, 40]) {
          const box = sealed(sample(size, 4));
          check(opens(key, nonce, ad, box), "opens unaltered");
          eachFlip(key, (flipped, bit) => check(!opens(flipped, nonce, ad, box), `key bit ${bit}`));
          eachFlip(nonce, (flipped, bit) => check(!opens(key, flipped, ad, box), `nonce bit ${bit}`));
          eachFlip(ad, (flipped, bit) => check(!opens(key, nonce, flipped, box), `ad bit ${bit}`));
        }
      },
    },
    {
      name: `${aead.name}: refuses an ad that is shorter, longer or missing`,
      run: () => {
        const box = sealed(sample(40, 4));
        for (const other of [EMPTY, ad.subarray(0, 20), concatBytes(ad, new Uint8Array(1))]) {
          check(!opens(key, nonce, other, box), `ad of ${other.length} bytes`);
        }
      },
    },
    {
      name: `${aead.name}: refuses every flipped bit of ciphertext and tag`,
      run: () => {
        for (const size of [0, 1, 33, 70]) {
          eachFlip(sealed(sample(size, 4)), (flipped, bit) => {
            check(!opens(key, nonce, ad, flipped), `bit ${bit} of ${size} bytes`);
          });
        }
      },
    },
    {
      name: `${aead.name}: refuses what was cut, at either end, or made longer`,
      run: () => {
        const box = sealed(sample(40, 4));
        for (let kept = TAG_BYTES; kept < box.length; kept++) {
          check(!opens(key, nonce, ad, box.subarray(0, kept)), `first ${kept} bytes`);
          check(!opens(key, nonce, ad, box.subarray(box.length - kept)), `last ${kept} bytes`);
        }
        check(!opens(key, nonce, ad, concatBytes(box, new Uint8Array(1))), "a zero more");
      },
    },
    {
      name: `${aead.name}: hides the plaintext`,
      run: () => {
        for (const plaintext of [sample(1000, 6), new Uint8Array(1000), new Uint8Array(1000).fill(0xff)]) {
          const box = sealed(plaintext);
          check(!isEqualBytes(box.subarray(0, plaintext.length), plaintext), "ciphertext is not the plaintext");
          check(!sharesWindow(plaintext, box, 8), "no 8 bytes of the plaintext are in the ciphertext");
        }
      },
    },
    {
      name: `${aead.name}: another nonce gives another keystream`,
      run: () => {
        const zeros = new Uint8Array(1000);
        const other = new Uint8Array(1000 + TAG_BYTES);
        aead.seal(key, sample(aead.nonceBytes, 7), ad, zeros, other);
        check(!sharesWindow(sealed(zeros), other, 8), "no 8 bytes in common");
      },
    },
    {
      name: `${aead.name}: seals in place, when the plaintext is the beginning of out, or out itself`,
      run: () => {
        for (const size of SIZES) {
          const plaintext = sample(size, 4);
          const out = concatBytes(plaintext, new Uint8Array(TAG_BYTES));
          aead.seal(key, nonce, ad, out.subarray(0, size), out);
          checkEqual(out, sealed(plaintext), `${size} bytes`);
          const all = concatBytes(plaintext, new Uint8Array(TAG_BYTES).fill(0xa5));
          aead.seal(key, nonce, ad, all, all);
          checkEqual(all, out, `${size} bytes of out itself`);
        }
      },
    },
    {
      name: `${aead.name}: takes views at any offset and writes nowhere else`,
      run: () => {
        const plaintext = sample(77, 4);
        const expected = sealed(plaintext);
        for (let offset = 0; offset < 8; offset++) {
          const slab = new Uint8Array(200).fill(0xa5);
          const box = slab.subarray(offset, offset + expected.length);
          aead.seal(shifted(key, offset), shifted(nonce, offset), shifted(ad, offset), shifted(plaintext, offset), box);
          checkEqual(box, expected, `sealed at offset ${offset}`);
          checkUntouched(slab, offset, expected.length);

          const plainSlab = new Uint8Array(200).fill(0xa5);
          const out = plainSlab.subarray(offset, offset + plaintext.length);
          check(aead.open(key, nonce, ad, box, out), `opens at offset ${offset}`);
          checkEqual(out, plaintext, `plaintext at offset ${offset}`);
          checkUntouched(plainSlab, offset, plaintext.length);
        }
      },
    },
    {
      name: `${aead.name}: leaves its inputs as they were`,
      run: () => {
        const plaintext = sample(99, 4);
        const box = sealed(plaintext);
        const before = box.slice();
        check(opens(key, nonce, ad, box), "opens");
        check(!opens(sample(KEY_BYTES, 8), nonce, ad, box), "refuses");
        checkEqual(box, before, "sealed");
        checkEqual(plaintext, sample(99, 4), "plaintext");
        checkEqual(key, sample(KEY_BYTES, 1), "key");
        checkEqual(nonce, sample(aead.nonceBytes, 2), "nonce");
        checkEqual(ad, sample(21, 3), "ad");
      },
    },
    {
      name: `${aead.name}: takes a wrong length for our own mistake`,
      run: () => {
        const box = sealed(sample(10, 4));
        const ten = new Uint8Array(10);
        checkThrows(() => aead.seal(key.subarray(1), nonce, ad, ten, new Uint8Array(26)), "seal: key");
        checkThrows(() => aead.seal(key, nonce.subarray(1), ad, ten, new Uint8Array(26)), "seal: nonce");
        checkThrows(() => aead.seal(key, nonce, ad, ten, new Uint8Array(25)), "seal: out");
        checkThrows(() => aead.open(key.subarray(1), nonce, ad, box, ten), "open: key");
        checkThrows(() => aead.open(key, nonce.subarray(1), ad, box, ten), "open: nonce");
        checkThrows(() => aead.open(key, nonce, ad, box, new Uint8Array(11)), "open: out");
        checkThrows(() => aead.open(key, nonce, ad, box.subarray(0, 15), EMPTY), "open: less than a tag");
      },
    },
  ];
}

function hashCases(suite: CryptoSuite): ConformanceCase[] {
  return [
    {
      name: "hash: 32 bytes, deterministic, fresh, different for every size and every bit",
      run: () => {
        const seen: Uint8Array[] = [];
        for (const size of SIZES) seen.push(suite.hash(sample(size, 9)));
        for (let size = 1; size < 20; size++) seen.push(suite.hash(new Uint8Array(size)));
        eachFlip(sample(65, 9), (flipped) => seen.push(suite.hash(flipped)));
        checkDistinct(seen, HASH_BYTES);
        checkFresh(
          () => suite.hash(sample(65, 9)),
          () => suite.hash(sample(64, 9)),
        );
      },
    },
    {
      name: "hmac: 32 bytes, deterministic, fresh, sensitive to key and message",
      run: () => {
        const key = sample(KEY_BYTES, 1);
        const message = sample(40, 2);
        const seen = [suite.hash(message), suite.hash(concatBytes(key, message)), suite.hmac(key, EMPTY)];
        seen.push(suite.hmac(EMPTY, message), suite.hmac(key, message), suite.hmac(message, key));
        // The same bytes, cut elsewhere.
        seen.push(suite.hmac(concatBytes(key, message.subarray(0, 8)), message.subarray(8)));
        seen.push(suite.hmac(sample(200, 3), message));
        eachFlip(key, (flipped) => seen.push(suite.hmac(flipped, message)));
        eachFlip(message, (flipped) => seen.push(suite.hmac(key, flipped)));
        checkDistinct(seen, HASH_BYTES);
        checkFresh(
          () => suite.hmac(key, message),
          () => suite.hmac(message, key),
        );
        checkEqual(key, sample(KEY_BYTES, 1), "key unchanged");
        checkEqual(message, sample(40, 2), "message unchanged");
      },
    },
    {
      name: "hkdf: right lengths, deterministic, fresh, sensitive to secret, salt and info",
      run: () => {
        const secret = sample(32, 1);
        const salt = sample(16, 2);
        const info = sample(11, 3);
        for (const length of [32, 64]) {
          const seen = [suite.hkdf(secret, salt, info, length), suite.hkdf(secret, EMPTY, info, length)];
          seen.push(suite.hkdf(secret, salt, EMPTY, length), suite.hkdf(salt, secret, info, length));
          eachFlip(secret, (flipped) => seen.push(suite.hkdf(flipped, salt, info, length)));
          eachFlip(salt, (flipped) => seen.push(suite.hkdf(secret, flipped, info, length)));
          eachFlip(info, (flipped) => seen.push(suite.hkdf(secret, salt, flipped, length)));
          checkDistinct(seen, length);
          check(!sharesWindow(seen[0]!.subarray(0, 16), seen[0]!.subarray(16), 8), "does not repeat itself");
        }
        for (const length of [1, 17, 100]) check(suite.hkdf(secret, salt, info, length).length === length, "length");
        checkFresh(
          () => suite.hkdf(secret, salt, info, 32),
          () => suite.hkdf(secret, salt, EMPTY, 32),
        );
        checkEqual(secret, sample(32, 1), "secret unchanged");
      },
    },
  ];
}

function agreementCases(suite: CryptoSuite): ConformanceCase[] {
  const alice = sample(KEY_BYTES, 11);
  const bob = sample(KEY_BYTES, 12);
  const carol = sample(KEY_BYTES, 13);
  return [
    {
      name: "dh: both sides agree, every pair on another secret",
      run: () => {
        const keys = [alice, bob, carol];
        const publics = keys.map((key) => suite.dhPublicKey(key));
        checkDistinct([...keys, ...publics], KEY_BYTES);
        const secrets: Uint8Array[] = [...publics];
        for (let i = 0; i < 3; i++) {
          for (let j = 0; j <= i; j++) {
            const one = suite.dh(keys[i]!, publics[j]!);
            const other = suite.dh(keys[j]!, publics[i]!);
            check(one !== undefined && other !== undefined, "a secret");
            checkEqual(one, other, "agreed");
            secrets.push(one);
          }
        }
        checkDistinct(secrets, KEY_BYTES);
      },
    },
    {
      name: "dh: deterministic, fresh, leaves its inputs as they were",
      run: () => {
        const publicKey = suite.dhPublicKey(bob);
        const before = publicKey.slice();
        checkFresh(
          () => suite.dh(alice, publicKey)!,
          () => suite.dh(carol, publicKey)!,
        );
        checkFresh(
          () => suite.dhPublicKey(alice),
          () => suite.dhPublicKey(bob),
        );
        checkEqual(publicKey, before, "public key");
        checkEqual(alice, sample(KEY_BYTES, 11), "private key");
      },
    },
    {
      name: "dh: no secret with a public key of small order",
      run: () => {
        const one = new Uint8Array(KEY_BYTES);
        one[0] = 1;
        check(suite.dh(alice, new Uint8Array(KEY_BYTES)) === undefined, "u = 0");
        check(suite.dh(alice, one) === undefined, "u = 1");
      },
    },
    {
      name: "dh: takes a wrong length for our own mistake",
      run: () => {
        checkThrows(() => suite.dh(alice.subarray(1), bob), "private key");
        checkThrows(() => suite.dh(alice, bob.subarray(1)), "public key");
        checkThrows(() => suite.dhPublicKey(alice.subarray(1)), "public key of a short private one");
      },
    },
  ];
}

function signatureCases(suite: CryptoSuite): ConformanceCase[] {
  const seed = sample(KEY_BYTES, 21);
  const message = sample(50, 22);
  return [
    {
      name: "sign: what was signed verifies, at every size",
      run: () => {
        const publicKey = suite.signPublicKey(seed);
        check(publicKey.length === KEY_BYTES, "public key of 32 bytes");
        for (const size of [0, 1, 64, 1000]) {
          const signature = suite.sign(seed, sample(size, 23));
          check(signature.length === SIGNATURE_BYTES, "signature of 64 bytes");
          check(suite.verify(publicKey, sample(size, 23), signature), `${size} bytes`);
        }
      },
    },
    {
      name: "sign: refuses an altered message, signature or key",
      run: () => {
        const publicKey = suite.signPublicKey(seed);
        const signature = suite.sign(seed, message);
        check(suite.verify(publicKey, message, signature), "unaltered");
        // Some bits only, first and last among them: one verification takes milliseconds in the reference suite.
        const bits = [0, 7, 101, 254, 255];
        someFlips(message, [...bits, 399], (flipped, bit) => {
          check(!suite.verify(publicKey, flipped, signature), `message bit ${bit}`);
        });
        someFlips(signature, [...bits, 256, 300, 510, 511], (flipped, bit) => {
          check(!suite.verify(publicKey, message, flipped), `signature bit ${bit}`);
        });
        someFlips(publicKey, bits, (flipped, bit) => {
          check(!suite.verify(flipped, message, signature), `key bit ${bit}`);
        });
        check(!suite.verify(suite.signPublicKey(sample(KEY_BYTES, 24)), message, signature), "another key");
        check(!suite.verify(publicKey, message.subarray(1), signature), "a shorter message");
        check(!suite.verify(publicKey, EMPTY, signature), "no message");
      },
    },
    {
      name: "sign: refuses bytes that no signer makes, without throwing",
      run: () => {
        const publicKey = suite.signPublicKey(seed);
        for (const filler of [0x00, 0x01, 0x7f, 0xff]) {
          const signature = new Uint8Array(SIGNATURE_BYTES).fill(filler);
          const key = new Uint8Array(KEY_BYTES).fill(filler);
          check(!suite.verify(publicKey, message, signature), "signature");
          check(!suite.verify(key, message, suite.sign(seed, message)), "key");
          check(!suite.verify(key, message, signature), "both");
        }
        // The neutral point as key and as R, S = 0: without the strict rule this signs every message.
        const neutral = new Uint8Array(KEY_BYTES);
        neutral[0] = 1;
        check(!suite.verify(neutral, message, concatBytes(neutral, new Uint8Array(32))), "neutral point");
      },
    },
    {
      name: "sign: deterministic, fresh, leaves its inputs as they were",
      run: () => {
        checkFresh(
          () => suite.sign(seed, message),
          () => suite.sign(seed, EMPTY),
        );
        checkFresh(
          () => suite.signPublicKey(seed),
          () => suite.signPublicKey(sample(KEY_BYTES, 24)),
        );
        checkEqual(seed, sample(KEY_BYTES, 21), "seed");
        checkEqual(message, sample(50, 22), "message");
      },
    },
    {
      name: "sign: takes a wrong length for our own mistake",
      run: () => {
        const publicKey = suite.signPublicKey(seed);
        const signature = suite.sign(seed, message);
        checkThrows(() => suite.signPublicKey(seed.subarray(1)), "seed of a public key");
        checkThrows(() => suite.sign(seed.subarray(1), message), "seed");
        checkThrows(() => suite.verify(publicKey.subarray(1), message, signature), "public key");
        checkThrows(() => suite.verify(publicKey, message, signature.subarray(1)), "signature");
      },
    },
  ];
}

/** Bytes that look random and are the same every time. */
function sample(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = Math.imul(seed + 1, 0x9e3779b1);
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    bytes[i] = (state ^ (state >>> 13)) >>> 16;
  }
  return bytes;
}

function shifted(bytes: Uint8Array, offset: number): Uint8Array {
  const slab = new Uint8Array(bytes.length + offset);
  slab.set(bytes, offset);
  return slab.subarray(offset);
}

function eachFlip(bytes: Uint8Array, visit: (flipped: Uint8Array, bit: number) => void): void {
  for (let bit = 0; bit < bytes.length * 8; bit++) visit(flip(bytes, bit), bit);
}

function someFlips(
  bytes: Uint8Array,
  bits: readonly number[],
  visit: (flipped: Uint8Array, bit: number) => void,
): void {
  for (const bit of bits) visit(flip(bytes, bit), bit);
}

function flip(bytes: Uint8Array, bit: number): Uint8Array {
  const flipped = bytes.slice();
  flipped[bit >> 3] = flipped[bit >> 3]! ^ (1 << (bit & 7));
  return flipped;
}

/** True when some `size` bytes in a row of `a` occur anywhere in `b`. */
function sharesWindow(a: Uint8Array, b: Uint8Array, size: number): boolean {
  for (let i = 0; i + size <= a.length; i++) {
    for (let j = 0; j + size <= b.length; j++) {
      let same = 0;
      while (same < size && a[i + same] === b[j + same]) same++;
      if (same === size) return true;
    }
  }
  return false;
}

function check(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`does not hold: ${what}`);
}

function checkEqual(actual: Uint8Array, expected: Uint8Array, what: string): void {
  check(isEqualBytes(actual, expected), `${what} is equal`);
}

function checkDistinct(values: readonly Uint8Array[], length: number): void {
  for (let i = 0; i < values.length; i++) {
    check(values[i]!.length === length, `value ${i} has ${length} bytes`);
    for (let j = 0; j < i; j++) check(!isEqualBytes(values[i]!, values[j]!), `values ${j} and ${i} differ`);
  }
}

/** Same call, same bytes, other memory; and another call in between touches neither. */
function checkFresh(make: () => Uint8Array, makeOther: () => Uint8Array): void {
  const first = make();
  const copy = first.slice();
  makeOther().fill(0xee);
  checkEqual(first, copy, "first result after another call");
  const second = make();
  checkEqual(second, copy, "second result");
  second.fill(0xdd);
  checkEqual(first, copy, "first result after the second was overwritten");
}

function checkUntouched(slab: Uint8Array, from: number, length: number): void {
  for (let i = 0; i < slab.length; i++) {
    check((i >= from && i < from + length) || slab[i] === 0xa5, `byte ${i} outside of out is untouched`);
  }
}

function checkThrows(run: () => unknown, what: string): void {
  let thrown: unknown;
  try {
    run();
  } catch (error) {
    thrown = error;
  }
  check(thrown instanceof InvariantViolation, `InvariantViolation for ${what}`);
}
