/**
 * Everybody sees the same log: within (relay, epoch) whoever stands at a cursor – by its durable state, its final
 * state or an acknowledgement – has the same chain there, and since a chain is a hash over all that came before, the
 * same sequence up to it. That a cursor *names* the same blob to all is `cursor-binding`, so that one fault makes one
 * finding. Cursor 0 is before any log and says nothing.
 */
import type { Checker } from "../checker.ts";
import type { AckRecord, DurableStateRecord, FinalStateRecord } from "../history.ts";
import { trackDiskLives } from "./disk-lives.ts";
import { renderPlace, shortId } from "./render-place.ts";
import { ThreeKeyMap } from "./three-key-map.ts";

type Position = AckRecord | DurableStateRecord | FinalStateRecord;

interface Log {
  life: number;
  readonly chains: Map<number, Position>;
}

export const prefixAgreement: Checker = {
  name: "prefix-agreement",
  holdsWhen: "any two devices at one cursor of a relay and epoch have the same chain",
  enforces: [3, 5],
  start(plan, report) {
    const logs = new ThreeKeyMap<Log>(() => ({ life: -1, chains: new Map() }));
    const disks = trackDiskLives(plan);

    function see(record: Position): void {
      if (record.cursor === 0) return;
      const log = logs.at(record.relay, record.group, record.epoch);
      const life = disks.of(record.relay);
      if (log.life === -1) log.life = life;
      if (log.life !== life) return;
      const first = log.chains.get(record.cursor);
      if (first === undefined) {
        log.chains.set(record.cursor, record);
      } else if (first.chain !== record.chain) {
        report({
          kind: "chains-differ",
          message:
            `at ${renderPlace(record)} ${first.device} (${first.type}) has chain ${shortId(first.chain)} and ` +
            `${record.device} (${record.type}) has chain ${shortId(record.chain)}`,
          witness: [first, record],
        });
      }
    }

    return { on: { ack: see, "durable-state": see, "final-state": see, fault: (record) => disks.note(record) } };
  },
};
