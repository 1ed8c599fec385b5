/**
 * A push is idempotent: within an epoch of a relay's log a blob has one cursor, however often it was sent, whoever
 * tells of it. Acknowledgements and deliveries are compared. (The other direction, one cursor one blob, is
 * `cursor-binding`.)
 */
import type { Checker } from "../checker.ts";
import type { AckRecord, DeliverRecord } from "../history.ts";
import { trackDiskLives } from "./disk-lives.ts";
import { renderLog, shortId } from "./render-place.ts";
import { ThreeKeyMap } from "./three-key-map.ts";

interface Log {
  life: number;
  readonly cursors: Map<string, AckRecord | DeliverRecord>;
}

export const pushOnce: Checker = {
  name: "push-once",
  holdsWhen: "a blob has one cursor per relay and epoch, however often it was sent",
  enforces: [2],
  start(plan, report) {
    const logs = new ThreeKeyMap<Log>(() => ({ life: -1, cursors: new Map() }));
    const disks = trackDiskLives(plan);

    function see(record: AckRecord | DeliverRecord): void {
      const log = logs.at(record.relay, record.group, record.epoch);
      const life = disks.of(record.relay);
      if (log.life === -1) log.life = life;
      if (log.life !== life) return;
      const first = log.cursors.get(record.blob);
      if (first === undefined) {
        log.cursors.set(record.blob, record);
      } else if (first.cursor !== record.cursor) {
        report({
          kind: "second-cursor",
          message:
            `blob ${shortId(record.blob)} has two cursors at ${renderLog(record)}: ${first.cursor} by the ` +
            `${first.type} of ${first.device}, ${record.cursor} by the ${record.type} of ${record.device}`,
          witness: [first, record],
        });
      }
    }

    return { on: { ack: see, deliver: see, fault: (record) => disks.note(record) } };
  },
};
