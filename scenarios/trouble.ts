/**
 * Whether a run met the trouble that its plan is about: every `Evidence` of the plan is looked for in the history. A
 * run without it is idle – valid, but it proved nothing – and is counted apart. Order in the history is what counts
 * where two records carry the same time. Each evidence is one pass. Called by the judge once per run.
 */
import { unreachable } from "../core/invariant.ts";
import type { AckRecord, History, OperationRecord } from "./history.ts";
import type { Evidence, Plan } from "./plan.ts";
import { isCrossed, isDisconnected, isFailedThenAcked, isWaited } from "./trouble-device.ts";
import type { Topic } from "./topic.ts";
import { isRefusedThenAcked, isRegrown, isRenewed, isToldLost } from "./trouble-relay.ts";

/** A delivery within this long after the acknowledgement is ordinary: the device could hear. */
export const HEARD_WITHIN_MS = 1000;

type EvidenceOf<S extends Evidence["see"]> = Extract<Evidence, { readonly see: S }>;

/** By which records each kind of evidence is told: a judge keeps no others. */
const SIGNS: { readonly [S in Evidence["see"]]: readonly Topic[] } = {
  observed: ["fault"],
  open: ["fault", "push", "push-end", "pull", "pull-end", "connect", "connect-end"],
  overlap: ["push", "push-end"],
  missed: ["ack", "deliver"],
  acked: ["ack"],
  polled: ["notified", "deliver"],
  renewed: ["fault", "connect-end"],
  regrown: ["fault", "ack"],
  refused: ["refused", "ack"],
  "told-lost": ["lost", "deliver"],
  landed: ["fault", "ack"],
  "copy-owed": ["fault", "ack"],
  sooner: ["ack"],
  "relays-failed": ["relays-failed"],
  disconnected: ["fault", "disconnected"],
  waited: ["push", "push-end"],
  failed: ["push-end"],
  crossed: ["ack", "pull", "pull-end"],
  quarantined: ["quarantine"],
};

/** The records that this evidence is looked for in. */
export function signsOf(trouble: readonly Evidence[]): ReadonlySet<Topic> {
  return new Set(trouble.flatMap(({ see }) => SIGNS[see]));
}

/** All evidence is there; a plan that asks for none has no trouble to miss. */
export function isTroubleSeen(plan: Plan, history: History): boolean {
  return plan.trouble.every((evidence) => isSeen(evidence, plan, history));
}

function isSeen(evidence: Evidence, plan: Plan, history: History): boolean {
  switch (evidence.see) {
    case "observed":
      return history.some(
        (record) => record.type === "fault" && record.stage === "observed" && record.step === evidence.step,
      );
    case "open":
      return isOpen(evidence, history);
    case "overlap":
      return isOverlapping(evidence, history);
    case "missed":
      return isMissed(evidence, plan, history);
    case "acked":
      return isAcked(evidence, history);
    case "polled":
      return isPolled(history);
    case "renewed":
      return isRenewed(evidence.step, history);
    case "regrown":
      return isRegrown(evidence.step, history);
    case "refused":
      return isRefusedThenAcked(evidence.device, evidence.code, history);
    case "told-lost":
      return isToldLost(evidence.device, history);
    case "landed":
      return isLanded(evidence, history);
    case "copy-owed":
      return isCopyOwed(evidence, history);
    case "sooner":
      return isSooner(evidence, history);
    case "relays-failed":
      return history.some((record) => record.type === "relays-failed" && record.device === evidence.device);
    case "disconnected":
      return isDisconnected(evidence, history);
    case "waited":
      return isWaited(evidence, history);
    case "failed":
      return isFailedThenAcked(evidence.device, history);
    case "crossed":
      return isCrossed(evidence, history);
    case "quarantined":
      return history.some((record) => record.type === "quarantine" && record.device === evidence.device);
    default:
      return unreachable(evidence);
  }
}

function isOpen(evidence: EvidenceOf<"open">, history: History): boolean {
  const open = new Set<number>();
  for (const record of history) {
    if (record.type === "op") {
      if (record.f !== evidence.f) continue;
      if (evidence.device !== undefined && record.device !== evidence.device) continue;
      if (record.outcome === "invoke") open.add(record.process);
      else open.delete(record.process);
    } else if (record.type === "fault" && record.stage === "issued" && record.step === evidence.step) {
      if (open.size > 0) return true;
    }
  }
  return false;
}

