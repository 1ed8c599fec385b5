/**
 * What a device can notice about the blobs that it is served, from what their senders sealed inside: each blob has its
 * sender's number and the hash of the sender's blob before. Two blobs with one number, or a blob that names another
 * predecessor than the one that is here, accuse the *sender*: somebody has its identity and another past of it
 * (`cloned`). One blob at two cursors of one log accuses the *relay* (`replayed`). Numbers that are missing accuse nobody
 * before everything is still: a put-off push comes later, a given-up one never.
 *
 * It lives as long as the process and remembers the last blobs of each sender, so that its memory is bounded by the
 * members of the group; what came before is not compared any more. The link asks it once for each blob of a page that
 * fits the chain, by whichever relay it comes.
 */
import { isEqualBytes, readU32 } from "../bytes.ts";
import type { DeviceId } from "../ids.ts";

export type Suspicion = "replayed" | "cloned";

/** A blob's place; `log` is the same object for all of one relay and epoch. */
export interface SeenPlace {
  readonly log: object;
  readonly cursor: number;
}

/** Blobs remembered of each sender, a power of two. */
const SEEN_MAX = 64;
/** Senders remembered; whoever comes later is not compared. */
const SENDERS_MAX = 256;

/** 64 bits of a hash are enough to tell two apart that nobody can choose. Signed words, which need no memory of their own. */
interface Seen {
  readonly sequence: number;
  readonly hashHigh: number;
  readonly hashLow: number;
  readonly previousHigh: number;
  readonly previousLow: number;
  readonly place: SeenPlace;
}

interface Sender {
  readonly id: DeviceId;
  /** By the lowest bits of the sequence number. */
  readonly seen: (Seen | undefined)[];
}

export class SenderChains {
  readonly #senders: Sender[] = [];

  /** `hash` is the payload's, `previous` what the sender sealed as that of its blob before. */
  see(
    sender: DeviceId,
    sequence: number,
    hash: Uint8Array,
    previous: Uint8Array,
    place: SeenPlace,
  ): Suspicion | undefined {
    const seen = this.#seenOf(sender);
    if (seen === undefined) return undefined;
    const hashHigh = readU32(hash, 0) | 0;
    const hashLow = readU32(hash, 4) | 0;
    const known = seen[sequence % SEEN_MAX];
    if (known !== undefined && known.sequence >= sequence) {
      if (known.sequence > sequence) return undefined;
      if (known.hashHigh !== hashHigh || known.hashLow !== hashLow) return "cloned";
      const isElsewhere = known.place.log === place.log && known.place.cursor !== place.cursor;
      return isElsewhere ? "replayed" : undefined;
    }
    const previousHigh = readU32(previous, 0) | 0;
    const previousLow = readU32(previous, 4) | 0;
    seen[sequence % SEEN_MAX] = { sequence, hashHigh, hashLow, previousHigh, previousLow, place };
    const before = seen[(sequence + SEEN_MAX - 1) % SEEN_MAX];
    if (before?.sequence === sequence - 1 && !isPast(before, previousHigh, previousLow)) return "cloned";
    const after = seen[(sequence + 1) % SEEN_MAX];
    if (after?.sequence !== sequence + 1) return undefined;
    return after.previousHigh === hashHigh && after.previousLow === hashLow ? undefined : "cloned";
  }

  #seenOf(id: DeviceId): (Seen | undefined)[] | undefined {
    const senders = this.#senders;
    for (let i = 0; i < senders.length; i++) if (isEqualBytes(senders[i]!.id, id)) return senders[i]!.seen;
    if (senders.length === SENDERS_MAX) return undefined;
    const sender: Sender = { id: id.slice(), seen: [] };
    senders.push(sender);
    return sender.seen;
  }
}

function isPast(before: Seen, high: number, low: number): boolean {
  return before.hashHigh === high && before.hashLow === low;
}
