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
    const blobOfProcess = new Map<number, string>();
    const opOfProcess = new Map<number, string>();
    const failed = new Map<string, OperationRecord>();
    /** First delivery of each blob and of each operation id whose push is not settled yet. */
    const visible = new Map<string, DeliverRecord>();

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
        op(record) {
          if (record.f !== "push") return;
          if (record.outcome === "invoke") {
            if (record.op !== undefined) opOfProcess.set(record.process, record.op);
            return;
          }
          const blob = record.blob ?? blobOfProcess.get(record.process);
          const op = record.op ?? opOfProcess.get(record.process);
          if (record.outcome === "fail") {
            const seen = (blob === undefined ? undefined : visible.get(blob)) ?? visible.get(op ?? "");
            if (seen !== undefined) found(record, seen);
            if (blob !== undefined) failed.set(blob, record);
            if (op !== undefined) failed.set(op, record);
          }
        },
        queued(record) {
          blobOfProcess.set(record.process, record.blob);
        },
        deliver(record) {
          if (!visible.has(record.blob)) visible.set(record.blob, record);
          if (record.op !== null && !visible.has(record.op)) visible.set(record.op, record);
          if (failed.size === 0) return;
          const push = failed.get(record.blob) ?? (record.op === null ? undefined : failed.get(record.op));
          if (push !== undefined) found(push, record);
        },
      },
    };
  },
};
