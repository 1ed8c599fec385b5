/** Evidence of what befell a device's connections and pushes: the part of `trouble.ts` about them. */
import type { History } from "./history.ts";
import type { Evidence } from "./plan.ts";

type EvidenceOf<S extends Evidence["see"]> = Extract<Evidence, { readonly see: S }>;

/** From the fault of this step on, a connection of the device ended for one of these reasons. */
export function isDisconnected({ step, device, whys }: EvidenceOf<"disconnected">, history: History): boolean {
  let isIssued = false;
  for (const record of history) {
    if (record.type === "fault") {
      if (record.step === step && record.stage === "issued") isIssued = true;
    } else if (record.type === "disconnected" && isIssued) {
      if (record.device === device && whys.includes(record.why)) return true;
    }
  }
  return false;
}

/** A push of this device took so long, or longer, to be acknowledged. */
export function isWaited({ device, ms }: EvidenceOf<"waited">, history: History): boolean {
  const madeAt = new Map<number, number>();
  for (const record of history) {
    if (record.type !== "op" || record.f !== "push" || record.device !== device) continue;
    const made = madeAt.get(record.process);
    if (record.outcome === "invoke") madeAt.set(record.process, record.at);
    else if (record.outcome === "ok" && made !== undefined && record.at - made >= ms) return true;
  }
  return false;
}

/** A push of this device definitely failed, and another was acknowledged after that. */
export function isFailedThenAcked(device: string, history: History): boolean {
  let isFailed = false;
  for (const record of history) {
    if (record.type !== "op" || record.f !== "push" || record.device !== device) continue;
    if (record.outcome === "fail") isFailed = true;
    else if (record.outcome === "ok" && isFailed) return true;
  }
  return false;
}

/** A push of one device was acknowledged while another waited for a page. */
export function isCrossed({ pusher, puller }: EvidenceOf<"crossed">, history: History): boolean {
  const waiting = new Set<number>();
  for (const record of history) {
    if (record.type === "ack") {
      if (record.device === pusher && waiting.size > 0) return true;
    } else if (record.type === "op" && record.f === "pull" && record.device === puller) {
      if (record.outcome === "invoke") waiting.add(record.process);
      else waiting.delete(record.process);
    }
  }
  return false;
}
