/**
 * No nonce twice under one key, over all hosts, restarts and restores: one repetition opens both messages. Counters
 * come in ascending order from one sealer, so that a range that grows by one is all that is kept of them; a number at
 * or below the last is looked up exactly. Random nonces are kept as they are.
 */
import type { Checker } from "../checker.ts";
import type { SealRecord } from "../history.ts";
import { CursorRanges } from "./cursor-ranges.ts";
import { shortId } from "./render-place.ts";

interface UsedNonces {
  last: number;
  lastSeal: SealRecord | undefined;
  readonly numbers: CursorRanges;
  readonly texts: Map<string, SealRecord>;
}

export const nonceUnique: Checker = {
  name: "nonce-unique",
  holdsWhen: "no nonce is used twice under one key",
  enforces: [15],
  start(_plan, report) {
    const keys = new Map<number, UsedNonces>();

    function reused(record: SealRecord, first: SealRecord | undefined): void {
      const nonce = typeof record.nonce === "number" ? `counter ${record.nonce}` : shortId(record.nonce);
      const by = typeof record.nonce === "number" || first === undefined ? "" : `, first by ${first.host}`;
      report({
        kind: "nonce-reused",
        message: `${record.host} sealed with nonce ${nonce} under key ${record.key}, which was used before${by}`,
        witness: first === undefined ? [record] : [first, record],
      });
    }

    return {
      on: {
        seal(record) {
          let used = keys.get(record.key);
          if (used === undefined) {
            used = { last: -1, lastSeal: undefined, numbers: new CursorRanges(), texts: new Map() };
            keys.set(record.key, used);
          }
          const { nonce } = record;
          if (typeof nonce === "string") {
            const first = used.texts.get(nonce);
            if (first === undefined) used.texts.set(nonce, record);
            else reused(record, first);
            return;
          }
          if (nonce <= used.last && used.numbers.has(nonce)) {
            reused(record, used.lastSeal);
            return;
          }
          used.numbers.add(nonce, nonce);
          if (nonce > used.last) used.last = nonce;
          used.lastSeal = record;
        },
      },
    };
  },
};
