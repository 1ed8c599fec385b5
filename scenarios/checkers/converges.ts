/**
 * After healing, all devices of a group come to the same state within the plan's bound in time and in frames; if not,
 * the finding says *why not*: who still waits for what. The runner's own word is not taken for it: when it says
 * `converged`, all final states of a group at a relay have the same epoch, cursor and chain, and every blob that one
 * device delivered was delivered to the others as well, unless it is in quarantine or was told lost there, or lost with
 * the disks of all relays that had it, when its ttl is over too and nobody owes it any more. A run that was stopped is
 * the finding of `invariant` or `hang`, not of this.
 */
import type { Checker } from "../checker.ts";
import type { FinalStateRecord, PhaseRecord } from "../history.ts";
import { isDeliveredTo } from "./history-rows.ts";
import { renderLog, shortId } from "./render-place.ts";

export const converges: Checker = {
  name: "converges",
  holdsWhen: "after healing all devices of a group reach the same state within the bound",
  enforces: [12, 18],
  start(plan, report, index) {
    const { blobs, disks, told } = index;
    const finals: FinalStateRecord[] = [];
    let healed: PhaseRecord | undefined;
    let converged: PhaseRecord | undefined;
    let stalled: PhaseRecord | undefined;
    let isStopped = false;

    function judgeTime(start: PhaseRecord, end: PhaseRecord): void {
      const tookMs = end.at - start.at;
      if (tookMs > plan.bound.withinMs) {
        report({
          kind: "converged-late",
          message: `converged ${tookMs} ms after healing, allowed are ${plan.bound.withinMs} ms`,
          witness: [start, end],
        });
      }
      const frames = end.frames - start.frames;
      if (frames > plan.bound.framesMax) {
        report({
          kind: "too-many-frames",
          message: `converging took ${frames} frames after healing, allowed are ${plan.bound.framesMax}`,
          witness: [start, end],
        });
      }
    }

    /** Final states of one group at one relay that differ from the first one there. */
    function differingStates(): { readonly first: FinalStateRecord; readonly other: FinalStateRecord }[] {
      const firsts = new Map<string, Map<string, FinalStateRecord>>();
      const pairs = [];
      for (const other of finals) {
        let atRelay = firsts.get(other.group);
        if (atRelay === undefined) firsts.set(other.group, (atRelay = new Map()));
        const first = atRelay.get(other.relay);
        if (first === undefined) atRelay.set(other.relay, other);
        else if (!isSameState(first, other)) pairs.push({ first, other });
      }
      return pairs;
    }

    /** Why it did not converge, as far as the final states show it. */
    function reasonsOfStates(): string[] {
      const reasons = differingStates().map(({ first, other }) => `${describe(other)} while ${describe(first)}`);
      for (const { device, outbox } of finals) {
        if (outbox.length > 0) {
          reasons.push(
            `${device} still has ${outbox.length} unanswered blobs (${outbox.slice(0, 3).map(shortId).join(", ")})`,
          );
        }
      }
      return reasons;
    }

    function judgeStates(): void {
      for (const { first, other } of differingStates()) {
        report({
          kind: "states-differ",
          message: `said to have converged, but ${describe(other)} while ${describe(first)}`,
          witness: [first, other],
        });
      }
    }

    function judgeInboxes(): void {
      const judged = new Set<string>();
      for (const state of finals) {
        if (judged.has(state.device)) continue;
        judged.add(state.device);
        for (const blob of blobs.rows()) {
          if (blob.isSettled) continue;
          const delivery = blob.deliveries[0];
          if (delivery === undefined || delivery.group !== state.group) continue;
          if (isDeliveredTo(blob, state.device) || told.isQuarantined(state.device, blob.id)) continue;
          if (told.find(state.device, blob.places) !== undefined) continue;
          const isLost = blob.places.every((place) => disks.damage(place.relay) === "lost");
          if (isLost && blob.places.every((place) => index.expiresMs(blob, place) <= state.at)) continue;
          report({
            kind: "inboxes-differ",
            message:
              `blob ${shortId(blob.id)} was delivered to ${delivery.device}, but neither delivered to ${state.device} ` +
              `nor told lost there`,
            witness: [delivery, state],
          });
        }
      }
    }

    return {
      on: {
        phase(record) {
          if (record.phase === "healed") healed = record;
          else if (record.phase === "converged") converged = record;
          else if (record.phase === "stalled") stalled = record;
        },
        "final-state": (record) => void finals.push(record),
        stopped() {
          isStopped = true;
        },
      },
      finish() {
        if (isStopped) return;
        if (healed === undefined) {
          const message = "the run ended before it was healed: nothing can be said about its liveness";
          report({ kind: "never-healed", message, witness: [] });
          return;
        }
        if (converged === undefined) {
          const reasons = [...(stalled?.waiting ?? []), ...reasonsOfStates()];
          const why = reasons.length === 0 ? "no device says what it waits for" : reasons.slice(0, 8).join("; ");
          const more = reasons.length > 8 ? `; and ${reasons.length - 8} more` : "";
          report({
            kind: "not-converged",
            message: `not converged within ${plan.bound.withinMs} ms after healing, because: ${why}${more}`,
            witness: [healed, ...(stalled === undefined ? [] : [stalled]), ...finals.slice(0, 8)],
          });
          return;
        }
        judgeTime(healed, converged);
        judgeStates();
        judgeInboxes();
      },
    };
  },
};

function isSameState(a: FinalStateRecord, b: FinalStateRecord): boolean {
  return a.epoch === b.epoch && a.cursor === b.cursor && a.chain === b.chain;
}

function describe(state: FinalStateRecord): string {
  return `${state.device} stands at ${state.cursor} of ${renderLog(state)} (chain ${shortId(state.chain)})`;
}
