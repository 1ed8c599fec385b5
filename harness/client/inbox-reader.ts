/** The inbox on disk as an application reads it: entries by index, in batches, and how far it has read. Asks nobody. */
import { encodeHex } from "../../core/bytes.ts";
import type { InboxRow } from "../sqlite/device-inbox.ts";
import type { DeviceStore } from "../sqlite/device-store.ts";
import { describeStorage } from "./options.ts";
import type { RelayList } from "./relay-list.ts";
import { StorageError } from "./sync-error.ts";
import type { InboxEntry } from "./sync-events.ts";

/** Rows read at once where all of them are asked for. */
const BATCH_ROWS = 200;
/** Rows read at once only to count them: each may be as large as a blob. */
const COUNTED_ROWS = 16;
const READ_MARK = "read";

export class InboxReader {
  readonly #store: DeviceStore;
  readonly #relays: RelayList;

  constructor(store: DeviceStore, relays: RelayList) {
    this.#store = store;
    this.#relays = relays;
  }

  /** Entries with an index above `after`, oldest first. */
  entries(after = 0, limit = BATCH_ROWS): readonly InboxEntry[] {
    const entries: InboxEntry[] = [];
    while (entries.length < limit) {
      const rows = Math.min(BATCH_ROWS, limit - entries.length);
      const batch = this.#store.inbox(entries.at(-1)?.index ?? after, rows);
      for (const row of batch) entries.push(this.#entry(row));
      if (batch.length < rows) break;
    }
    return entries;
  }

  get readMark(): number {
    return this.#store.mark(READ_MARK);
  }

  /** Never moves back. Throws `StorageError`. */
  markRead(index: number): void {
    if (index <= this.readMark) return;
    const failed = this.#store.setMark(READ_MARK, index);
    if (failed !== undefined) throw new StorageError(describeStorage(failed));
  }

  counts(): {
    readonly inbox: number;
    readonly unread: number;
    readonly quarantined: number;
    readonly lostRanges: number;
  } {
    const inbox = this.#store.inboxCount;
    return {
      inbox,
      unread: inbox - this.readMark,
      quarantined: countRows((after) => this.#store.quarantine(after, COUNTED_ROWS)),
      lostRanges: countRows((after) => this.#store.lost(after, COUNTED_ROWS)),
    };
  }

  #entry(row: InboxRow): InboxEntry {
    const { index, blob, body, sender, relay, cursor, timestampMs } = row;
    const from = this.#relays.textOf(relay);
    return { index, blobId: blob, data: body, sender: encodeHex(sender), relay: from, cursor, timestampMs };
  }
}

function countRows(read: (after: number) => readonly { readonly index: number }[]): number {
  let count = 0;
  for (let rows = read(0); rows.length > 0; rows = read(rows.at(-1)!.index)) count += rows.length;
  return count;
}
