/**
 * A daemon that is asked to stop leaves within its grace time, with exit code 0, and leaves nothing half written: what
 * a device had committed when it left is what the next process finds on its disk. (What a relay had acknowledged is the
 * business of `acked-durable`.) A process that is frozen meanwhile, or waits for a slow disk, cannot leave, and is not
 * asked to.
 */
import type { Checker } from "../checker.ts";
import type { DurableStateRecord, ExitRecord } from "../history.ts";
import type { About } from "./about.ts";
import { renderLog } from "./render-place.ts";

/** What keeps a process from leaving: a step, and how long after its end it still may. */
interface Hindrance {
  readonly host: string;
  readonly afterMs: number;
  /** For ever, while it lasts. */
  untilMs: number;
}

export const shutdown: Checker = {
  name: "shutdown",
  holdsWhen: "a daemon that is asked to stop leaves in time, with exit code 0 and nothing half written",
  enforces: [16],
  start(_plan, report, { disks, faults, readers }) {
    const hindrances = new Map<number, Hindrance>();
    for (const step of faults.all) {
      if (step.do === "pause") hindrances.set(step.id, { host: step.host, afterMs: 0, untilMs: -1 });
      else if (step.do === "disk" && step.disk.type === "slow")
        hindrances.set(step.id, { host: step.host, afterMs: step.disk.syncMs, untilMs: -1 });
    }
    /** Devices that left in order and were not started again, with the life of their disk. */
    const left = new Map<string, { readonly exit: ExitRecord; readonly life: number }>();
    /** By the reader's number. */
    const committed: (DurableStateRecord | undefined)[] = [];

    function isHindered(host: string, atMs: number): boolean {
      for (const each of hindrances.values()) if (each.host === host && each.untilMs >= atMs) return true;
      return false;
    }

    function compare(record: DurableStateRecord, { reader }: About): void {
      const before = committed[reader!.number];
      const gone = left.get(record.device);
      if (gone === undefined || before === undefined || gone.life !== disks.of(record.device)) return;
      if (record.cursor === before.cursor && record.inbox >= before.inbox) return;
      report({
        kind: "half-written",
        message:
          `${record.device} left in order with ${before.inbox} rows and cursor ${before.cursor} of ` +
          `${renderLog(before)}; the next process finds ${record.inbox} rows and cursor ${record.cursor}`,
        witness: [before, gone.exit, record],
      });
    }

    return {
      on: {
        fault(record) {
          const hindrance = hindrances.get(record.step);
          if (hindrance === undefined) return;
          if (record.stage === "issued") hindrance.untilMs = Number.POSITIVE_INFINITY;
          else if (record.stage === "healed") hindrance.untilMs = record.at + hindrance.afterMs;
        },
        exit(record) {
          const { host, at, askedAt, graceMs, code } = record;
          const tookMs = at - askedAt;
          if (code === null) {
            if (isHindered(host, askedAt)) return;
            const message = `${host} was asked to stop at ${askedAt} ms and had to be killed after ${tookMs} ms`;
            return report({ kind: "killed", message, witness: [record] });
          }
          if (code !== 0) {
            const message = `${host} was asked to stop and left with exit code ${code}`;
            report({ kind: "exit-code", message, witness: [record] });
          }
          if (tookMs > graceMs && !isHindered(host, askedAt)) {
            const message = `${host} took ${tookMs} ms to leave, ${graceMs} ms are its grace time`;
            report({ kind: "left-late", message, witness: [record] });
          }
          left.set(host, { exit: record, life: disks.of(host) });
        },
        "durable-state"(record, about) {
          if (record.why === "crash") {
            compare(record, about);
            // Each log of the device is read back once.
            const own = readers.filter(({ device }) => device.name === record.device).length;
            if (own <= 1) left.delete(record.device);
          } else {
            committed[about.reader!.number] = record;
            left.delete(record.device);
          }
        },
      },
    };
  },
};
