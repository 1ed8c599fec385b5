/** Where a device stands at each of its relays, in SQLite. */
import type Sqlite from "better-sqlite3";
import { isEqualBytes } from "../../core/bytes.ts";
import type { EpochPosition } from "../../core/client/store.ts";
import type { Epoch, Position } from "../../core/ids.ts";
import { START } from "../../core/ids.ts";
import type { Database } from "./database.ts";
import { plainBytes } from "./database.ts";

/** `relay` is its id in hex. */
export interface RelayPosition extends EpochPosition {
  readonly relay: string;
}

interface Row {
  readonly relay: string;
  readonly epoch: Uint8Array;
  readonly contiguous_cursor: number;
  readonly contiguous_chain: Uint8Array;
  readonly highest_cursor: number;
  readonly highest_chain: Uint8Array;
}

export class DevicePositions {
  readonly #one: Sqlite.Statement<[string], Row>;
  readonly #all: Sqlite.Statement<[], Row>;
  readonly #put: Sqlite.Statement<[string, Uint8Array, number, Uint8Array, number, Uint8Array]>;

  constructor(database: Database) {
    this.#one = database.prepare("SELECT * FROM positions WHERE relay = ?");
    this.#all = database.prepare("SELECT * FROM positions ORDER BY relay");
    this.#put = database.prepare("INSERT OR REPLACE INTO positions VALUES (?, ?, ?, ?, ?, ?)");
  }

  at(relay: string): EpochPosition | undefined {
    const row = this.#one.get(relay);
    if (row === undefined) return undefined;
    const { epoch, contiguous, highest } = toPosition(row);
    return { epoch, contiguous, highest };
  }

  all(): readonly RelayPosition[] {
    return this.#all.all().map(toPosition);
  }

  startOver(relay: string, epoch: Epoch): void {
    this.#write(relay, { epoch, contiguous: START, highest: START });
  }

  /** An acknowledgement raises the highest position, in the present epoch only, and moves nothing else. */
  raise(relay: string, epoch: Epoch, acknowledged: Position): void {
    const known = this.at(relay);
    if (known === undefined || !isEqualBytes(known.epoch, epoch)) return;
    if (acknowledged.cursor > known.highest.cursor) this.#write(relay, { ...known, highest: acknowledged });
  }

  /** A page that was taken in moves the contiguous position. */
  move(relay: string, epoch: Epoch, through: Position): void {
    const known = this.at(relay);
    const highest = known === undefined || through.cursor > known.highest.cursor ? through : known.highest;
    this.#write(relay, { epoch, contiguous: through, highest });
  }

  #write(relay: string, { epoch, contiguous, highest }: EpochPosition): void {
    this.#put.run(relay, epoch, contiguous.cursor, contiguous.chain, highest.cursor, highest.chain);
  }
}

function toPosition(row: Row): RelayPosition {
  return {
    relay: row.relay,
    epoch: plainBytes(row.epoch),
    contiguous: { cursor: row.contiguous_cursor, chain: plainBytes(row.contiguous_chain) },
    highest: { cursor: row.highest_cursor, chain: plainBytes(row.highest_chain) },
  };
}
