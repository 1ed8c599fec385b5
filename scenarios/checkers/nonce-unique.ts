/**
 * No nonce twice under one key, over all hosts, restarts and restores: one repetition opens both messages. Counters
 * come in ascending order from one sealer, so that a range that grows by one is all that is kept of them; a number at
 * or below the last is looked up exactly. Of random nonces the latest are kept.
 */
import { XNONCE_BYTES } from "../../core/crypto/suite.ts";
import type { Checker } from "../checker.ts";
import type { SealRecord } from "../history.ts";
import { CursorRanges } from "./cursor-ranges.ts";
import { HexTable } from "./hex-table.ts";
import { shortId } from "./render-place.ts";

/** Random nonces, in the order in which they were used, with who used them when. */
interface Texts {
  readonly nonces: HexTable;
  readonly hosts: string[];
  readonly times: number[];
}

interface UsedNonces {
  readonly key: number;
  /** The present run of counters, which is not among the ranges yet. */
  from: number;
  last: number;
  highest: number;
  lastSeal: SealRecord | undefined;
  readonly numbers: CursorRanges;
  /** Random nonces, and those before them: of these the oldest go, all at once. */
  texts: Texts | undefined;
  earlierTexts: Texts | undefined;
}

/** So many random nonces of a key are remembered, and up to twice as many. */
const TEXTS_KEPT = 65_536;
const NONCE_WORDS = XNONCE_BYTES / 4;

/** The seal of this nonce, as it was told. */
function sealAt({ hosts, times }: Texts, at: number, key: number, nonce: string): SealRecord {
  return { type: "seal", at: times[at]!, host: hosts[at]!, key, nonce };
}

/** Keys used lately, by their lowest bits: some hosts take turns. */
const RECENT = 64;

export const nonceUnique: Checker = {
  name: "nonce-unique",
  holdsWhen: "no nonce is used twice under one key",
  enforces: [15],
  start(_plan, report) {
    const keys = new Map<number, UsedNonces>();
    const recent: UsedNonces[] = [];

    function usedOf(key: number): UsedNonces {
      const slot = key & (RECENT - 1);
      let used = recent[slot];
      if (used?.key === key) return used;
      used = keys.get(key);
      if (used === undefined) {
        const numbers = new CursorRanges();
        used = {
          key,
          from: 0,
          last: -1,
          highest: -1,
          lastSeal: undefined,
          numbers,
          texts: undefined,
          earlierTexts: undefined,
        };
        keys.set(key, used);
      }
      recent[slot] = used;
      return used;
    }

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
          const used = usedOf(record.key);
          const { nonce } = record;
          if (typeof nonce === "string") {
            const { key } = record;
            const before = used.earlierTexts;
            const earlier = before === undefined ? -1 : before.nonces.find(nonce);
            if (earlier >= 0) return reused(record, sealAt(before!, earlier, key, nonce));
            const texts = (used.texts ??= { nonces: new HexTable(NONCE_WORDS), hosts: [], times: [] });
            const { nonces, hosts, times } = texts;
            const at = nonces.add(nonce);
            if (at < hosts.length) return reused(record, sealAt(texts, at, key, nonce));
            hosts.push(record.host);
            times.push(record.at);
            if (nonces.size < TEXTS_KEPT) return;
            used.earlierTexts = texts;
            used.texts = undefined;
            return;
          }
          if (nonce !== used.last + 1 || nonce <= used.highest) {
            const isInRun = nonce >= used.from && nonce <= used.last;
            if (isInRun || (nonce <= used.highest && used.numbers.has(nonce))) return reused(record, used.lastSeal);
            used.numbers.add(used.from, used.last);
            used.from = nonce;
          }
          used.last = nonce;
          if (nonce > used.highest) used.highest = nonce;
          used.lastSeal = record;
        },
      },
    };
  },
};
