/**
 * Flips bits in the databases of a host's volume, in place, while its process is frozen: a copy is brought to the
 * controller, `flipBits` decides there what rots, and the pod writes just those bytes, and reads each back.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import type { Pod } from "../engine/pod.ts";
import { flipBits } from "../world/bit-rot.ts";
import { FaultError } from "../world/fault-error.ts";
import { listFiles } from "../world/relay-view.ts";
import { openArchive, unpackArchive } from "./archive.ts";

export async function rotVolume(pod: Pod, folder: string, bits: number, seed: string): Promise<string> {
  const copy = mkdtempSync(join(tmpdir(), "zerok-rot-"));
  try {
    const what = `the volume of ${pod.name}`;
    await unpackArchive(await openArchive(pod.container, folder, what), copy, what);
    const root = join(copy, folder.slice(folder.lastIndexOf("/") + 1));
    const files = listFiles(root).filter((path) => /\.db(-wal)?$/.test(path));
    const before = new Map(files.map((path) => [path, readFileSync(path)]));
    const note = flipBits(files, bits, seed);
    for (const [path, bytes] of before) {
      const rotten = readFileSync(path);
      for (let at = 0; at < bytes.length; at++) {
        if (bytes[at] !== rotten[at]) await writeByte(pod, `${folder}/${relative(root, path)}`, at, rotten[at]!);
      }
    }
    return note;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

async function writeByte(pod: Pod, path: string, at: number, byte: number): Promise<void> {
  const octal = byte.toString(8).padStart(3, "0");
  await pod.shell.must(
    // Never a new file, which would be the pod's own.
    `test -f '${path}' && printf '\\${octal}' | dd of='${path}' bs=1 seek=${at} conv=notrunc 2>/dev/null && sync '${path}'`,
  );
  const { output } = await pod.shell.run(`dd if='${path}' bs=1 skip=${at} count=1 2>/dev/null | od -An -tu1`);
  if (Number(output.trim()) !== byte) throw new FaultError(`a bit at ${at} of ${path} did not stay flipped`);
}
