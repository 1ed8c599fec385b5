/**
 * The settled blobs of a long run (`history-rows.ts`) without rows: what is still asked about one, in some tens of bytes.
 * Called by `BlobTable`, which settles blobs in the order of their numbers and makes a row anew for one that comes
 * again.
 */
import { BLOB_ID_BYTES } from "../../core/ids.ts";
import { HexTable } from "./hex-table.ts";
import { createBlob, NONE, type BlobRow, type LogRow } from "./history-rows.ts";

export class SettledBlobs {
  /** The other columns are by the number of the id in this table. */
  readonly #ids = new HexTable(BLOB_ID_BYTES / 4);
  /** Ascending. */
  readonly #numbers: number[] = [];
  readonly #holders: (readonly string[])[] = [];
  /** The places of all one after the other, and where each one's begin; the last entry is the end of all. */
  readonly #starts: number[] = [0];
  readonly #logs: LogRow[] = [];
  readonly #cursors: number[] = [];

  add({ id, number, holders, placeLogs, cursors }: BlobRow): void {
    this.#ids.add(id);
    this.#numbers.push(number);
    this.#holders.push(holders);
    for (let i = 0; i < cursors.length; i++) {
      this.#logs.push(placeLogs[i]!);
      this.#cursors.push(cursors[i]!);
    }
    this.#starts.push(this.#cursors.length);
  }

  find(id: string): BlobRow | undefined {
    const at = this.#ids.find(id);
    return at < 0 ? undefined : this.#rowAt(at, id);
  }

  findNumber(number: number): BlobRow | undefined {
    const numbers = this.#numbers;
    let low = 0;
    let high = numbers.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (numbers[middle]! < number) low = middle + 1;
      else high = middle;
    }
    return numbers[low] === number ? this.#rowAt(low, this.#ids.idOf(low)) : undefined;
  }

  forEachId(visit: (id: string) => void): void {
    for (let at = 0; at < this.#ids.size; at++) visit(this.#ids.idOf(at));
  }

  #rowAt(at: number, id: string): BlobRow {
    const [start, end] = [this.#starts[at]!, this.#starts[at + 1]!];
    return {
      ...createBlob(this.#numbers[at]!, id),
      isSettled: true,
      holders: this.#holders[at]!,
      deliveries: NONE,
      placeLogs: this.#logs.slice(start, end),
      cursors: this.#cursors.slice(start, end),
    };
  }
}
