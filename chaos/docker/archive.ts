/** What lies in a container, as the engine's archive of it: files follow each other uncompressed, so bytes can be searched. */
import { execFile } from "node:child_process";
import { createWriteStream, rmSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import type Docker from "dockerode";
import { EnvironmentError } from "../world/environment-error.ts";

const PIECE_BYTES = 256 * 1024;
/** Longer than any form of a secret that is looked for. */
const OVERLAP_BYTES = 512;

/** In pieces that overlap, so that nothing is cut in two between them; at most so many bytes. */
export async function* readArchive(
  container: Docker.Container,
  path: string,
  bytesMax: number,
): AsyncGenerator<Uint8Array> {
  const what = `what lies in ${path} of a container`;
  const stream = await openArchive(container, path, what);
  let kept = Buffer.alloc(0);
  let read = 0;
  for await (const chunk of readable(stream, what)) {
    const room = bytesMax - read;
    read += Math.min(room, chunk.length);
    kept = Buffer.concat([kept, chunk.subarray(0, room)]);
    if (kept.length >= PIECE_BYTES) {
      yield Uint8Array.from(kept);
      kept = kept.subarray(kept.length - OVERLAP_BYTES);
    }
    if (read >= bytesMax) break;
  }
  if (kept.length > 0) yield Uint8Array.from(kept);
}

/** Rejects with a sentence. */
export async function openArchive(
  container: Docker.Container,
  path: string,
  what: string,
): Promise<NodeJS.ReadableStream> {
  try {
    return await container.getArchive({ path });
  } catch (error) {
    throw uncopied(what, error);
  }
}

async function* readable(stream: NodeJS.ReadableStream, what: string): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) yield chunk;
  } catch (error) {
    throw uncopied(what, error);
  }
}

function uncopied(what: string, error: unknown): EnvironmentError {
  return new EnvironmentError(`${what} could not be copied: ${(error as Error).message.trim()}`);
}

/**
 * Puts what an archive holds into a folder. By way of a file: `tar` ends where the archive does, which can be before the
 * engine says that there is no more, and a stream whose reader is gone has failed.
 */
export async function unpackArchive(archive: NodeJS.ReadableStream, folder: string, what: string): Promise<void> {
  const file = join(folder, "archive.tar");
  try {
    await pipeline(archive, createWriteStream(file, { mode: 0o600 }));
    await promisify(execFile)("tar", ["-x", "--no-same-owner", "-C", folder, "-f", file]);
  } catch (error) {
    throw uncopied(what, error);
  } finally {
    rmSync(file, { force: true });
  }
}
