/**
 * What a plan asks of its own run: pushes acknowledged and blobs heard in time although somebody else is in trouble, a
 * dead connection noticed within its bound, connections kept, devices back in time and not all at once, nothing pulled
 * twice. Times are of the plan's clock; a push that expires, fails, or belongs to a process that died is not waited for.
 */
import { unreachable } from "../../core/invariant.ts";
import type { Checker } from "../checker.ts";
import type { AckRecord, DisconnectedRecord, FaultRecord, HistoryRecord, OperationRecord } from "../history.ts";
import type { Demand, Plan } from "../plan.ts";
import type { Finding } from "../verdict.ts";
import { shortId } from "./render-place.ts";

type Of<D extends Demand["demand"]> = Extract<Demand, { readonly demand: D }>;
type Report = (finding: Omit<Finding, "checker">) => void;
type Watcher = { readonly see: (record: HistoryRecord) => void; readonly finish?: () => void };

export const demands: Checker = {
  name: "demands",
  holdsWhen: "what the plan asks of its own run beside the standing checks holds",
  enforces: [12, 13],
  start(plan, report) {
    const watchers = (plan.demands ?? []).map((demand) => watch(demand, plan, report));
    if (watchers.length === 0) return { on: {} };
    const see = (record: HistoryRecord): void => {
      for (const watcher of watchers) watcher.see(record);
    };
    return {
      on: {
        push: see,
        "push-end": see,
        pull: see,
        "pull-end": see,
        connect: see,
        "connect-end": see,
        ack: see,
        deliver: see,
        disconnected: see,
        fault: see,
        resources: see,
      },
      finish() {
        for (const watcher of watchers) watcher.finish?.();
      },
    };
  },
};

function watch(demand: Demand, plan: Plan, report: Report): Watcher {
  switch (demand.demand) {
    case "acked":
      return watchAcked(demand, report);
    case "heard":
      return watchHeard(demand, plan, report);
    case "noticed":
      return watchNoticed(demand, report);
    case "kept":
      return watchKept(demand, report);
    case "back":
      return watchBack(demand, report);
    case "spread":
      return watchSpread(demand, report);
    case "failed":
      return watchFailed(demand, report);
    case "held":
      return watchHeld(demand, report);
    case "lean":
      return watchLean(demand, report);
    default:
      return unreachable(demand);
  }
}

function watchAcked({ devices, fromMs, toMs, withinMs }: Of<"acked">, report: Report): Watcher {
  const open = new Map<number, OperationRecord>();
  const late = (made: OperationRecord, ended: readonly OperationRecord[]): void =>
    report({
      kind: "acked-late",
      message: `${made.device}'s push of ${Math.round(made.at)} ms was not acknowledged within ${withinMs} ms`,
      witness: [made, ...ended],
    });
  return {
    see(record) {
      if (record.type !== "op" || record.f !== "push") return;
      if (record.outcome === "invoke") {
        const isMeant = devices.includes(record.device) && record.at >= fromMs && record.at <= toMs;
        const { ttlS = 0 } = record;
        if (isMeant && (ttlS === 0 || ttlS * 1000 > withinMs)) open.set(record.process, record);
        return;
      }
      const made = open.get(record.process);
      open.delete(record.process);
      if (made !== undefined && record.outcome === "ok" && record.at - made.at > withinMs) late(made, [record]);
    },
    finish() {
      for (const made of open.values()) late(made, []);
    },
  };
}

function watchHeard({ device, fromMs, toMs, withinMs }: Of<"heard">, plan: Plan, report: Report): Watcher {
  const group = plan.topology.devices.find(({ name }) => name === device)?.group;
  const acks = new Map<string, AckRecord>();
  const known = new Set<string>();
  const late = (ack: AckRecord, delivered: readonly HistoryRecord[]): void =>
    report({
      kind: "heard-late",
      message: `${device} did not have blob ${shortId(ack.blob)} within ${withinMs} ms of its acknowledgement`,
      witness: [ack, ...delivered],
    });
  return {
    see(record) {
      if (record.type === "ack" && record.group === group) {
        if (record.at < fromMs || record.at > toMs || known.has(record.blob)) return;
        known.add(record.blob);
        acks.set(record.blob, record);
      } else if (record.type === "deliver" && record.device === device) {
        const ack = acks.get(record.blob);
        known.add(record.blob);
        acks.delete(record.blob);
        if (ack !== undefined && record.at - ack.at > withinMs) late(ack, [record]);
      }
    },
    finish() {
      for (const ack of acks.values()) late(ack, []);
    },
  };
}

