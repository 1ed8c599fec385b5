/**
 * Nothing is made up: every delivered blob was pushed by an application, and arrives with the operation id, digest and
 * size that it was pushed with. A blob is known by its `queued` record; where the pusher died before it could tell of
 * it, by the operation id at the front of its payload (an empty blob: by any empty push that was never seen queued).
 * One push makes one blob: the payload of a push that was queued under another blob id is a finding as well. That a
 * blob belongs to another *group* is left to `group-isolation`.
 */
import type { Checker } from "../checker.ts";
import type { DeliverRecord, OperationRecord } from "../history.ts";
import { renderPlace, shortId } from "./render-place.ts";

export const noFabrication: Checker = {
  name: "no-fabrication",
  holdsWhen: "every delivered blob was pushed, with the same operation id, digest and size",
  enforces: [8, 10],
  start(_plan, report) {
    /** Pushes of nothing that were not seen queued. */
    let emptyUnqueued = 0;

    function describe(record: DeliverRecord): string {
      return `blob ${shortId(record.blob)}, delivered to ${record.device} as ${renderPlace(record)},`;
    }

    function compare(record: DeliverRecord, push: OperationRecord): void {
      const op = push.sizeBytes === 0 ? null : push.op;
      const differs =
        record.op !== op
          ? `operation id ${shortId(record.op ?? "none")} instead of ${shortId(op ?? "none")}`
          : push.sizeBytes !== undefined && record.sizeBytes !== push.sizeBytes
            ? `${record.sizeBytes} bytes instead of ${push.sizeBytes}`
            : push.digest !== undefined && record.digest !== push.digest
              ? `digest ${shortId(record.digest)} instead of ${shortId(push.digest)}`
              : undefined;
      if (differs === undefined) return;
      const message = `${describe(record)} is not what ${push.device} pushed: ${differs}`;
      report({ kind: "altered-blob", message, witness: [push, record] });
    }

    return {
      on: {
        push(record) {
          if (record.sizeBytes === 0) emptyUnqueued++;
        },
        queued(record, { push }) {
          if (push?.queued === record && push.invoke.sizeBytes === 0) emptyUnqueued--;
        },
        deliver(record, about) {
          if (about.blob.isSettled) return;
          if (about.blob.queued !== undefined) {
            if (about.blob.push !== undefined) compare(record, about.blob.push.invoke);
            return;
          }
          const push = about.push?.invoke;
          const other = about.push?.queued;
          if (other !== undefined) {
            report({
              kind: "second-blob-of-a-push",
              message: `${describe(record)} carries a push that was queued as blob ${shortId(other.blob)}`,
              witness: [other, record],
            });
          } else if (push !== undefined) {
            compare(record, push);
          } else if (record.op !== null || emptyUnqueued === 0) {
            const message = `${describe(record)} was never pushed by anyone`;
            report({ kind: "fabricated-blob", message, witness: [record] });
          }
        },
      },
    };
  },
};
