/**
 * Bit rot in a relay's data: single bits of rows turn over where they lie, in a payload, its hash, a blob id or a chain,
 * and nothing else. A rotten record of the journal would be taken for a torn one and cut off with all that follows,
 * which is a rollback and not rot; a database that does not check its pages hands out a row as it is. Called by the
 * nemesis through the host.
 */
import { readU32 } from "../core/bytes.ts";
import type { JournalCodec } from "./journal-codec.ts";
import type { Disk } from "./kernel/disk.ts";
import { rowContent } from "./relay-tables.ts";

/** `choose(n)` gives a number below `n`. How many bits there were to turn over. */
export function rotRows(
  disk: Disk,
  file: string,
  codec: JournalCodec,
  bits: number,
  choose: (bound: number) => number,
): number {
  const bytes = disk.read(file).slice();
  const records: { readonly entries: NonNullable<ReturnType<JournalCodec["parse"]>> }[] = [];
  const rows: (readonly Uint8Array[])[] = [];
  for (let at = 0; ; at += readU32(bytes, at)) {
    const entries = codec.parse(bytes, at);
    if (entries === undefined) break;
    records.push({ entries });
    for (const entry of entries) {
      const content = rowContent(entry);
      if (content.length > 0) rows.push(content);
    }
  }
  if (rows.length === 0) return 0;
  for (let i = 0; i < bits; i++) turnOver(rows[choose(rows.length)]!, choose);
  const image = new Map(disk.image().files);
  const parts = records.map(({ entries }) => codec.encode(entries).slice());
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  image.set(file, out);
  disk.restore({ files: image });
  return bits;
}

/** Any bit of them, as likely as another. */
function turnOver(fields: readonly Uint8Array[], choose: (bound: number) => number): void {
  let at = choose(fields.reduce((sum, { length }) => sum + length, 0));
  for (const field of fields) {
    if (at < field.length) {
      field[at]! ^= 1 << choose(8);
      return;
    }
    at -= field.length;
  }
}