function watchNoticed({ step, device, whys, withinMs }: Of<"noticed">, report: Report): Watcher {
  let issued: FaultRecord | undefined;
  let noticed: DisconnectedRecord | undefined;
  return {
    see(record) {
      if (record.type === "fault" && record.step === step && record.stage === "issued") issued ??= record;
      if (record.type !== "disconnected" || record.device !== device || issued === undefined) return;
      if (whys.includes(record.why)) noticed ??= record;
    },
    finish() {
      if (issued === undefined || (noticed !== undefined && noticed.at - issued.at <= withinMs)) return;
      const message = `${device} did not notice the fault of step ${step} within ${withinMs} ms (${whys.join(" or ")})`;
      report({ kind: "noticed-late", message, witness: noticed === undefined ? [issued] : [issued, noticed] });
    },
  };
}

/** How a connection ends that nobody lost. */
const BY_WISH: readonly string[] = ["closed-by-application", "visit-over"];

function watchKept({ devices, fromMs, toMs }: Of<"kept">, report: Report): Watcher {
  return {
    see(record) {
      if (record.type !== "disconnected" || !devices.includes(record.device) || BY_WISH.includes(record.why)) return;
      if (record.at < fromMs || record.at > toMs) return;
      const message = `${record.device} lost its connection to ${record.relay} (${record.why})`;
      report({ kind: "not-kept", message, witness: [record] });
    },
  };
}

function watchBack({ devices, fromMs, withinMs }: Of<"back">, report: Report): Watcher {
  const first = new Map<string, OperationRecord>();
  return {
    see(record) {
      if (record.type !== "op" || record.f !== "connect" || record.outcome !== "ok" || record.at < fromMs) return;
      if (!first.has(record.device)) first.set(record.device, record);
    },
    finish() {
      for (const device of devices) {
        const back = first.get(device);
        if (back !== undefined && back.at - fromMs <= withinMs) continue;
        const message = `${device} was not back within ${withinMs} ms after ${fromMs} ms`;
        report({ kind: "back-late", message, witness: back === undefined ? [] : [back] });
      }
    },
  };
}

function watchSpread({ fromMs, windowMs, dialsMax }: Of<"spread">, report: Report): Watcher {
  const window: OperationRecord[] = [];
  return {
    see(record) {
      if (record.type !== "op" || record.f !== "connect" || record.outcome !== "invoke" || record.at < fromMs) return;
      window.push(record);
      while (window[0]!.at <= record.at - windowMs) window.shift();
      if (window.length <= dialsMax) return;
      const message = `${window.length} dials within ${windowMs} ms, ${dialsMax} are the most`;
      report({ kind: "not-spread", message, witness: [window[0]!, record] });
    },
  };
}

function watchFailed({ devices, most }: Of<"failed">, report: Report): Watcher {
  const failed: OperationRecord[] = [];
  return {
    see(record) {
      if (record.type !== "op" || record.f !== "push" || record.outcome !== "fail") return;
      if (devices.includes(record.device)) failed.push(record);
    },
    finish() {
      if (failed.length <= most) return;
      const message = `${failed.length} pushes failed for good, ${most} are all that should`;
      report({ kind: "too-many-failed", message, witness: failed });
    },
  };
}

function watchHeld({ host, what, most }: Of<"held">, report: Report): Watcher {
  return {
    see(record) {
      if (record.type !== "resources" || record.stage !== "healed" || record.host !== host) return;
      const count = record.counts[what] ?? 0;
      if (count <= most) return;
      const message = `${host} holds ${count} ${what} when everything is healed, ${most} are the most`;
      report({ kind: "too-much-held", message, witness: [record] });
    },
  };
}

function watchLean({ device, blobsMax }: Of<"lean">, report: Report): Watcher {
  let blobs = 0;
  let last: OperationRecord | undefined;
  return {
    see(record) {
      if (record.type !== "op" || record.f !== "pull" || record.outcome !== "ok" || record.device !== device) return;
      blobs += record.blobs ?? 0;
      last = record;
    },
    finish() {
      if (last === undefined || blobs <= blobsMax) return;
      const message = `${device} pulled ${blobs} blobs, ${blobsMax} are all that it lacked`;
      report({ kind: "not-lean", message, witness: [last] });
    },
  };
}
