/**
 * Everybody sees the same log: within (relay, epoch) whoever stands at a cursor – by its durable state, its final
 * state or an acknowledgement – has the same chain there, and since a chain is a hash over all that came before, the
 * same sequence up to it. That a cursor *names* the same blob to all is `cursor-binding`, so that one fault makes one
 * finding. Cursor 0 is before any log and says nothing.
 */
import type { Checker } from "../checker.ts";
import type { About } from "./about.ts";
import type { Position } from "./history-rows.ts";
import { renderPlace, shortId } from "./render-place.ts";

export const prefixAgreement: Checker = {
  name: "prefix-agreement",
  holdsWhen: "any two devices at one cursor of a relay and epoch have the same chain",
  enforces: [3, 5],
  start(_plan, report, index) {
    function see(record: Position, { place }: About): void {
      const first = place?.chained;
      if (first === undefined || first === record || first.chain === record.chain) return;
      if (!index.isKept(place!.log)) return;
      report({
        kind: "chains-differ",
        message:
          `at ${renderPlace(record)} ${first.device} (${first.type}) has chain ${shortId(first.chain)} and ` +
          `${record.device} (${record.type}) has chain ${shortId(record.chain)}`,
        witness: [first, record],
      });
    }

    return { on: { ack: see, "durable-state": see, "final-state": see } };
  },
};
