/**
 * For the conformance suite and the tests: one end of a TCP connection, as a dialogue. It says what arrived and how it
 * ended, and fails with what it had when something does not come in time.
 */
import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { parseAddress } from "./address.ts";

/** Long enough for a machine that is busy with other things. */
const PATIENCE_MS = 10_000;

export type Ending = "eof" | "reset";

export class Peer {
  readonly socket: Socket;
  /** Sizes of what was read at once. */
  readonly pieces: number[] = [];
  #received: Buffer[] = [];
  #receivedBytes = 0;
  #ending: Ending | undefined;
  readonly #waiting = new Set<() => void>();

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (bytes: Buffer) => {
      this.pieces.push(bytes.length);
      this.#received.push(bytes);
      this.#receivedBytes += bytes.length;
      this.#look();
    });
    const over = (ending: Ending): void => {
      this.#ending ??= ending;
      this.#look();
    };
    socket.on("end", () => over("eof"));
    socket.on("error", () => over("reset"));
    socket.on("close", () => over("reset"));
  }

  send(bytes: string | Uint8Array): void {
    this.socket.write(bytes);
  }

  /** The next so many bytes. */
  async receive(count: number): Promise<Buffer> {
    await this.#until(() => this.#receivedBytes >= count || this.#ending !== undefined, `${count} bytes`);
    if (this.#receivedBytes < count) {
      throw new Error(`${this.#ending} after ${this.#receivedBytes} bytes, expected ${count}`);
    }
    const all = Buffer.concat(this.#received);
    this.#received = all.length > count ? [all.subarray(count)] : [];
    this.#receivedBytes -= count;
    return all.subarray(0, count);
  }

  /** How the other side ended it. */
  async ended(): Promise<Ending> {
    await this.#until(() => this.#ending !== undefined, "an end");
    return this.#ending!;
  }

  /** Nothing that was not taken yet, and no end. */
  get isQuiet(): boolean {
    return this.#receivedBytes === 0 && this.#ending === undefined;
  }

  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  /** No more will be sent; the other direction stays. */
  halfClose(): void {
    this.socket.end();
  }

  reset(): void {
    this.socket.resetAndDestroy();
  }

  destroy(): void {
    this.socket.destroy();
  }

  #look(): void {
    for (const look of this.#waiting) look();
  }

  #until(isTrue: () => boolean, what: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(look);
        const end = this.#ending === undefined ? "no end" : `an end (${this.#ending})`;
        reject(new Error(`waited for ${what}, got ${this.#receivedBytes} bytes and ${end}`));
      }, PATIENCE_MS);
      const look = (): void => {
        if (!isTrue()) return;
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }
}

/** Connected, or rejects with the system's error code as its message. */
export function dial(address: string): Promise<Peer> {
  const parsed = parseAddress(address);
  if (!parsed.ok) return Promise.reject(new Error(parsed.error));
  return new Promise((resolve, reject) => {
    const socket = connect({ ...parsed.value, allowHalfOpen: true });
    const failed = (error: NodeJS.ErrnoException): void => reject(new Error(error.code ?? error.message));
    socket.once("error", failed);
    socket.once("connect", () => {
      socket.off("error", failed);
      resolve(new Peer(socket));
    });
  });
}

export interface PeerListener {
  readonly address: string;
  /** The next connection. */
  accept(): Promise<Peer>;
  /** How many came, taken or not. */
  readonly count: number;
  close(): Promise<void>;
}

export async function listenForPeers(): Promise<PeerListener> {
  const waiting: Peer[] = [];
  const all: Peer[] = [];
  const takers: ((peer: Peer) => void)[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const peer = new Peer(socket);
    all.push(peer);
    const take = takers.shift();
    if (take === undefined) waiting.push(peer);
    else take(peer);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    accept() {
      const next = waiting.shift();
      if (next !== undefined) return Promise.resolve(next);
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error("nobody connected")), PATIENCE_MS);
        takers.push((peer) => {
          clearTimeout(timer);
          resolve(peer);
        });
      });
    },
    get count() {
      return all.length;
    },
    async close() {
      for (const peer of all) peer.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
