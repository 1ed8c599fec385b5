/**
 * What hosts hold on to stays below its stated limit whenever it is looked at: sessions and groups of a relay, pushes
 * under way, pulls and the queue of a device. And a device asks a relay for one page at a time.
 */
import type { Checker } from "../checker.ts";
import type { OperationRecord } from "../history.ts";

/** What may be held, by the name that the host gives it; what is not named has no limit of its own. */
type Limits = readonly (readonly [what: string, most: number])[];

export const bounded: Checker = {
  name: "bounded",
  holdsWhen: "queues, sessions and what is under way stay below their stated limits",
  enforces: [13],
  start(plan, report) {
    const limitsOf = new Map<string, Limits>();
    for (const { name, config } of plan.topology.relays) {
      const { sessionsMax, groupsMax } = config;
      // A timer for each session, and one for the sweep.
      limitsOf.set(name, [
        ["sessions", sessionsMax],
        ["liveGroups", Math.min(sessionsMax, groupsMax)],
        ["addresses", sessionsMax],
        ["timers", sessionsMax + 1],
      ]);
    }
    for (const { name, relays, config } of plan.topology.devices) {
      limitsOf.set(name, [
        ["inFlight", config.pushWindow * relays.length],
        ["pulls", relays.length],
        ["queuedRows", config.queueRowsMax],
        ["queuedBytes", config.queueBytesMax],
      ]);
    }
    /** The open pulls of each device, by its number. */
    const pulls: OperationRecord[][] = [];

    /** Where its open pull at this relay is among its pulls, or would be. */
    function placeOf(own: readonly OperationRecord[], { relay }: OperationRecord): number {
      let at = 0;
      while (at < own.length && own[at]!.relay !== relay) at++;
      return at;
    }

    return {
      on: {
        pull(record, { device }) {
          const own = (pulls[device.number] ??= []);
          const at = placeOf(own, record);
          const open = own[at];
          own[at] = record;
          if (open === undefined) return;
          const message = `${record.device} asked ${record.relay} for a page while it waited for another`;
          report({ kind: "two-pulls", message, witness: [open, record] });
        },
        "pull-end"(record, { device }) {
          const own = pulls[device.number];
          if (own === undefined) return;
          const at = placeOf(own, record);
          if (own[at]?.process !== record.process) return;
          own[at] = own[own.length - 1]!;
          own.pop();
        },
        resources(record) {
          const limits = limitsOf.get(record.host);
          if (limits === undefined) return;
          for (const [what, most] of limits) {
            const count = record.counts[what] ?? 0;
            if (count <= most) continue;
            const message = `${record.host} holds ${count} ${what} (${record.stage}), ${most} is the most`;
            report({ kind: "over-limit", message, witness: [record] });
          }
        },
      },
    };
  },
};
