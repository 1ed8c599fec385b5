/** What lies in a container, as the engine's archive of it: files follow each other uncompressed, so bytes can be searched. */
import type Docker from "dockerode";

const PIECE_BYTES = 256 * 1024;
/** Longer than any form of a secret that is looked for. */
const OVERLAP_BYTES = 512;

/** In pieces that overlap, so that nothing is cut in two between them; at most so many bytes. */
export async function* readArchive(
  container: Docker.Container,
  path: string,
  bytesMax: number,
): AsyncGenerator<Uint8Array> {
  const stream = await container.getArchive({ path });
  let kept = Buffer.alloc(0);
  let read = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
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
