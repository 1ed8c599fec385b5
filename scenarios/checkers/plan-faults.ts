/** What a plan does to its run, looked for once for all checkers: a plan may have many steps, and few of them are faults. */
import { isFault, type FaultStep, type Plan } from "../plan.ts";

export class PlanFaults {
  readonly all: readonly FaultStep[];
  readonly #byStep = new Map<number, FaultStep>();

  constructor({ steps }: Plan) {
    this.all = steps.filter(isFault);
    for (const fault of this.all) this.#byStep.set(fault.id, fault);
  }

  at(step: number): FaultStep | undefined {
    return this.#byStep.get(step);
  }

  /** Only where something can alter blobs may an honest one end up in quarantine. */
  canAlterBlobs(): boolean {
    return this.all.some((fault) => {
      if (fault.do === "toxic") return fault.toxic.type === "tamper";
      return fault.do === "disk" && fault.disk.type === "bit-rot";
    });
  }

  /** A push is taken out of the middle of a stream: then the order that the stream had is nobody's fault. */
  isPushTaken(): boolean {
    return this.all.some((fault) => fault.do === "withhold" && fault.message === "Push");
  }
}
