/**
 * Groups know nothing of one another: what was queued in one group is acknowledged, delivered and quarantined in that
 * group alone, by its blob id and by the operation id in its payload. (That nothing of one group is *counted* in
 * another shows as holes in its cursors: `cursor-binding`.)
 */
import type { Checker } from "../checker.ts";
import type { AckRecord, DeliverRecord, OperationRecord, QuarantineRecord, QueuedRecord } from "../history.ts";
import { renderPlace, shortId } from "./render-place.ts";

export const groupIsolation: Checker = {
  name: "group-isolation",
  holdsWhen: "nothing of one group is visible in another",
  enforces: [6, 13],
  start(_plan, report) {
    /** By blob id; more than one only if groups happen to use the same id, which is their right. */
    const queued = new Map<string, QueuedRecord[]>();
    const pushes = new Map<string, OperationRecord>();

    /** Whether that was a finding. */
    function see(record: AckRecord | DeliverRecord | QuarantineRecord): boolean {
      const origins = queued.get(record.blob);
      if (origins === undefined || origins.some((origin) => origin.group === record.group)) return false;
      const origin = origins[0]!;
      report({
        kind: "blob-of-another-group",
        message:
          `blob ${shortId(record.blob)} was queued by ${origin.device} in group ${shortId(origin.group)}, but there ` +
          `is a ${record.type} of it at ${record.device} in group ${shortId(record.group)} (${renderPlace(record)})`,
        witness: [origin, record],
      });
      return true;
    }

    return {
      on: {
        op(record) {
          if (record.f === "push" && record.outcome === "invoke" && record.op !== undefined) {
            pushes.set(record.op, record);
          }
        },
        queued(record) {
          const origins = queued.get(record.blob);
          if (origins === undefined) queued.set(record.blob, [record]);
          else origins.push(record);
        },
        ack: (record) => void see(record),
        quarantine: (record) => void see(record),
        deliver(record) {
          if (see(record) || record.op === null) return;
          const push = pushes.get(record.op);
          if (push === undefined || push.group === record.group) return;
          report({
            kind: "payload-of-another-group",
            message:
              `the payload that ${push.device} pushed in group ${shortId(push.group)} was delivered to ` +
              `${record.device} in group ${shortId(record.group)} as blob ${shortId(record.blob)}`,
            witness: [push, record],
          });
        },
      },
    };
  },
};
