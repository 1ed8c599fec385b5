/**
 * What a relay wrote, kept and told, as bytes for the checker that looks for secrets in it: its data folder, its logs,
 * its answers over HTTP. Read in pieces that overlap, so that nothing is cut in two between them.
 */
import { closeSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { request } from "node:http";

const PIECE_BYTES = 256 * 1024;
/** Longer than any form of a secret that is looked for. */
const OVERLAP_BYTES = 512;
const HTTP_TIMEOUT_MS = 5000;
const HTTP_BYTES_MAX = 4 * 1024 * 1024;

/** Files below this path, or the file itself, in the order of their names. */
export function listFiles(path: string): readonly string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path)
    .sort()
    .flatMap((name) => listFiles(join(path, name)));
}

/** The pieces of a file, at most `bytesMax` of it. */
export function* readPieces(path: string, bytesMax: number): Generator<Uint8Array> {
  const file = openSync(path, "r");
  try {
    let at = 0;
    for (;;) {
      const piece = new Uint8Array(Math.min(PIECE_BYTES, bytesMax - at));
      const length = piece.length === 0 ? 0 : readSync(file, piece, 0, piece.length, at);
      if (length > 0) yield piece.subarray(0, length);
      if (length < PIECE_BYTES) return;
      at += length - OVERLAP_BYTES;
    }
  } finally {
    closeSync(file);
  }
}

/** Status line, headers and body of a GET; `undefined` when there is no answer in time. */
export function readHttp(url: string): Promise<Uint8Array | undefined> {
  return new Promise((resolve) => {
    const asked = request(url, { timeout: HTTP_TIMEOUT_MS, agent: false }, (response) => {
      const head = `${response.statusCode} ${response.rawHeaders.join("\n")}\n\n`;
      const pieces: Uint8Array[] = [Buffer.from(head)];
      let length = 0;
      response.on("data", (piece: Uint8Array) => {
        length += piece.length;
        if (length <= HTTP_BYTES_MAX) pieces.push(piece);
        else response.destroy();
      });
      response.on("close", () => resolve(Uint8Array.from(Buffer.concat(pieces))));
    });
    asked.on("timeout", () => asked.destroy());
    asked.on("error", () => resolve(undefined));
    asked.end();
  });
}
