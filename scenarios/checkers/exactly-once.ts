/**
 * Each blob is delivered once to an application, across reconnects, relays and epochs, and the inbox is read in order:
 * indexes 0, 1, 2 … without repetition or gap. A device whose own disk the plan took begins again where its inbox does.
 */
import type { Checker } from "../checker.ts";
import type { DeliverRecord } from "../history.ts";
import { renderPlace, shortId } from "./render-place.ts";

interface Inbox {
  life: number;
  /** -1: any index may be next. */
  next: number;
  last: DeliverRecord | undefined;
}

export const exactlyOnce: Checker = {
  name: "exactly-once",
  holdsWhen: "no blob is delivered twice to one device, and inbox indexes follow one another from 0",
  enforces: [10],
  start(_plan, report, { disks }) {
    /** By the device's number. */
    const inboxes: Inbox[] = [];

    return {
      on: {
        deliver(record, { device, isRepeated, earlier: first }) {
          let inbox = inboxes[device.number];
          const life = disks.of(record.device);
          if (inbox === undefined || inbox.life !== life) {
            inbox = { life, next: life === 0 ? 0 : -1, last: undefined };
            inboxes[device.number] = inbox;
          }
          if (inbox.next !== -1 && record.index !== inbox.next) {
            report({
              kind: record.index < inbox.next ? "index-repeated" : "index-skipped",
              message: `${record.device} read inbox index ${record.index} where ${inbox.next} was to come`,
              witness: inbox.last === undefined ? [record] : [inbox.last, record],
            });
          }
          inbox.next = record.index + 1;
          inbox.last = record;
          if (!isRepeated) return;
          const before = first === undefined ? "long ago" : `as ${renderPlace(first)} (index ${first.index})`;
          report({
            kind: "delivered-twice",
            message: `blob ${shortId(record.blob)} was delivered twice to ${record.device}: ${before} and as ${renderPlace(record)} (index ${record.index})`,
            witness: first === undefined ? [record] : [first, record],
          });
        },
      },
    };
  },
};
