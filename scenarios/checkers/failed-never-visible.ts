/**
 * A push that ended `fail` definitely did not happen: its blob is delivered to nobody, neither after the failure nor
 * before it. An application that was told "failed" has pushed the same content again by then.
 */
import type { Checker } from "../checker.ts";
import type { DeliverRecord, OperationRecord } from "../history.ts";
import { renderPlace, shortId } from "./render-place.ts";

export const failedNeverVisible: Checker = {
  name: "failed-never-visible",
  holdsWhen: "a push that definitely failed is never delivered",
  enforces: [9],
  start(_plan, report) {
    /** By the push's and by the blob's number. */
    const failedPushes: (OperationRecord | undefined)[] = [];
    const failedBlobs: (OperationRecord | undefined)[] = [];
    let isAny = false;

    function found(push: OperationRecord, seen: DeliverRecord): void {
      report({
        kind: "failed-push-delivered",
        message:
          `the push of blob ${shortId(seen.blob)} by ${push.device} failed (${push.error ?? "no reason"}), yet ` +
          `${seen.device} has it as ${renderPlace(seen)}`,
        witness: push.at <= seen.at ? [push, seen] : [seen, push],
      });
    }

    return {
      on: {
        "push-end"(record, { push, pushed: blob }) {
          if (record.outcome !== "fail") return;
          isAny = true;
          const seen = blob?.deliveries[0] ?? push?.delivered;
          if (seen !== undefined) found(record, seen);
          if (blob !== undefined) failedBlobs[blob.number] = record;
          if (push !== undefined) failedPushes[push.number] = record;
        },
        deliver(record, { blob, push }) {
          if (!isAny) return;
          const failed = failedBlobs[blob.number] ?? (push === undefined ? undefined : failedPushes[push.number]);
          if (failed !== undefined) found(failed, record);
        },
      },
    };
  },
};
