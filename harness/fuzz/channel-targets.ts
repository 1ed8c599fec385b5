/**
 * The secure channel and the Noise reader below it, with the toy suite: what is tested is who believes which length,
 * not the cryptography. The `frames` target seals its hostile bytes with the right keys, because behind a tag that does
 * not fit nothing is read at all.
 */
import { BytePool, concatBytes, EMPTY, readU32 } from "../../core/bytes.ts";
import { TAG_BYTES } from "../../core/crypto/suite.ts";
import { FRAME_BYTES_MAX, NOISE_MESSAGE_BYTES_MAX } from "../../core/limits.ts";
import { SecureChannel } from "../../core/noise/channel.ts";
import { createHandshake, type Handshake, type Role } from "../../core/noise/handshake.ts";
import { PROLOGUE } from "../../core/prologue.ts";
import { MessageCodec } from "../../core/wire/codec.ts";
import { toySuite } from "../../sim/toy-suite.ts";
import { ENCODED_MESSAGES } from "./message-samples.ts";
import type { Target } from "./target.ts";
import { assertLight } from "./weight.ts";

const KEYS: Readonly<Record<Role, { readonly staticKey: Uint8Array; readonly ephemeral: Uint8Array }>> = {
  initiator: { staticKey: new Uint8Array(32).fill(1), ephemeral: new Uint8Array(32).fill(2) },
  responder: { staticKey: new Uint8Array(32).fill(3), ephemeral: new Uint8Array(32).fill(4) },
};

/** Counts what the channel takes for what comes in. */
class CountingPool extends BytePool {
  taken = 0;

  override take(length: number): Uint8Array {
    this.taken += length;
    return super.take(length);
  }
}

function options(role: Role) {
  return { suite: toySuite, role, prologue: PROLOGUE, ...KEYS[role] };
}

function createChannel(role: Role): { readonly channel: SecureChannel; readonly pool: CountingPool } {
  const pool = new CountingPool();
  return { channel: new SecureChannel({ ...options(role), pool }), pool };
}

/** Everything that the other side of `role` says, if both are honest: all keys are fixed, so it fits every time. */
function recordPeer(role: Role): Uint8Array {
  const ours = createChannel(role).channel;
  const peer = createChannel(role === "initiator" ? "responder" : "initiator").channel;
  const said: Uint8Array[] = [];
  let toPeer = ours.start();
  let toUs = peer.start();
  while (toPeer !== undefined || toUs !== undefined) {
    if (toUs !== undefined) {
      said.push(toUs);
      ours.receive(toUs);
      toUs = undefined;
      toPeer = ours.pollSend();
    }
    if (toPeer !== undefined) {
      peer.receive(toPeer);
      toPeer = undefined;
      toUs = peer.pollSend();
    }
  }
  for (const message of ENCODED_MESSAGES) {
    const sealed = peer.seal(message);
    if (sealed.ok) said.push(sealed.value);
  }
  const many = peer.sealAll(ENCODED_MESSAGES.slice(0, 5));
  if (many.ok) said.push(many.value);
  return concatBytes(...said);
}

/** The first byte says which side reads, the others are its stream. */
function streamOf(role: Role): Uint8Array[] {
  const stream = concatBytes(Uint8Array.of(role === "initiator" ? 0 : 1), recordPeer(role));
  return [stream, stream.slice(0, 200), stream.slice(0, 60)];
}

function drain(channel: SecureChannel): number {
  let bytes = 0;
  for (let frame = channel.pollFrame(); frame !== undefined; frame = channel.pollFrame()) bytes += frame.length;
  return bytes;
}

/** Every message is copied at most twice; one message and one frame may wait for the rest of what they announced. */
function assertBounded(pool: CountingPool, inputBytes: number): void {
  const most = 4 * inputBytes + FRAME_BYTES_MAX + NOISE_MESSAGE_BYTES_MAX + 1024;
  if (pool.taken > most) throw new Error(`${pool.taken} bytes for an input of ${inputBytes}`);
}

const channelStream: Target = {
  name: "channel",
  corpus: [...streamOf("initiator"), ...streamOf("responder")],
  run(input) {
    const { channel, pool } = createChannel((input[0] ?? 0) % 2 === 0 ? "initiator" : "responder");
    channel.start();
    const step = 1 + (input.length % 11) * 29;
    let frameBytes = 0;
    let isAlive = true;
    for (let at = 1; at < input.length; at += step) {
      isAlive = channel.receive(input.subarray(at, at + step)).ok;
      channel.pollSend();
      frameBytes += drain(channel);
      if (isAlive !== (channel.failure === undefined)) throw new Error("a channel is dead or it is not");
    }
    if (frameBytes > input.length) throw new Error("more came out than went in");
    assertBounded(pool, input.length);
    return isAlive && channel.isEstablished ? "taken" : "refused";
  },
};

