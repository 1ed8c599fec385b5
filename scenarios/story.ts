/**
 * A run as a story: who is there, then what was done and what came of it, in the order of time and in plain words,
 * ending in what went wrong and the records that prove it. Made for short plans, such as a shrunk one; of a long one
 * the steps come first and the rest is counted. Called by whoever shows a replay.
 */
import { shortId } from "./checkers/render-place.ts";
import type { History, HistoryRecord } from "./history.ts";
import type { Plan, Step, Topology } from "./plan.ts";
import { renderStep } from "./step-text.ts";
import type { Verdict } from "./verdict.ts";

export interface Story {
  /** Who is there. */
  readonly cast: readonly string[];
  /** One sentence each, in order; `atMs` from the plan's zero. */
  readonly events: readonly { readonly atMs: number; readonly text: string }[];
  /** Sentences that are left out of a long story. */
  readonly unsaid: number;
  /** What went wrong; empty for a valid run. */
  readonly ending: readonly string[];
}

const EVENTS_MAX = 60;

export function tellStory(plan: Plan, history: History, verdict: Verdict): Story {
  const steps = plan.steps.map((step) => ({ atMs: step.atMs, text: renderStep(step), isStep: true }));
  const healed = {
    atMs: plan.healAtMs,
    text: "everything is healed, and everybody is told to be online",
    isStep: true,
  };
  const seen = history.flatMap((record) => {
    const text = renderRecord(record, plan.steps);
    return text === undefined ? [] : [{ atMs: record.at, text, isStep: false }];
  });
  const all = [...steps, healed, ...seen].toSorted((x, y) => x.atMs - y.atMs || Number(y.isStep) - Number(x.isStep));
  const told = all.length <= EVENTS_MAX ? all : all.filter(({ isStep }) => isStep).slice(0, EVENTS_MAX);
  return {
    cast: castOf(plan.topology),
    events: told.map(({ atMs, text }) => ({ atMs, text })),
    unsaid: all.length - told.length,
    ending: verdict.findings.slice(0, 3).map(({ checker, message }) => `${message} (${checker})`),
  };
}

function castOf({ relays, groups, devices, link }: Topology): readonly string[] {
  const members = groups.map(({ name }) => {
    const inGroup = devices.filter((device) => device.group === name);
    const each = inGroup.map(
      (device) => `${device.name}${device.online ? "" : " (offline)"} → ${device.relays.join(", ")}`,
    );
    return `group ${name}: ${each.join("; ")}`;
  });
  const names = relays.map(({ name }) => name).join(", ");
  return [`relays: ${names}; links: ${link.name} (${link.latencyMs} ± ${link.jitterMs} ms)`, ...members];
}

/** What came of it. Hints, seals and what is held are no part of a story. */
function renderRecord(record: HistoryRecord, steps: readonly Step[]): string | undefined {
  switch (record.type) {
    case "queued":
      return `${record.device} keeps ${record.op.slice(0, 8)} as blob ${shortId(record.blob)}`;
    case "ack":
      return `${record.device} hears from ${record.relay}: blob ${shortId(record.blob)} is acknowledged as cursor ${record.cursor}`;
    case "refused":
      return `${record.device} hears that blob ${shortId(record.blob)} is refused ${record.retryable ? "for now" : "for good"} (code ${record.code})`;
    case "deliver":
      return `${record.device} has blob ${shortId(record.blob)}, cursor ${record.cursor} of ${record.relay}, in its inbox`;
    case "quarantine":
      return `${record.device} sets blob ${shortId(record.blob)} aside: ${record.why}`;
    case "lost":
      return `${record.device} is told that cursors ${record.from} to ${record.to} of ${record.relay} are lost: ${record.why}`;
    case "relays-failed":
      return `${record.device} says that it reaches none of its relays`;
    case "stopped":
      return `the run stops: ${record.message}`;
    case "op":
      if (record.f !== "connect" || record.outcome !== "ok") return undefined;
      return `${record.device} is connected to ${record.relay ?? "its relay"}`;
    case "fault": {
      if (record.stage !== "healed" && record.stage !== "unsupported") return undefined;
      const step = steps.find(({ id }) => id === record.step);
      if (step === undefined) return undefined;
      return record.stage === "healed" ? `over: ${renderStep(step)}` : `not possible here: ${renderStep(step)}`;
    }
    case "phase":
      if (record.phase === "converged") return "all devices have the same";
      return record.phase === "stalled"
        ? `the time is over: ${record.waiting?.join("; ") ?? "still waiting"}`
        : undefined;
    default:
      return undefined;
  }
}
