/** Evidence of what befell a relay's data or its readers: the part of `trouble.ts` about epochs, refusals and losses. */
import type { History } from "./history.ts";

/** After the fault of this step was issued, a device met a log in another epoch than it, or any other, had known. */
export function isRenewed(step: number, history: History): boolean {
  const known = new Map<string, string>();
  let isIssued = false;
  for (const record of history) {
    if (record.type === "fault") {
      if (record.step === step && record.stage === "issued") isIssued = true;
    } else if (record.type === "op" && record.f === "connect" && record.outcome === "ok") {
      const { relay, epoch } = record;
      if (relay === undefined || epoch === undefined) continue;
      const log = `${relay} ${record.group}`;
      const before = known.get(log);
      if (isIssued && before !== undefined && before !== epoch) return true;
      known.set(log, epoch);
    }
  }
  return false;
}

/** After the fault of this step was issued, a cursor of a known epoch was given to another blob. */
export function isRegrown(step: number, history: History): boolean {
  const blobs = new Map<string, string>();
  let isIssued = false;
  for (const record of history) {
    if (record.type === "fault") {
      if (record.step === step && record.stage === "issued") isIssued = true;
    } else if (record.type === "ack") {
      const place = `${record.relay} ${record.group} ${record.epoch} ${record.cursor}`;
      const before = blobs.get(place);
      if (before === undefined) blobs.set(place, record.blob);
      else if (isIssued && before !== record.blob) return true;
    }
  }
  return false;
}

/** A push of this device was refused with this code, to be tried again, and later acknowledged. */
export function isRefusedThenAcked(device: string, code: number, history: History): boolean {
  const refused = new Set<string>();
  for (const record of history) {
    if (record.type === "refused" && record.device === device && record.code === code && record.retryable) {
      refused.add(record.blob);
    } else if (record.type === "ack" && record.device === device && refused.has(record.blob)) {
      return true;
    }
  }
  return false;
}

/** This device was told of lost history, and took in blobs from behind the loss. */
export function isToldLost(device: string, history: History): boolean {
  const lost = new Map<string, number>();
  const delivered = new Map<string, number>();
  for (const record of history) {
    if ((record.type !== "lost" && record.type !== "deliver") || record.device !== device) continue;
    const log = `${record.relay} ${record.epoch}`;
    if (record.type === "lost") lost.set(log, Math.min(lost.get(log) ?? record.to, record.to));
    else delivered.set(log, Math.max(delivered.get(log) ?? 0, record.cursor));
  }
  // One commit writes down what it took in and then what is lost, so their order in the history says nothing.
  for (const [log, to] of lost) if ((delivered.get(log) ?? 0) > to) return true;
  return false;
}