/** Devices of one group: pushes in two groups have nothing to do with each other. */
function isOverlapping(evidence: EvidenceOf<"overlap">, history: History): boolean {
  const openOf = new Map<string, Set<number>>();
  const busyOf = new Map<string, number>();
  const move = (record: OperationRecord, by: 1 | -1): number => {
    const busy = (busyOf.get(record.group) ?? 0) + by;
    busyOf.set(record.group, busy);
    return busy;
  };
  for (const record of history) {
    if (record.type !== "op" || record.f !== "push") continue;
    let open = openOf.get(record.device);
    if (open === undefined) {
      open = new Set();
      openOf.set(record.device, open);
    }
    if (record.outcome === "invoke") {
      open.add(record.process);
      if (open.size === 1 && move(record, 1) >= evidence.devices) return true;
    } else if (open.delete(record.process) && open.size === 0) {
      move(record, -1);
    }
  }
  return false;
}

function isMissed(evidence: EvidenceOf<"missed">, plan: Plan, history: History): boolean {
  const group = plan.topology.devices.find(({ name }) => name === evidence.device)?.group;
  const acks = new Map<string, AckRecord>();
  const deliveredAt = new Map<string, number>();
  for (const record of history) {
    if (record.type === "ack") {
      // What it pushed itself it knows of, and a repeated answer tells nothing new.
      if (record.group !== group || record.device === evidence.device) continue;
      if (!acks.has(record.blob)) acks.set(record.blob, record);
    } else if (record.type === "deliver" && record.device === evidence.device) {
      if (!deliveredAt.has(record.blob)) deliveredAt.set(record.blob, record.at);
    }
  }
  let missed = 0;
  for (const { blob, at } of acks.values()) {
    const delivered = deliveredAt.get(blob);
    if (delivered === undefined || delivered > at + HEARD_WITHIN_MS) missed++;
  }
  return missed >= evidence.blobs;
}

function isAcked(evidence: EvidenceOf<"acked">, history: History): boolean {
  const ackedOf = new Map<string, Set<string>>();
  let count = 0;
  for (const record of history) {
    if (record.type !== "ack") continue;
    let acked = ackedOf.get(record.group);
    if (acked === undefined) ackedOf.set(record.group, (acked = new Set()));
    if (acked.has(record.blob)) continue;
    acked.add(record.blob);
    if (++count >= evidence.blobs) return true;
  }
  return evidence.blobs === 0;
}

function isPolled(history: History): boolean {
  /** The highest cursor that a device was told of; a new epoch begins anew. */
  const told = new Map<string, number>();
  for (const record of history) {
    if (record.type !== "notified" && record.type !== "deliver") continue;
    const key = `${record.device} ${record.relay} ${record.epoch}`;
    const highest = told.get(key) ?? 0;
    if (record.type === "deliver") {
      if (record.cursor > highest) return true;
    } else if (record.cursor > highest) {
      told.set(key, record.cursor);
    }
  }
  return false;
}

function isLanded(evidence: EvidenceOf<"landed">, history: History): boolean {
  const acked = new Set<string>();
  let isOn = false;
  for (const record of history) {
    if (record.type === "fault" && record.step === evidence.step) {
      if (record.stage === "issued") isOn = true;
      else if (record.stage === "healed") isOn = false;
    } else if (record.type === "ack") {
      if (isOn && record.relay === evidence.relay && !acked.has(record.blob)) return true;
      acked.add(record.blob);
    }
  }
  return false;
}

function isCopyOwed(evidence: EvidenceOf<"copy-owed">, history: History): boolean {
  const owed = new Set<string>();
  const copied = new Set<string>();
  for (const record of history) {
    if (record.type === "fault" && record.step === evidence.step && record.stage === "issued") return owed.size > 0;
    if (record.type !== "ack") continue;
    if (record.relay === evidence.relay) {
      copied.add(record.blob);
      owed.delete(record.blob);
    } else if (!copied.has(record.blob)) {
      owed.add(record.blob);
    }
  }
  return false;
}

function isSooner(evidence: EvidenceOf<"sooner">, history: History): boolean {
  const ackedAt = new Map<string, number>();
  for (const record of history) {
    if (record.type !== "ack") continue;
    if (record.relay === evidence.relay) {
      if (!ackedAt.has(record.blob)) ackedAt.set(record.blob, record.at);
    } else if (record.relay === evidence.than) {
      const at = ackedAt.get(record.blob);
      if (at !== undefined && record.at - at >= HEARD_WITHIN_MS) return true;
    }
  }
  return false;
}
