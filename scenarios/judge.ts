/**
 * Judges a history by all checkers in one pass: each record goes only to the checkers that asked for its topic. Invalid
 * when any of them found something; unknown when the backend could not do a fault of the plan; valid otherwise, and
 * *idle* when the trouble that the plan is about never came. `startJudge` follows a run while it goes on, and keeps
 * only the records that tell whether the trouble came.
 */
import { Audience } from "./audience.ts";
import type { Checker, CheckerRun } from "./checker.ts";
import { HistoryIndex } from "./checkers/history-index.ts";
import { checkers } from "./checkers/index.ts";
import type { History, HistoryRecord } from "./history.ts";
import { HeldRun } from "./held-run.ts";
import type { Plan } from "./plan.ts";
import { isTroubleSeen, signsOf } from "./trouble.ts";
import type { Finding, Verdict } from "./verdict.ts";

/** A checker tells of so many findings of one kind; of the others only how many they are. */
const FINDINGS_PER_KIND_MAX = 5;
/**
 * When a run is over, its records have left the processor's cache, and to wait for one takes as long as to judge it. So
 * many are looked at before the first of them is judged, and come side by side.
 */
const TYPES_READ = 64;

export interface Judge {
  observe(record: HistoryRecord): void;
  /** The same, one after the other, but sooner done. */
  observeAll(records: History): void;
  /** The run is over. Once. */
  finish(): Verdict;
}

interface KindCount {
  readonly findings: Finding[];
  unsaid: number;
}

export function judge(plan: Plan, history: History): Verdict {
  const running = startJudge(plan);
  running.observeAll(history);
  return running.finish();
}

/**
 * A judge of many histories, one after the other. It holds the checkers of one of the last runs: an engine throws away
 * the optimised code of closures that nobody holds, and a sweep would warm up anew for each seed.
 */
export function createJudge(): (plan: Plan, history: History) => Verdict {
  const held = new HeldRun<Judge>();
  return (plan, history) => {
    const running = startJudge(plan);
    running.observeAll(history);
    const verdict = running.finish();
    held.offer(running);
    return verdict;
  };
}

export function startJudge(plan: Plan, using: readonly Checker[] = checkers): Judge {
  const kinds = new Map<string, Map<string, KindCount>>();
  const audience = new Audience();
  const endings: (() => void)[] = [];
  const unknowns: string[] = [];
  const telling: HistoryRecord[] = [];
  const types: HistoryRecord["type"][] = [];
  const forgetters: NonNullable<CheckerRun["forget"]>[] = [];
  const index = new HistoryIndex(plan, (blob, push) => {
    for (const forget of forgetters) forget(blob, push);
  });
  const { about } = index;
  audience.add(index.handlers());

  function reportFor(checker: string): (finding: Omit<Finding, "checker">) => void {
    return (finding) => {
      let counts = kinds.get(checker);
      if (counts === undefined) kinds.set(checker, (counts = new Map()));
      let count = counts.get(finding.kind);
      if (count === undefined) counts.set(finding.kind, (count = { findings: [], unsaid: 0 }));
      if (count.findings.length < FINDINGS_PER_KIND_MAX) count.findings.push({ checker, ...finding });
      else count.unsaid++;
    };
  }

  for (const checker of using) {
    const run = checker.start(plan, reportFor(checker.name), index);
    audience.add(run.on);
    if (run.forget !== undefined) forgetters.push((blob, push) => run.forget?.(blob, push));
    if (run.finish !== undefined) endings.push(() => run.finish?.());
  }
  audience.add({
    fault({ step, stage, note }) {
      if (stage === "unsupported") unknowns.push(unsupported(plan, step, note));
    },
  });
  for (const topic of signsOf(plan.trouble)) audience.addTo(topic, (record) => void telling.push(record));

  return {
    observe(record) {
      about.ordinal++;
      audience.tell(record, record.type, about);
    },
    observeAll(records) {
      for (let from = 0; from < records.length; from += TYPES_READ) {
        const to = Math.min(records.length, from + TYPES_READ);
        for (let i = from; i < to; i++) types[i - from] = records[i]!.type;
        for (let i = from; i < to; i++) {
          about.ordinal++;
          audience.tell(records[i]!, types[i - from]!, about);
        }
      }
    },
    finish() {
      for (const ending of endings) ending();
      const findings: Finding[] = [];
      for (const { name } of using) {
        for (const count of kinds.get(name)?.values() ?? []) findings.push(...listed(count));
      }
      const isInvalid = findings.length > 0;
      return {
        verdict: isInvalid ? "invalid" : unknowns.length > 0 ? "unknown" : "valid",
        idle: !isTroubleSeen(plan, telling),
        findings,
        unknowns,
      };
    },
  };
}

/** The last finding that is told says how many are not. */
function listed(count: KindCount): readonly Finding[] {
  if (count.unsaid === 0) return count.findings;
  return count.findings.map((finding, i) =>
    i < count.findings.length - 1 ? finding : { ...finding, message: `${finding.message} (and ${count.unsaid} more)` },
  );
}

function unsupported(plan: Plan, id: number, note: string | undefined): string {
  const step = plan.steps.find((each) => each.id === id);
  return `step ${id} (${step?.do ?? "not in the plan"}) cannot be done here${note === undefined ? "" : `: ${note}`}`;
}
