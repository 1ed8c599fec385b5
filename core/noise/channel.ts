/**
 * A secure channel on one byte stream, without the stream: client and relay machines put one on each connection. Raw
 * stream bytes go in (`receive`), frames come out (`pollFrame`); a frame goes in (`seal`), stream bytes come out.
 *
 * Order of calls: the initiator sends `start()`; after every `receive` send what `pollSend` gives, then take the
 * frames until `pollFrame` gives `undefined`. `seal` once `isEstablished`. `receive`, `seal` and `start` change state.
 *
 * Wire: u16 length ‖ Noise message, big-endian. After the handshake the plaintexts of all messages, joined, are a
 * sequence of u32 length ‖ body: a frame may span messages, a message may hold several frames, and chunks of the
 * stream may be cut anywhere. Holds true: a length that cannot be is refused before a byte of what it announces is
 * kept; a frame that comes out was sealed by the peer, in this order, with nothing missing before it; after an error
 * the channel is dead, though frames that came whole before it can still be taken.
 *
 * This is a simulator's hottest path: a message that lies whole in a chunk is opened where it is.
 */
import type { BytePool } from "../bytes.ts";
import { EMPTY, isEqualBytes, writeU32 } from "../bytes.ts";
import type { CryptoSuite } from "../crypto/suite.ts";
import { TAG_BYTES } from "../crypto/suite.ts";
import { assertInvariant } from "../invariant.ts";
import { FRAME_BYTES_MAX, NOISE_MESSAGE_BYTES_MAX, NOISE_PLAINTEXT_BYTES_MAX } from "../limits.ts";
import type { Result } from "../result.ts";
import { fail, ok } from "../result.ts";
import type { CipherState } from "./cipher-state.ts";
import { FRAME_HEADER_BYTES, FrameCutter } from "./frame-cutter.ts";
import type { Handshake, NoiseError, Role } from "./handshake.ts";
import { createHandshake } from "./handshake.ts";

/** Messages of one direction under one key. */
export const REKEY_AFTER_MESSAGES = 2 ** 16;

const MESSAGE_HEADER_BYTES = 2;
/** With empty payloads every handshake message has one length: e; e ‖ s ‖ tags; s ‖ tags. */
const HANDSHAKE_MESSAGE_BYTES = [32, 96, 64] as const;

export type ChannelError =
  | NoiseError
  /** A Noise message of a length that none has at this point. */
  | { readonly type: "MessageLength"; readonly lengthBytes: number }
  /** The peer is not the one that was expected; it has not learned who we are. */
  | { readonly type: "WrongRemote"; readonly remote: Uint8Array }
  | { readonly type: "FrameTooLarge"; readonly lengthBytes: number; readonly limitBytes: number }
  /** The channel had failed before, see `failure`. */
  | { readonly type: "Dead" };

export interface ChannelOptions {
  readonly suite: CryptoSuite;
  readonly role: Role;
  readonly prologue: Uint8Array;
  /** Our long-lived private key. */
  readonly staticKey: Uint8Array;
  /** 32 bytes of fresh entropy. */
  readonly ephemeral: Uint8Array;
  /** The peer's pinned public key: checked after message 2, before message 3 shows our own. For the initiator. */
  readonly expectedRemote?: Uint8Array;
  readonly rekeyAfterMessages?: number;
  readonly frameBytesMax?: number;
  readonly pool: BytePool;
  /** As in `Context`. */
  readonly mark?: (name: string) => void;
}

const DONE: Result<void, never> = ok(undefined);

export class SecureChannel {
  readonly #pool: BytePool;
  readonly #rekeyAfter: number;
  readonly #mark: ((name: string) => void) | undefined;
  readonly #cutter: FrameCutter;
  readonly #expectedRemote: Uint8Array | undefined;

  #handshake: Handshake | undefined;
  #handshakeMessages = 0;
  #handshakeSend: Uint8Array | undefined;
  #send: CipherState | undefined;
  #receive: CipherState | undefined;
  #handshakeHash: Uint8Array | undefined;
  #remoteStatic: Uint8Array | undefined;
  #failure: ChannelError | undefined;

