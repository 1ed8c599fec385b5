/**
 * Groups know nothing of one another: what was queued in one group is acknowledged, delivered and quarantined in that
 * group alone, by its blob id and by the operation id in its payload. (That nothing of one group is *counted* in
 * another shows as holes in its cursors: `cursor-binding`.)
 */
import type { Checker } from "../checker.ts";
import type { About } from "./about.ts";
import type { Binding } from "./history-rows.ts";
import { renderPlace, shortId } from "./render-place.ts";

export const groupIsolation: Checker = {
  name: "group-isolation",
  holdsWhen: "nothing of one group is visible in another",
  enforces: [6, 13],
  start(_plan, report) {
    /** By the blob's number; more than one only if groups happen to use the same id, which is their right. */
    const others: (string[] | undefined)[] = [];

    /** Whether that was a finding. */
    function see(record: Binding, { blob }: About): boolean {
      const origin = blob.queued;
      if (origin === undefined || origin.group === record.group) return false;
      if (others[blob.number]?.includes(record.group)) return false;
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
        queued(record, { blob }) {
          if (blob.queued !== record && blob.queued?.group !== record.group) {
            (others[blob.number] ??= []).push(record.group);
          }
        },
        ack: (record, about) => void see(record, about),
        quarantine: (record, about) => void see(record, about),
        deliver(record, about) {
          if (see(record, about) || record.op === null) return;
          const push = about.push?.invoke;
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
