/**
 * A run comes to its end: one that spends its budget of events is busy without getting anywhere (a retry without
 * backoff, two machines that answer each other for ever) and is a finding.
 */
import type { Checker } from "../checker.ts";

export const hang: Checker = {
  name: "hang",
  holdsWhen: "a run ends within its budget of events",
  enforces: [18],
  start(_plan, report) {
    return {
      on: {
        stopped(record) {
          if (record.why !== "hang") return;
          report({
            kind: "event-budget-spent",
            message: `the run was stopped at ${record.at} ms: ${record.message}`,
            witness: [record],
          });
        },
      },
    };
  },
};