  // The Noise message that is coming in: its header, and what a chunk held of it without holding all.
  #messageHeaderFilled = 0;
  #messageLength = 0;
  #message: Uint8Array | undefined;
  #messageFilled = 0;

  constructor(options: ChannelOptions) {
    this.#pool = options.pool;
    this.#rekeyAfter = options.rekeyAfterMessages ?? REKEY_AFTER_MESSAGES;
    this.#mark = options.mark;
    const frameBytesMax = options.frameBytesMax ?? FRAME_BYTES_MAX;
    this.#cutter = new FrameCutter(options.pool, frameBytesMax, options.mark);
    this.#expectedRemote = options.expectedRemote;
    assertInvariant(Number.isSafeInteger(this.#rekeyAfter) && this.#rekeyAfter > 0, "channel: rekey after 1 or more");
    assertInvariant(frameBytesMax > 0 && frameBytesMax <= FRAME_BYTES_MAX, "channel: frame bound");
    // The responder sees a static key only when it has already shown its own.
    assertInvariant(options.expectedRemote === undefined || options.role === "initiator", "channel: who pins");
    this.#handshake = createHandshake(options);
  }

  /** Handshake done: frames may be sealed, once `pollSend` is drained. */
  get isEstablished(): boolean {
    return this.#send !== undefined && this.#failure === undefined;
  }

  /** The peer's public key, once it has proved that it holds the private one. */
  get remoteStatic(): Uint8Array | undefined {
    return this.#remoteStatic;
  }

  get handshakeHash(): Uint8Array | undefined {
    return this.#handshakeHash;
  }

  /** Memory set aside for a message and a frame that have come in part. */
  get halfBytes(): number {
    return (this.#message?.length ?? 0) + this.#cutter.halfBytes;
  }

  /** Why the channel is dead; `undefined` while it is not. */
  get failure(): ChannelError | undefined {
    return this.#failure;
  }

  /** From now on frames of up to so many bytes may come and go: a stranger is allowed less than a member. */
  allowFrames(frameBytesMax: number): void {
    assertInvariant(frameBytesMax > 0 && frameBytesMax <= FRAME_BYTES_MAX, "channel: frame bound");
    this.#cutter.frameBytesMax = frameBytesMax;
  }

  /** Call once, when the stream is open. The initiator's first bytes, `undefined` for the responder. */
  start(): Uint8Array | undefined {
    assertInvariant(this.#handshakeMessages === 0 && this.#failure === undefined, "channel: started twice");
    if (!this.#handshake!.isOurTurn) return undefined;
    this.#shake(this.#handshake!);
    return this.pollSend();
  }

  /** Takes the next chunk of the stream, of any size; it is free to be reused afterwards. */
  receive(bytes: Uint8Array): Result<void, ChannelError> {
    if (this.#failure !== undefined) return fail({ type: "Dead" });
    const end = bytes.length;
    let at = 0;
    while (at < end) {
      if (this.#messageHeaderFilled < MESSAGE_HEADER_BYTES) {
        this.#messageLength = (this.#messageLength << 8) | bytes[at++]!;
        if (++this.#messageHeaderFilled < MESSAGE_HEADER_BYTES) continue;
        if (!this.#isPossible(this.#messageLength)) {
          return this.#die({ type: "MessageLength", lengthBytes: this.#messageLength });
        }
        if (at === end) break;
      }
      const length = this.#messageLength;
      let message: Uint8Array;
      if (this.#messageFilled === 0 && end - at >= length) {
        message = bytes.subarray(at, at + length);
        at += length;
      } else {
        message = this.#message ??= this.#pool.take(length);
        const count = Math.min(length - this.#messageFilled, end - at);
        message.set(bytes.subarray(at, at + count), this.#messageFilled);
        this.#messageFilled += count;
        at += count;
        if (this.#messageFilled < length) break;
        this.#message = undefined;
        this.#messageFilled = 0;
      }
      this.#messageHeaderFilled = 0;
      this.#messageLength = 0;
      const error = this.#receive === undefined ? this.#takeHandshake(message) : this.#open(this.#receive, message);
      if (error !== undefined) return this.#die(error);
    }
    return DONE;
  }

  /** Handshake bytes that must be sent before anything that is sealed. */
  pollSend(): Uint8Array | undefined {
    const bytes = this.#handshakeSend;
    this.#handshakeSend = undefined;
    return bytes;
  }

  /** The next frame's body, whose memory is never used again for anything else. */
  pollFrame(): Uint8Array | undefined {
    return this.#cutter.poll();
  }

  /** The stream bytes of one frame, all headers included. `FrameTooLarge` kills nothing: nothing was sent. */
  seal(frame: Uint8Array): Result<Uint8Array, ChannelError> {
    const send = this.#sender();
    if (send === undefined) return fail({ type: "Dead" });
    if (frame.length > this.#cutter.frameBytesMax) return this.#tooLarge(frame.length);

    const total = FRAME_HEADER_BYTES + frame.length;
    const messages = Math.ceil(total / NOISE_PLAINTEXT_BYTES_MAX);
    const out = this.#pool.take(total + messages * (MESSAGE_HEADER_BYTES + TAG_BYTES));
    // Each message's plaintext is put together where it is sealed; the first one begins with the frame's header.
    const firstLength = messages === 1 ? total : NOISE_PLAINTEXT_BYTES_MAX;
    let taken = firstLength - FRAME_HEADER_BYTES;
    writeU32(out, MESSAGE_HEADER_BYTES, frame.length);
    out.set(messages === 1 ? frame : frame.subarray(0, taken), MESSAGE_HEADER_BYTES + FRAME_HEADER_BYTES);
    let at = this.#sealMessage(send, out, 0, firstLength);
    while (taken < frame.length) {
      const next = Math.min(taken + NOISE_PLAINTEXT_BYTES_MAX, frame.length);
      out.set(frame.subarray(taken, next), at + MESSAGE_HEADER_BYTES);
      at = this.#sealMessage(send, out, at, next - taken);
      taken = next;
    }
    return ok(out);
  }

  /** The same for several frames that are sent together: in one Noise message, when they all fit into one. */
  sealAll(frames: readonly Uint8Array[]): Result<Uint8Array, ChannelError> {
    const send = this.#sender();
    if (send === undefined) return fail({ type: "Dead" });
    let total = 0;
    for (const frame of frames) {
      if (frame.length > this.#cutter.frameBytesMax) return this.#tooLarge(frame.length);
      total += FRAME_HEADER_BYTES + frame.length;
    }
    if (total > NOISE_PLAINTEXT_BYTES_MAX) return this.#sealOneByOne(frames);
    if (total === 0) return ok(EMPTY);

    const out = this.#pool.take(MESSAGE_HEADER_BYTES + total + TAG_BYTES);
    let at = MESSAGE_HEADER_BYTES;
    for (const frame of frames) {
      writeU32(out, at, frame.length);
      out.set(frame, at + FRAME_HEADER_BYTES);
      at += FRAME_HEADER_BYTES + frame.length;
    }
    this.#sealMessage(send, out, 0, total);
    return ok(out);
  }

  #sealOneByOne(frames: readonly Uint8Array[]): Result<Uint8Array, ChannelError> {
    const parts: Uint8Array[] = [];
    let length = 0;
    for (const frame of frames) {
      const part = this.seal(frame);
      if (!part.ok) return part;
      parts.push(part.value);
      length += part.value.length;
    }
    const out = this.#pool.take(length);
    let at = 0;
    for (const part of parts) {
      out.set(part, at);
      at += part.length;
    }
    return ok(out);
  }

  #sender(): CipherState | undefined {
    if (this.#failure !== undefined) return undefined;
    assertInvariant(this.#send !== undefined, "channel: sealing before the handshake is done");
    assertInvariant(this.#handshakeSend === undefined, "channel: sealing before pollSend was drained");
    return this.#send;
  }

  /** Seals the message whose plaintext lies behind its header's place at `at`, and gives where the next one goes. */
  #sealMessage(send: CipherState, out: Uint8Array, at: number, plaintextBytes: number): number {
    const length = plaintextBytes + TAG_BYTES;
    const start = at + MESSAGE_HEADER_BYTES;
    out[at] = length >>> 8;
    out[at + 1] = length;
    const message = out.subarray(start, start + length);
    send.encrypt(EMPTY, message, message);
    if (send.counter % this.#rekeyAfter === 0) {
      this.#mark?.("channel.rekey");
      send.rekey();
    }
    return start + length;
  }

  /** While only small frames may come, no message needs to be larger than the largest of them. */
  #messageBytesMax(): number {
    return Math.min(NOISE_MESSAGE_BYTES_MAX, this.#cutter.frameBytesMax + FRAME_HEADER_BYTES + TAG_BYTES);
  }

  /** A transport message carries at least one byte: none is ever sent only to be opened. */
  #isPossible(lengthBytes: number): boolean {
    if (this.#receive !== undefined) return lengthBytes > TAG_BYTES && lengthBytes <= this.#messageBytesMax();
    return lengthBytes === HANDSHAKE_MESSAGE_BYTES[this.#handshakeMessages];
  }

  #takeHandshake(message: Uint8Array): ChannelError | undefined {
    const handshake = this.#handshake!;
    assertInvariant(!handshake.isOurTurn, "channel: bytes before start");
    const read = handshake.readMessage(message);
    if (!read.ok) return read.error;
    this.#handshakeMessages++;
    const remote = handshake.remoteStatic;
    if (this.#expectedRemote !== undefined && remote !== undefined && !isEqualBytes(remote, this.#expectedRemote)) {
      return { type: "WrongRemote", remote };
    }
    return handshake.isFinished ? this.#establish(handshake) : this.#shake(handshake);
  }

  /** Writes our next handshake message; after the last one the session stands. */
  #shake(handshake: Handshake): ChannelError | undefined {
    const written = handshake.writeMessage(EMPTY);
    if (!written.ok) return written.error;
    const message = written.value;
    assertInvariant(message.length === HANDSHAKE_MESSAGE_BYTES[this.#handshakeMessages], "channel: handshake length");
    this.#handshakeMessages++;
    const bytes = this.#pool.take(MESSAGE_HEADER_BYTES + message.length);
    bytes[0] = message.length >>> 8;
    bytes[1] = message.length;
    bytes.set(message, MESSAGE_HEADER_BYTES);
    this.#handshakeSend = bytes;
    return handshake.isFinished ? this.#establish(handshake) : undefined;
  }

  #establish(handshake: Handshake): undefined {
    const session = handshake.split();
    this.#send = session.send;
    this.#receive = session.receive;
    this.#handshakeHash = session.handshakeHash;
    this.#remoteStatic = handshake.remoteStatic;
    this.#handshake = undefined;
  }

  #open(receive: CipherState, message: Uint8Array): ChannelError | undefined {
    const length = message.length - TAG_BYTES;
    // In the middle of a large frame the plaintext goes straight to its place. If it is refused, nobody sees it.
    const place = this.#cutter.place(length);
    const plaintext = place ?? this.#pool.take(length);
    if (!receive.decrypt(EMPTY, message, plaintext)) return { type: "Refused", what: "tag" };
    if (receive.counter % this.#rekeyAfter === 0) receive.rekey();
    if (place !== undefined) {
      this.#cutter.placed(length);
      return undefined;
    }
    const refused = this.#cutter.cut(plaintext);
    if (refused === undefined) return undefined;
    return { type: "FrameTooLarge", lengthBytes: refused, limitBytes: this.#cutter.frameBytesMax };
  }

  #tooLarge(lengthBytes: number): Result<never, ChannelError> {
    return fail({ type: "FrameTooLarge", lengthBytes, limitBytes: this.#cutter.frameBytesMax });
  }

  /** Keeps nothing but the reason and the frames that came whole. */
  #die(error: ChannelError): Result<never, ChannelError> {
    this.#failure = error;
    this.#handshake = undefined;
    this.#handshakeSend = undefined;
    this.#send = undefined;
    this.#receive = undefined;
    this.#message = undefined;
    this.#cutter.abandon();
    return fail(error);
  }
}
