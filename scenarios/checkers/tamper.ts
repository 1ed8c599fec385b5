/**
 * What was tampered with on the way is refused, reported, and moves no state. A connection on which the plan changed,
 * cut, repeated or put in anything ends, and the device says so: authenticated messages are counted, so that nothing
 * after the first wrong one can be read. And a page that a device refused moves its position nowhere. (That no altered
 * content is delivered is `no-fabrication`.)
 */
import type { Checker } from "../checker.ts";
import type { AccusedRecord, FaultRecord } from "../history.ts";
import type { FaultStep } from "../plan.ts";
import { renderLog } from "./render-place.ts";

type ToxicStep = Extract<FaultStep, { do: "toxic" }>;

export const tamper: Checker = {
  name: "tamper",
  holdsWhen: "what was tampered with on the way is refused and reported, and moves no state",
  enforces: [5, 8],
  start(_plan, report, { faults }) {
    const steps = new Map<number, ToxicStep>();
    const hosts = new Set<string>();
    const hostOf = new Map<number, string>();
    for (const step of faults.all) {
      // What is held back for the next message, and none comes, is late and nothing worse.
      const isChange = step.do === "toxic" && step.toxic.type === "tamper" && step.toxic.how !== "reorder";
      if (isChange) steps.set(step.id, step);
      else if ("host" in step) hostOf.set(step.id, step.host);
    }
    /** Tampered with, and the connection has not ended yet. */
    const unnoticed = new Map<FaultRecord, ToxicStep>();
    /** By the reader's number: the page that was refused last, until the next pull. */
    const refused: (AccusedRecord | undefined)[] = [];

    function ended(device: string, relay: string): void {
      for (const [fault, { dialler, listener }] of unnoticed) {
        if (dialler === device && listener === relay) unnoticed.delete(fault);
      }
    }

    function judgeUnnoticed(): void {
      for (const [fault, { dialler, listener, toxic }] of unnoticed) {
        if (hosts.has(dialler) || hosts.has(listener)) continue;
        const how = toxic.type === "tamper" ? toxic.how : toxic.type;
        report({
          kind: "tampering-unnoticed",
          message: `a message between ${dialler} and ${listener} was tampered with (${how}) at ${fault.at} ms, and their connection went on`,
          witness: [fault],
        });
      }
      unnoticed.clear();
    }

    return {
      on: {
        fault(record) {
          const step = steps.get(record.step);
          if (step !== undefined && record.stage === "observed") unnoticed.set(record, step);
          // Whoever died could not say anything.
          const host = hostOf.get(record.step);
          if (host !== undefined && record.stage !== "unsupported" && unnoticed.size > 0) hosts.add(host);
        },
        disconnected(record) {
          if (unnoticed.size > 0) ended(record.device, record.relay);
        },
        accused(record, { reader }) {
          if (record.what === "page-refused") refused[reader!.number] = record;
        },
        pull(_record, { reader }) {
          if (reader !== undefined) refused[reader.number] = undefined;
        },
        "durable-state"(record, { reader }) {
          const page = refused[reader!.number];
          if (page === undefined || record.why !== "commit") return;
          refused[reader!.number] = undefined;
          report({
            kind: "refused-page-taken",
            message: `${record.device} refused a page of ${renderLog(record)} and stands at ${record.cursor} since`,
            witness: [page, record],
          });
        },
        phase(record) {
          if (record.phase === "converged" || record.phase === "end") judgeUnnoticed();
        },
      },
    };
  },
};
