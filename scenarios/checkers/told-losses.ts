/**
 * What each device's application was told that it will not get: ranges lost, and blobs set aside in quarantine. And
 * where a blob has a cursor, for a range can only be compared with a blob through its places.
 */
import type { AckRecord, DeliverRecord, LostRecord, QuarantineRecord } from "../history.ts";
import { ThreeKeyMap } from "./three-key-map.ts";

export type Place = AckRecord | DeliverRecord;

/** The places of each blob: one for each log that holds it. */
export class BlobPlaces {
  readonly #groups = new Map<string, Map<string, Place[]>>();

  add(record: Place): void {
    let blobs = this.#groups.get(record.group);
    if (blobs === undefined) this.#groups.set(record.group, (blobs = new Map()));
    const places = blobs.get(record.blob);
    if (places === undefined) blobs.set(record.blob, [record]);
    else if (!places.some((place) => place.epoch === record.epoch && place.relay === record.relay)) places.push(record);
  }

  of(group: string, blob: string): readonly Place[] {
    return this.#groups.get(group)?.get(blob) ?? [];
  }
}

export class ToldLosses {
  readonly #lost = new ThreeKeyMap<LostRecord[]>(() => []);
  readonly #quarantined = new Map<string, Set<string>>();

  lost(record: LostRecord): void {
    this.#lost.at(record.device, record.relay, record.epoch).push(record);
  }

  quarantined(record: QuarantineRecord): void {
    let blobs = this.#quarantined.get(record.device);
    if (blobs === undefined) this.#quarantined.set(record.device, (blobs = new Set()));
    blobs.add(record.blob);
  }

  isQuarantined(device: string, blob: string): boolean {
    return this.#quarantined.get(device)?.has(blob) ?? false;
  }

  /** What told this device of the loss of a blob at one of these places. */
  find(device: string, places: readonly Place[]): LostRecord | undefined {
    for (const place of places) {
      const lost = this.#lost.get(device, place.relay, place.epoch);
      const found = lost?.find((range) => range.from <= place.cursor && place.cursor <= range.to);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}
