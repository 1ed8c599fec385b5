/**
 * A run leaves nothing behind: after all devices have left, no host holds more of anything (sessions, timers, table
 * rows, descriptors) than before they came, and no outbox holds a blob that was not definitely answered.
 */
import type { Checker } from "../checker.ts";
import type { FinalStateRecord, ResourcesRecord } from "../history.ts";
import { shortId } from "./render-place.ts";

export const drains: Checker = {
  name: "drains",
  holdsWhen: "resources are back at their baseline and outboxes are empty when the run is over",
  enforces: [13, 16],
  start(_plan, report, index) {
    const baselines = new Map<string, ResourcesRecord>();
    const ends = new Map<string, ResourcesRecord>();
    const finals: FinalStateRecord[] = [];
    /** By the blob's number. */
    const isAnswered: boolean[] = [];

    return {
      on: {
        "push-end"(record, { pushed }) {
          if (pushed === undefined) return;
          if (record.outcome !== "info" || record.error === "given-up") isAnswered[pushed.number] = true;
        },
        ack(_record, { blob }) {
          isAnswered[blob.number] = true;
        },
        refused(record, { blob }) {
          if (!record.retryable) isAnswered[blob.number] = true;
        },
        resources(record) {
          if (record.stage === "baseline") baselines.set(record.host, record);
          else if (record.stage === "end") ends.set(record.host, record);
        },
        "final-state": (record) => void finals.push(record),
      },
      finish() {
        for (const [host, end] of ends) {
          const baseline = baselines.get(host);
          const beforeOf = (what: string): number => baseline?.counts[what] ?? 0;
          const left = Object.keys(end.counts).filter((what) => end.counts[what]! > beforeOf(what));
          for (const what of left.sort()) {
            report({
              kind: "resource-left",
              message: `${host} holds ${end.counts[what]} ${what} at the end, ${beforeOf(what)} at the baseline`,
              witness: baseline === undefined ? [end] : [baseline, end],
            });
          }
        }
        for (const state of finals) {
          const left = state.outbox.filter((id) => isAnswered[index.blobs.find(id)?.number ?? -1] !== true);
          if (left.length === 0) continue;
          report({
            kind: "outbox-not-empty",
            message:
              `${state.device} ends with ${left.length} unanswered blobs in its outbox: ` +
              `${left.slice(0, 5).map(shortId).join(", ")}${left.length > 5 ? " …" : ""}`,
            witness: [state],
          });
        }
      },
    };
  },
};
