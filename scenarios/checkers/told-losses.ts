/**
 * What each device's application was told that it will not get: ranges lost, and blobs set aside in quarantine. A range
 * can only be compared with a blob through the places that the blob has in logs.
 */
import type { LostRecord, QuarantineRecord } from "../history.ts";
import type { Placed } from "./history-rows.ts";
import { ThreeKeyMap } from "./three-key-map.ts";

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
  find(device: string, places: readonly Placed[]): LostRecord | undefined {
    for (const place of places) {
      const lost = this.#lost.get(device, place.relay, place.epoch);
      const found = lost?.find((range) => range.from <= place.cursor && place.cursor <= range.to);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}
