/**
 * A daemon that is asked to stop leaves within its grace time, with exit code 0, and leaves nothing half written: what
 * a device had committed when it left is what the next process finds on its disk. (What a relay had acknowledged is the
 * business of `acked-durable`.) A process that is frozen meanwhile cannot leave, and is not asked to.
 */
import type { Checker } from "../checker.ts";
import type { DurableStateRecord, ExitRecord } from "../history.ts";
import type { About } from "./about.ts";
import { renderLog } from "./render-place.ts";

export const shutdown: Checker = {
  name: "shutdown",
  holdsWhen: "a daemon that is asked to stop leaves in time, with exit code 0 and nothing half written",
  enforces: [16],
  start(plan, report, { disks, readers }) {
    const pauses = new Map(plan.steps.flatMap((step) => (step.do === "pause" ? [[step.id, step.host] as const] : [])));
    /** When each host was last frozen: for ever, while it is. */
    const frozenUntil = new Map<string, number>();
    /** Devices that left in order and were not started again, with the life of their disk. */
    const left = new Map<string, { readonly exit: ExitRecord; readonly life: number }>();
    /** By the reader's number. */
    const committed: (DurableStateRecord | undefined)[] = [];

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
          const host = pauses.get(record.step);
          if (host === undefined) return;
          if (record.stage === "issued") frozenUntil.set(host, Number.POSITIVE_INFINITY);
          else if (record.stage === "healed") frozenUntil.set(host, record.at);
        },
        exit(record) {
          const { host, at, askedAt, graceMs, code } = record;
          if ((frozenUntil.get(host) ?? -1) >= askedAt) return;
          const tookMs = at - askedAt;
          if (code === null) {
            const message = `${host} was asked to stop at ${askedAt} ms and had to be killed after ${tookMs} ms`;
            return report({ kind: "killed", message, witness: [record] });
          }
          if (code !== 0) {
            const message = `${host} was asked to stop and left with exit code ${code}`;
            report({ kind: "exit-code", message, witness: [record] });
          }
          if (tookMs > graceMs) {
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
