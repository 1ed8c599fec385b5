/**
 * No machine breaks an invariant of its own: an `InvariantViolation` that the world or the driver caught is a finding,
 * whatever the rest of the history looks like.
 */
import type { Checker } from "../checker.ts";

export const invariant: Checker = {
  name: "invariant",
  holdsWhen: "no machine breaks an invariant of its own",
  enforces: [],
  start(_plan, report) {
    return {
      on: {
        stopped(record) {
          if (record.why !== "invariant") return;
          report({
            kind: "invariant-broken",
            message: `${record.host ?? "the world"} broke an invariant at ${record.at} ms: ${record.message}`,
            witness: [record],
          });
        },
      },
    };
  },
};
