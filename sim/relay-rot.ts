/**
 * Bit rot in a relay's data: single bits of rows turn over where they lie, in a payload, its hash, a blob id or a chain,
 * and nothing else. A rotten record of the journal would be taken for a torn one and cut off with all that follows,
 * which is a rollback and not rot; a database that does not check its pages hands out a row as it is. Called by the
 * nemesis through the host.
 */
import type { LogRow } from "../core/log/row.ts";
import { readEntries } from "./journal.ts";
import type { Disk } from "./kernel/disk.ts";
import { sealAgain } from "./record-checksum.ts";
import { endOfRecord } from "./record-reader.ts";
import { RELAY_ENTRIES } from "./relay-entries.ts";

/** `choose(n)` gives a number below `n`. How many bits there were to turn over. */
export function rotRows(disk: Disk, file: string, bits: number, choose: (bound: number) => number): number {
  const bytes = disk.read(file);
  const ends: number[] = [];
  const rows: LogRow[] = [];
  for (let at = 0, end = endOfRecord(bytes, at); end !== undefined; at = end, end = endOfRecord(bytes, at)) {
    ends.push(end);
    for (const entry of readEntries(RELAY_ENTRIES, bytes, at)) if (entry.type === "row") rows.push(entry.row);
  }
  if (rows.length === 0) return 0;
  for (let i = 0; i < bits; i++) turnOver(rows[choose(rows.length)]!, choose);
  ends.forEach((end, i) => sealAgain(bytes, ends[i - 1] ?? 0, end));
  disk.restore({ files: new Map(disk.image().files).set(file, bytes.subarray(0, ends.at(-1))) });
  return bits;
}

/** Any bit of what can rot, as likely as another. The fields of a row that was read are views. */
function turnOver({ chain, blobId, payloadHash, payload }: LogRow, choose: (bound: number) => number): void {
  const fields = [chain, blobId, payloadHash, payload!];
  let at = choose(fields.reduce((sum, { length }) => sum + length, 0));
  for (const field of fields) {
    if (at < field.length) {
      field[at]! ^= 1 << choose(8);
      return;
    }
    at -= field.length;
  }
}