/** Handshakes of both sides up to the message that the reader waits for. */
function handshakeBefore(stage: number): Handshake {
  const initiator = createHandshake(options("initiator"));
  const responder = createHandshake(options("responder"));
  if (stage === 0) return responder;
  pass(initiator, responder);
  if (stage === 1) return initiator;
  pass(responder, initiator);
  return responder;
}

function pass(from: Handshake, to: Handshake): Uint8Array {
  const written = from.writeMessage(EMPTY);
  if (!written.ok) throw new Error("an honest handshake failed");
  to.readMessage(written.value);
  return written.value;
}

function recordHandshake(): Uint8Array[] {
  const initiator = createHandshake(options("initiator"));
  const responder = createHandshake(options("responder"));
  const messages = [pass(initiator, responder), pass(responder, initiator), pass(initiator, responder)];
  return messages.map((message, stage) => concatBytes(Uint8Array.of(stage), message));
}

/** The first byte says which of the three messages is waited for. */
const noiseReader: Target = {
  name: "noise",
  corpus: recordHandshake(),
  run(input) {
    const handshake = handshakeBefore((input[0] ?? 0) % 3);
    const read = handshake.readMessage(input.subarray(1));
    assertLight(read, input.length);
    return read.ok ? "taken" : "refused";
  },
};

function frameOf(message: Uint8Array): Uint8Array {
  const header = new Uint8Array(4);
  new DataView(header.buffer).setUint32(0, message.length);
  return concatBytes(header, message);
}

const codec = new MessageCodec();

/** The input is the plaintext: a sequence of frames, sealed by a peer that has the keys and cuts it as it likes. */
const frames: Target = {
  name: "frames",
  corpus: [
    ...ENCODED_MESSAGES.map(frameOf),
    concatBytes(...ENCODED_MESSAGES.map(frameOf)),
    concatBytes(...ENCODED_MESSAGES.slice(0, 4).map(frameOf)),
    frameOf(new Uint8Array(9000).fill(0x93)),
  ],
  run(input) {
    const { channel, pool } = createChannel("responder");
    const peer = createHandshake(options("initiator"));
    const written = (): Uint8Array => {
      const message = peer.writeMessage(EMPTY);
      if (!message.ok) throw new Error("an honest handshake failed");
      return noiseFrame(message.value);
    };
    channel.receive(written());
    peer.readMessage(channel.pollSend()!.subarray(2));
    channel.receive(written());
    if (!channel.isEstablished) throw new Error("an honest handshake failed");
    const { send } = peer.split();

    const step = 1 + (input.length % 17) * 37;
    let frameBytes = 0;
    for (let at = 0; at < input.length; at += step) {
      const plaintext = input.subarray(at, at + step);
      const sealed = new Uint8Array(plaintext.length + TAG_BYTES);
      send.encrypt(EMPTY, plaintext, sealed);
      const isAlive = channel.receive(noiseFrame(sealed)).ok;
      for (let frame = channel.pollFrame(); frame !== undefined; frame = channel.pollFrame()) {
        frameBytes += frame.length;
        assertLight(codec.parse(frame), frame.length);
      }
      if (!isAlive) break;
    }
    if (frameBytes > input.length) throw new Error("more came out than went in");
    assertBounded(pool, 2 * input.length);
    assertFirstFrame(input, channel);
    return channel.failure === undefined ? "taken" : "refused";
  },
};

/** With the right keys only a length can kill the channel; the first frame's is where it was put. */
function assertFirstFrame(input: Uint8Array, channel: SecureChannel): void {
  if (input.length < 4) return;
  const isTooLarge = readU32(input, 0) > FRAME_BYTES_MAX;
  if (isTooLarge && channel.failure?.type !== "FrameTooLarge") throw new Error("a frame above the bound was believed");
  if (channel.failure !== undefined && channel.failure.type !== "FrameTooLarge") {
    throw new Error(`an honest seal was refused: ${channel.failure.type}`);
  }
}

function noiseFrame(message: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(message.length >>> 8, message.length & 0xff), message);
}

export const CHANNEL_TARGETS: readonly Target[] = [channelStream, noiseReader, frames];
