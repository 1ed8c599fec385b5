/** Pushes whose application was given a promise, until the machine's events settle it. Kept by `SyncClient`. */
import type { News } from "./event-translation.ts";
import { ExpiredError, RefusedError } from "./sync-error.ts";
import type { Acked } from "./sync-events.ts";
import type { Pushed } from "./sync-types.ts";

interface Deferred {
  resolve(acked: Acked): void;
  reject(error: Error): void;
}

export class UnsettledPushes {
  readonly #deferred = new Map<string, Deferred>();

  pushed(blobId: string): Pushed {
    const acked = new Promise<Acked>((resolve, reject) => this.#deferred.set(blobId, { resolve, reject }));
    // It may be left alone: nobody looking is no crash.
    acked.catch(() => {});
    return { blobId, acked };
  }

  /** What is about no push of ours, or settles none, changes nothing. */
  hear({ name, told }: News): void {
    switch (name) {
      case "acked":
        return this.#settle(told.blobId, ({ resolve }) => resolve(told));
      case "refused": {
        if (!told.isFinal) return;
        const error = new RefusedError(`The push was refused: ${told.why}.`, told.errorCode, null);
        return this.#settle(told.blobId, ({ reject }) => reject(error));
      }
      case "expired":
        return this.#settle(told.blobId, ({ reject }) => reject(new ExpiredError(told.wasSent)));
      default:
        return;
    }
  }

  rejectAll(error: Error): void {
    for (const { reject } of this.#deferred.values()) reject(error);
    this.#deferred.clear();
  }

  #settle(blobId: string, settle: (deferred: Deferred) => void): void {
    const deferred = this.#deferred.get(blobId);
    if (deferred === undefined) return;
    this.#deferred.delete(blobId);
    settle(deferred);
  }
}
