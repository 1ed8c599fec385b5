/**
 * What the frames of some runs cost by themselves. One run of each seed is recorded: every call of the crypto suite,
 * every message that was sealed or opened in it, every chunk that went into the trace. Doing just that again, in a plain
 * loop, is the least that a simulator of these frames could cost.
 */
import { concatBytes, encodeHex, readU32 } from "../../core/bytes.ts";
import { textOf, type CryptoSuite } from "../../core/crypto/suite.ts";
import { MessageCodec } from "../../core/wire/codec.ts";
import type { Message } from "../../core/wire/messages.ts";
import type { Plan } from "../../scenarios/plan.ts";
import { TRACE_KIND, TraceDigest } from "../../sim/kernel/trace.ts";
import { Simulator } from "../../sim/simulator.ts";

export interface RecordedWork {
  /** Calls of the suite, with their arguments. */
  readonly crypto: readonly (() => void)[];
  /** One for each hop: encoded by who sends it, parsed by who gets it. */
  readonly encoded: readonly Message[];
  readonly parsed: readonly Uint8Array[];
  readonly chunks: readonly Uint8Array[];
}

export function recordWork(plans: readonly Plan[]): RecordedWork {
  const crypto: (() => void)[] = [];
  const sealed = new FrameCollector();
  const opened = new FrameCollector();
  const chunks: Uint8Array[] = [];
  const wrapSuite = (suite: CryptoSuite, host: string): CryptoSuite =>
    recordSuite(suite, {
      call: (call) => void crypto.push(call),
      sealed: (key, plaintext) => sealed.add(`${host} ${encodeHex(key)}`, plaintext),
      opened: (key, plaintext) => opened.add(`${host} ${encodeHex(key)}`, plaintext),
    });
  const simulator = new Simulator({ wrapSuite });
  for (const plan of plans) {
    const detail = {
      from: 0,
      to: Number.MAX_SAFE_INTEGER,
      sink: (event: { kind: string; bytes: Uint8Array }) => {
        if (event.kind === "bytes") chunks.push(event.bytes.slice());
      },
    };
    simulator.run(plan, { detail });
  }
  const codec = new MessageCodec();
  const parse = (frame: Uint8Array): Message => {
    const message = codec.parse(frame);
    if (!message.ok) throw new Error(`a recorded frame does not parse: ${message.error.type}`);
    return message.value;
  };
  return { crypto, encoded: sealed.frames.map(parse), parsed: opened.frames, chunks };
}

export function redoCrypto({ crypto }: RecordedWork): void {
  for (let i = 0; i < crypto.length; i++) crypto[i]!();
}

const codec = new MessageCodec();

/** Returns the bytes that went through, so that nothing of it can be left out. */
export function redoCodec({ encoded, parsed }: RecordedWork): number {
  let bytes = 0;
  for (let i = 0; i < encoded.length; i++) bytes += codec.encode(encoded[i]!).length;
  for (let i = 0; i < parsed.length; i++) if (codec.parse(parsed[i]!).ok) bytes += parsed[i]!.length;
  return bytes;
}

const digest = new TraceDigest();

export function redoHash({ chunks }: RecordedWork): string {
  digest.reset();
  const host = digest.addHost("bench");
  for (let i = 0; i < chunks.length; i++) digest.event(TRACE_KIND.bytes, host, 1, 0, i, chunks[i]);
  return digest.hash();
}

/** Puts the plaintexts of a connection together and takes the frames out: u32 length ‖ body, over message borders. */
class FrameCollector {
  readonly frames: Uint8Array[] = [];
  readonly #left = new Map<string, Uint8Array>();

  add(stream: string, plaintext: Uint8Array): void {
    let bytes = concatBytes(this.#left.get(stream) ?? new Uint8Array(0), plaintext);
    while (bytes.length >= 4 && bytes.length >= 4 + readU32(bytes, 0)) {
      const end = 4 + readU32(bytes, 0);
      this.frames.push(bytes.slice(4, end));
      bytes = bytes.slice(end);
    }
    this.#left.set(stream, bytes);
  }
}

interface CallRecorder {
  call(again: () => void): void;
  sealed(key: Uint8Array, plaintext: Uint8Array): void;
  opened(key: Uint8Array, plaintext: Uint8Array): void;
}

/** Transport messages have no associated data; Noise's handshake always has, and a rekey seals 32 zeros. */
function isTransport(nonce: Uint8Array, ad: Uint8Array): boolean {
  return ad.length === 0 && !nonce.subarray(4).every((byte) => byte === 0xff);
}

function recordSuite(suite: CryptoSuite, recorder: CallRecorder): CryptoSuite {
  function noteCall<A extends readonly (Uint8Array | number)[]>(work: (...args: A) => unknown, args: A): void {
    const kept = args.map((arg) => (typeof arg === "number" ? arg : arg.slice())) as unknown as A;
    recorder.call(() => void work(...kept));
  }
  return {
    name: suite.name,
    aeadSeal(key, nonce, ad, plaintext, out) {
      const text = textOf(plaintext, out);
      if (isTransport(nonce, ad)) recorder.sealed(key, text);
      noteCall(suite.aeadSeal, [key, nonce, ad, text, out]);
      suite.aeadSeal(key, nonce, ad, plaintext, out);
    },
    aeadOpen(key, nonce, ad, sealed, out) {
      noteCall(suite.aeadOpen, [key, nonce, ad, sealed, out]);
      const isOpen = suite.aeadOpen(key, nonce, ad, sealed, out);
      if (isOpen && isTransport(nonce, ad)) recorder.opened(key, out);
      return isOpen;
    },
    xaeadSeal(key, nonce, ad, plaintext, out) {
      noteCall(suite.xaeadSeal, [key, nonce, ad, textOf(plaintext, out), out]);
      suite.xaeadSeal(key, nonce, ad, plaintext, out);
    },
    xaeadOpen(key, nonce, ad, sealed, out) {
      noteCall(suite.xaeadOpen, [key, nonce, ad, sealed, out]);
      return suite.xaeadOpen(key, nonce, ad, sealed, out);
    },
    hash(bytes) {
      noteCall(suite.hash, [bytes]);
      return suite.hash(bytes);
    },
    hmac(key, bytes) {
      noteCall(suite.hmac, [key, bytes]);
      return suite.hmac(key, bytes);
    },
    hkdf(secret, salt, info, length) {
      noteCall(suite.hkdf, [secret, salt, info, length]);
      return suite.hkdf(secret, salt, info, length);
    },
    dhPublicKey(privateKey) {
      noteCall(suite.dhPublicKey, [privateKey]);
      return suite.dhPublicKey(privateKey);
    },
    dh(privateKey, publicKey) {
      noteCall(suite.dh, [privateKey, publicKey]);
      return suite.dh(privateKey, publicKey);
    },
    signPublicKey(seed) {
      noteCall(suite.signPublicKey, [seed]);
      return suite.signPublicKey(seed);
    },
    sign(seed, message) {
      noteCall(suite.sign, [seed, message]);
      return suite.sign(seed, message);
    },
    verify(publicKey, message, signature) {
      noteCall(suite.verify, [publicKey, message, signature]);
      return suite.verify(publicKey, message, signature);
    },
  };
}
