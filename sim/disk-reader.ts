/**
 * What is durable on one device, as the history has it: the application reads the committed inbox by index, and after
 * each commit that moved a cursor, after each crash and at the end the disk is read back.
 */
import { encodeHex } from "../core/bytes.ts";
import { encodeText } from "../core/text.ts";
import { digestBytes } from "../scenarios/payload.ts";
import type { DeviceStore } from "./device-store.ts";
import type { Recorder } from "./recorder.ts";

export class DiskReader {
  readonly #recorder: Recorder;
  readonly #device: string;
  readonly #group: string;
  readonly #relay: string;
  readonly #relayHex: string;
  #store: DeviceStore | undefined;
  /** How far the application has read. */
  #inbox = 0;
  #quarantine = 0;
  #lost = 0;
  #recordedCursor = -1;
  #recordedEpoch: Uint8Array | undefined;
  #epochHex = "";

  constructor(recorder: Recorder, device: string, group: string, relay: string, relayHex: string) {
    this.#recorder = recorder;
    this.#device = device;
    this.#group = group;
    this.#relay = relay;
    this.#relayHex = relayHex;
  }

  /** The process has started: this is what its disk holds. */
  opened(store: DeviceStore, isFirst: boolean): void {
    this.#store = store;
    if (isFirst) return;
    // Less than was read before is the checkers' business; the application goes on from what is there.
    this.#inbox = Math.min(this.#inbox, store.inbox.length);
    this.#quarantine = Math.min(this.#quarantine, store.quarantine.length);
    this.#lost = Math.min(this.#lost, store.lost.length);
    this.#recordState("crash");
  }

  committed(): void {
    const store = this.#store!;
    if (this.#inbox < store.inbox.length) this.#readInbox(store);
    if (this.#quarantine < store.quarantine.length) this.#readQuarantine(store);
    if (this.#lost < store.lost.length) this.#readLost(store);
    const position = store.positionAt(this.#relayHex);
    if (position === undefined) return;
    const { contiguous, epoch } = position;
    if (contiguous.cursor !== this.#recordedCursor || epoch !== this.#recordedEpoch) this.#recordState("commit");
  }

  #readInbox(store: DeviceStore): void {
    const { at, names } = this.#recorder;
    for (; this.#inbox < store.inbox.length; this.#inbox++) {
      const { epoch, cursor, blob, body, sender, sequence } = store.inbox[this.#inbox]!;
      this.#recorder.add({
        type: "deliver",
        at,
        device: this.#device,
        group: this.#group,
        index: this.#inbox,
        relay: this.#relay,
        epoch,
        cursor,
        blob,
        op: body.length >= 16 ? encodeHex(body.subarray(0, 16)) : null,
        digest: digestBytes(body),
        sizeBytes: body.length,
        sender: names.of(sender),
        sequence,
      });
    }
  }

  #readQuarantine(store: DeviceStore): void {
    const { at } = this.#recorder;
    const where = { at, device: this.#device, group: this.#group, relay: this.#relay };
    for (; this.#quarantine < store.quarantine.length; this.#quarantine++) {
      const { epoch, cursor, blob, why } = store.quarantine[this.#quarantine]!;
      this.#recorder.add({ type: "quarantine", ...where, epoch, cursor, blob, why });
    }
  }

  #readLost(store: DeviceStore): void {
    const { at } = this.#recorder;
    const where = { at, device: this.#device, group: this.#group, relay: this.#relay };
    for (; this.#lost < store.lost.length; this.#lost++) {
      const { epoch, from, to, why } = store.lost[this.#lost]!;
      this.#recorder.add({ type: "lost", ...where, epoch, from, to, why });
    }
  }

  #recordState(why: "commit" | "crash"): void {
    const { device, group, relay, epoch, cursor, chain, inbox } = this.#state();
    const { at } = this.#recorder;
    const type = "durable-state";
    this.#recordedCursor = cursor;
    this.#recorder.add(
      why === "commit"
        ? { type, at, why, device, group, relay, epoch, cursor, chain, inbox }
        : { type, at, why, device, group, relay, epoch, cursor, chain, inbox, outbox: this.#outbox() },
    );
  }

  recordFinal(): void {
    const blobs = this.#store!.inbox.map(({ blob }) => blob).sort();
    const delivered = digestBytes(encodeText(blobs.join("")));
    const { at } = this.#recorder;
    this.#recorder.add({ type: "final-state", at, ...this.#state(), delivered, outbox: this.#outbox() });
  }

  #state() {
    const store = this.#store!;
    const position = store.positionAt(this.#relayHex);
    if (position !== undefined && position.epoch !== this.#recordedEpoch) {
      this.#recordedEpoch = position.epoch;
      this.#epochHex = encodeHex(position.epoch);
    }
    return {
      device: this.#device,
      group: this.#group,
      relay: this.#relay,
      epoch: position === undefined ? "" : this.#epochHex,
      cursor: position?.contiguous.cursor ?? 0,
      chain: position === undefined ? "" : this.#recorder.names.of(position.contiguous.chain),
      inbox: store.inbox.length,
    };
  }

  #outbox(): readonly string[] {
    return this.#store!.outbox(this.#relayHex).map(({ blobId }) => encodeHex(blobId));
  }
}
