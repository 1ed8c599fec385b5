/** What the same machine does in the same minute without a relay: frames echoed over sockets, rows inserted durably. */
import Database from "better-sqlite3";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** Frames echoed by a server in a process of its own, with so many on their way on each connection. */
export class EchoCeiling {
  readonly #sockets: Socket[];
  readonly #window: number;
  readonly #frame: Buffer;
  readonly #end: () => void;
  #echoed = 0;
  #isRunning = false;

  private constructor(sockets: Socket[], window: number, frameBytes: number, end: () => void) {
    this.#sockets = sockets;
    this.#window = window;
    this.#end = end;
    this.#frame = Buffer.alloc(4 + frameBytes, 7);
    this.#frame.writeUInt32BE(frameBytes);
    for (const socket of sockets) this.#watch(socket);
  }

  static async open(connections: number, window: number, frameBytes: number): Promise<EchoCeiling> {
    const script = fileURLToPath(new URL("echo-server.js", import.meta.url));
    const child = spawn(process.execPath, [script], { stdio: ["pipe", "pipe", "inherit"] });
    const [port] = (await once(createInterface(child.stdout), "line")) as [string];
    const sockets = Array.from({ length: connections }, () =>
      connect({ host: "127.0.0.1", port: Number(port), noDelay: true }),
    );
    await Promise.all(sockets.map((socket) => once(socket, "connect")));
    return new EchoCeiling(sockets, window, frameBytes, () => child.stdin.end());
  }

  /** Frames per second. */
  async run(ms: number): Promise<number> {
    this.#echoed = 0;
    this.#isRunning = true;
    const started = performance.now();
    for (const socket of this.#sockets) for (let i = 0; i < this.#window; i++) socket.write(this.#frame);
    await new Promise((resolve) => setTimeout(resolve, ms));
    const rate = (1000 * this.#echoed) / (performance.now() - started);
    this.#isRunning = false;
    // What is on its way still comes: it must not be counted in the next round.
    await new Promise((resolve) => setTimeout(resolve, 100));
    return rate;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#end();
  }

  #watch(socket: Socket): void {
    let bytes = 0;
    socket.on("data", (chunk) => {
      bytes += chunk.length;
      for (; bytes >= this.#frame.length; bytes -= this.#frame.length) {
        this.#echoed += 1;
        if (this.#isRunning) socket.write(this.#frame);
      }
    });
  }
}

const BLOB_ID_BYTES = 16;

/**
 * Rows of the size of a push in a database as durable as the relay's, and found as a log's rows must be: by group and
 * cursor, and by group and (random) blob id. No more than that, and no relay around it.
 */
export class InsertCeiling {
  readonly #database: Database.Database;
  readonly #insert: Database.Statement;
  readonly #payload: Buffer;
  readonly #groups: number;
  #rows = 0;

  constructor(folder: string, payloadBytes: number, groups: number) {
    this.#groups = groups;
    this.#database = new Database(join(folder, "ceiling.db"));
    this.#database.pragma("journal_mode = WAL");
    this.#database.pragma("synchronous = FULL");
    this.#database.exec(
      `CREATE TABLE blobs (row INTEGER PRIMARY KEY, grp INTEGER NOT NULL, cursor INTEGER NOT NULL, id BLOB NOT NULL,
         payload BLOB NOT NULL, UNIQUE (grp, cursor), UNIQUE (grp, id))`,
    );
    this.#insert = this.#database.prepare("INSERT INTO blobs (grp, cursor, id, payload) VALUES (?, ?, ?, ?)");
    this.#payload = randomBytes(payloadBytes);
  }

  /** Rows per second, in transactions of so many. */
  run(ms: number, perTransaction: number): number {
    const transaction = this.#database.transaction(() => {
      for (let i = 0; i < perTransaction; i++) {
        const row = this.#rows++;
        this.#insert.run(row % this.#groups, row, randomBytes(BLOB_ID_BYTES), this.#payload);
      }
    });
    const started = performance.now();
    let rows = 0;
    for (; performance.now() - started < ms; rows += perTransaction) transaction();
    return (1000 * rows) / (performance.now() - started);
  }

  close(): void {
    this.#database.close();
  }
}
