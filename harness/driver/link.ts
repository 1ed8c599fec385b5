/**
 * One socket of a machine. Collects what one turn sends and writes it at once; stops reading while the peer does not
 * read what it was sent; counts what is unsent. It decides nothing: the driver does.
 */
import type { Socket } from "node:net";
import type { ConnectionId } from "../../core/machine.ts";

/** Below this, joining the pieces of a turn costs less than a vector of them. */
const JOINED_BYTES_MAX = 16 * 1024;

export class Link {
  readonly id: ConnectionId;
  readonly socket: Socket;
  /** The machine counts on it. What comes later is thrown away. */
  isKnown = true;
  isConnecting: boolean;
  /** It has been written to since the peer last read everything. */
  isBehind = false;
  /** That came in this turn. */
  turnBytes = 0;
  #pieces: Uint8Array[] = [];
  #pieceBytes = 0;
  #isHeld = false;
  #isWaiting = false;

  constructor(id: ConnectionId, socket: Socket, isConnecting: boolean) {
    this.id = id;
    this.socket = socket;
    this.isConnecting = isConnecting;
  }

  /** Bytes that the system has not taken yet. */
  get unsentBytes(): number {
    return this.socket.writableLength + this.#pieceBytes;
  }

  get hasPieces(): boolean {
    return this.#pieces.length > 0;
  }

  add(bytes: Uint8Array): void {
    this.#pieces.push(bytes);
    this.#pieceBytes += bytes.length;
  }

  /** Writes what was added. True when the peer is behind: reading from it has stopped until it catches up. */
  write(): boolean {
    const { socket } = this;
    const pieces = this.#pieces;
    if (pieces.length === 0) return this.isBehind;
    let hasRoom = true;
    if (pieces.length === 1) hasRoom = socket.write(pieces[0]!);
    else if (this.#pieceBytes <= JOINED_BYTES_MAX) hasRoom = socket.write(Buffer.concat(pieces, this.#pieceBytes));
    else {
      socket.cork();
      for (const piece of pieces) hasRoom = socket.write(piece);
      socket.uncork();
    }
    this.#pieces = [];
    this.#pieceBytes = 0;
    if (!hasRoom && !this.isBehind) {
      this.isBehind = true;
      this.#flow();
    }
    return this.isBehind;
  }

  caughtUp(): void {
    this.isBehind = false;
    this.#flow();
  }

  /** Whether to read at all: the driver holds every link while its store is behind. */
  hold(isHeld: boolean): void {
    this.#isHeld = isHeld;
    this.#flow();
  }

  /** It has had its share of this turn. */
  wait(): void {
    this.#isWaiting = true;
    this.#flow();
  }

  beginTurn(): void {
    this.turnBytes = 0;
    if (!this.#isWaiting) return;
    this.#isWaiting = false;
    this.#flow();
  }

  #flow(): void {
    // After its end what comes is thrown away, but it must come, or the peer would hear a reset instead of our last words.
    if (this.isKnown && (this.isBehind || this.#isHeld || this.#isWaiting)) this.socket.pause();
    else this.socket.resume();
  }

  /** Lets go of it: what was written still goes out, then it closes. */
  finish(): void {
    this.isKnown = false;
    if (this.socket.destroyed) return;
    if (this.isConnecting || (this.socket.bytesWritten === 0 && this.unsentBytes === 0)) {
      this.socket.destroy();
      return;
    }
    this.write();
    this.socket.end();
    this.#flow();
  }
}
