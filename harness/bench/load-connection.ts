/**
 * The least that a device can be, for putting load on a relay: a socket, a secure channel, a Hello. It seals no blobs,
 * keeps nothing, and counts what comes back, so that the load costs as little as it can beside the relay's own work.
 */
import { connect, type Socket } from "node:net";
import { performance } from "node:perf_hooks";
import { BytePool } from "../../core/bytes.ts";
import type { CryptoSuite } from "../../core/crypto/suite.ts";
import { KEY_BYTES } from "../../core/crypto/suite.ts";
import { BLOB_ID_BYTES, START, type RelayAddress } from "../../core/ids.ts";
import type { GroupKeys } from "../../core/keys.ts";
import { SecureChannel } from "../../core/noise/channel.ts";
import { PROLOGUE } from "../../core/prologue.ts";
import { MessageCodec } from "../../core/wire/codec.ts";
import { signHello } from "../../core/wire/hello-signature.ts";
import type { Message, PullResponse } from "../../core/wire/messages.ts";
import { WIRE_VERSION } from "../../core/wire/messages.ts";
import type { NextCiphers } from "../crypto/next-ciphers.ts";
import { parseEndpoint } from "../driver/endpoint.ts";
import { randomBytes } from "node:crypto";

export interface LoadOptions {
  readonly suite: CryptoSuite;
  readonly relay: RelayAddress;
  readonly keys: GroupKeys;
  /** Those of `suite`, for who pushes one by one and can make the next ones while the relay is at work. */
  readonly ciphers?: NextCiphers;
}

/** Shared by all: nothing of it outlives a turn. */
const codec = new MessageCodec();
/** What came is taken in before anything else comes: one for all connections, and no stream in between. */
const INCOMING = new Uint8Array(256 * 1024);

export class LoadConnection {
  /** Milliseconds from a push to its acknowledgement, or from a pull to its page, since `latencies` was last emptied. */
  readonly latencies: number[] = [];
  /** Called for each answer to a push. */
  onAck: () => void = () => {};
  onPage: (page: PullResponse) => void = () => {};
  readonly #options: LoadOptions;
  readonly #channel: SecureChannel;
  readonly #socket: Socket;
  /** When each unanswered request went out, oldest first: a relay answers in order. */
  readonly #sentMs: number[] = [];
  #welcomed: (() => void) | undefined;
  #failed: ((error: Error) => void) | undefined;
  #prepared: Uint8Array | undefined;
  #isClosed = false;

  private constructor(options: LoadOptions) {
    this.#options = options;
    this.#channel = new SecureChannel({
      suite: options.suite,
      role: "initiator",
      prologue: PROLOGUE,
      staticKey: randomBytes(KEY_BYTES),
      ephemeral: randomBytes(KEY_BYTES),
      expectedRemote: options.relay.id,
      pool: new BytePool(),
    });
    const endpoint = parseEndpoint(options.relay.endpoint)!;
    const callback = (count: number, buffer: Uint8Array): boolean => {
      this.#received(new Uint8Array(buffer.buffer, buffer.byteOffset, count));
      return true;
    };
    this.#socket = connect({ ...endpoint, noDelay: true, onread: { buffer: INCOMING, callback } });
  }

  /** Resolves when the relay has said Welcome. */
  static async open(options: LoadOptions): Promise<LoadConnection> {
    const connection = new LoadConnection(options);
    await connection.#join();
    return connection;
  }

  push(payload: Uint8Array): void {
    this.prepare(payload);
    this.#sentMs.push(performance.now());
    this.#socket.write(this.#prepared!);
    this.#prepared = undefined;
  }

  /** Seals the next push while the relay is at work, so that the relay alone is timed. Nothing else may go before it. */
  prepare(payload: Uint8Array): void {
    if (this.#prepared !== undefined) return;
    this.#prepared = this.#seal({ type: "Push", blobId: randomBytes(BLOB_ID_BYTES), payload, ttlS: 0 });
    this.#options.ciphers?.prepare();
  }

  pull(after: number): void {
    this.#sentMs.push(performance.now());
    this.#send({ type: "Pull", after, limit: 100, bytesMax: 512 * 1024 });
  }

  close(): void {
    this.#isClosed = true;
    this.#socket.destroy();
  }

  #join(): Promise<void> {
    const socket = this.#socket;
    socket.on("connect", () => socket.write(this.#channel.start()!));
    socket.on("error", (error) => this.#end(error));
    socket.on("close", () => this.#end(new Error("the relay closed the connection")));
    return new Promise((resolve, reject) => {
      this.#welcomed = resolve;
      this.#failed = reject;
    });
  }

  /** A load that loses its relay has measured nothing. */
  #end(error: Error): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#failed === undefined) throw error;
    this.#failed(error);
  }

  #received(bytes: Uint8Array): void {
    const channel = this.#channel;
    const wasEstablished = channel.isEstablished;
    const received = channel.receive(bytes);
    if (!received.ok) return this.#end(new Error(`the secure channel failed: ${received.error.type}`));
    for (let out = channel.pollSend(); out !== undefined; out = channel.pollSend()) this.#socket.write(out);
    if (!wasEstablished && channel.isEstablished) this.#hello();
    for (let frame = channel.pollFrame(); frame !== undefined; frame = channel.pollFrame()) {
      const message = codec.parse(frame);
      if (!message.ok) return this.#end(new Error(`the relay sent what is no message: ${message.error.type}`));
      this.#message(message.value);
    }
  }

  #hello(): void {
    const { suite, keys } = this.#options;
    const fields = {
      type: "Hello",
      versions: [WIRE_VERSION],
      groupKey: keys.groupKey,
      epoch: null,
      contiguous: START,
      highest: START,
    } as const;
    this.#send(signHello(suite, keys.signingSeed, fields, this.#channel.handshakeHash!));
  }

  #message(message: Message): void {
    switch (message.type) {
      case "Welcome":
        this.#failed = undefined;
        this.#welcomed!();
        return;
      case "PushAck":
        this.latencies.push(performance.now() - this.#sentMs.shift()!);
        return this.onAck();
      case "PullResponse":
        this.latencies.push(performance.now() - this.#sentMs.shift()!);
        return this.onPage(message);
      case "Error":
        return this.#end(new Error(`the relay refused the load: ${message.code}`));
      default:
        // Notify and Ping: others push, and who is idle is asked.
        if (message.type === "Ping") this.#send({ type: "Pong", token: message.token });
    }
  }

  #send(message: Message): void {
    if (this.#prepared !== undefined) throw new Error("a push is prepared, and goes first");
    this.#socket.write(this.#seal(message));
  }

  #seal(message: Message): Uint8Array {
    const sealed = this.#channel.seal(codec.encode(message));
    if (!sealed.ok) throw new Error(`a message could not be sealed: ${sealed.error.type}`);
    return sealed.value;
  }
}
