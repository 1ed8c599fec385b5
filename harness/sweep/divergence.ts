/**
 * Two runs of one seed that differ: find the first event that does, and what made it. The checkpoints say in which
 * stretch of about a thousand events, and of a few hundred choices, they part; both are run again with these in detail.
 */
import type { ChoiceLine } from "./choice-log.ts";
import type { Leak } from "./leak-watch.ts";
import type { Inspection, Look, Stretch, TraceLine } from "./task.ts";

export interface Divergence {
  /** `undefined`: the difference did not show again. */
  readonly event: number | undefined;
  readonly stretch: Stretch | undefined;
  /** The event in the one and in the other run, as JSON; `undefined` where that run was over. */
  readonly first: string | undefined;
  readonly second: string | undefined;
  readonly origin: Origin | undefined;
}

/** Where the difference comes from, as near to the beginning as can be told. */
export type Origin =
  /** A machine asked the process for chance or time: the plan has no say in that. */
  | ({ readonly type: "leak" } & Leak)
  /** The first choice that was asked or answered otherwise; `undefined` where a run made none any more. */
  | {
      readonly type: "choice";
      readonly label: string;
      readonly first: ChoiceLine | undefined;
      readonly second: ChoiceLine | undefined;
    }
  /** All choices were the same so far: what differed is what a host was given. */
  | { readonly type: "input"; readonly host: string; readonly kind: string; readonly fields: readonly string[] };

type Checkpoint = Pick<Inspection["checkpoints"][number], "event" | "hash">;

export type Inspect = (detail: Look | undefined) => Promise<Inspection>;

const NOTHING: Divergence = {
  event: undefined,
  stretch: undefined,
  first: undefined,
  second: undefined,
  origin: undefined,
};

export async function findDivergence(first: Inspect, second: Inspect): Promise<Divergence> {
  const [a, b] = await Promise.all([first(undefined), second(undefined)]);
  if (a.traceHash === b.traceHash) return NOTHING;
  const stretch = findStretch(a.checkpoints, b.checkpoints);
  const choices = findStretch(a.choiceCheckpoints, b.choiceCheckpoints);
  const [left, right] = await Promise.all([first({ ...stretch, choices }), second({ ...stretch, choices })]);
  const length = Math.max(left.detail.length, right.detail.length);
  for (let i = 0; i < length; i++) {
    const one: string | undefined = JSON.stringify(left.detail[i]);
    const other: string | undefined = JSON.stringify(right.detail[i]);
    if (one === other) continue;
    const event = stretch.from + i;
    const origin = findOrigin(left, right, left.detail[i], right.detail[i], event);
    return { event, stretch, first: one, second: other, origin };
  }
  return { ...NOTHING, stretch, origin: findLeak(left, right, stretch.to) };
}

/** From the last checkpoint that both share to the first that they do not. */
export function findStretch(a: readonly Checkpoint[], b: readonly Checkpoint[]): Stretch {
  let same = 0;
  while (same < a.length && same < b.length && a[same]!.hash === b[same]!.hash) same++;
  const from = same === 0 ? 0 : a[same - 1]!.event;
  const to = a[same]?.event ?? b[same]?.event ?? Number.MAX_SAFE_INTEGER;
  return { from, to };
}

function findOrigin(
  left: Inspection,
  right: Inspection,
  one: TraceLine | undefined,
  other: TraceLine | undefined,
  event: number,
): Origin {
  return findLeak(left, right, event) ?? findChoice(left, right, event) ?? describeInput(one, other);
}

function findLeak(left: Inspection, right: Inspection, event: number): Origin | undefined {
  const leak = [...left.leaks, ...right.leaks].toSorted((x, y) => x.event - y.event)[0];
  return leak === undefined || leak.event > event ? undefined : { type: "leak", ...leak };
}

/** Only one that came before the event can have made it. */
function findChoice(left: Inspection, right: Inspection, event: number): Origin | undefined {
  const length = Math.max(left.choices.length, right.choices.length);
  for (let i = 0; i < length; i++) {
    const first = left.choices[i];
    const second = right.choices[i];
    if (isSameChoice(first, second)) continue;
    if (Math.min(first?.event ?? Infinity, second?.event ?? Infinity) >= event) return undefined;
    return { type: "choice", label: (first ?? second)!.label, first, second };
  }
  return undefined;
}

function isSameChoice(a: ChoiceLine | undefined, b: ChoiceLine | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  return (["label", "cause", "ordinal", "bound", "value"] as const).every((key) => a[key] === b[key]);
}

function describeInput(one: TraceLine | undefined, other: TraceLine | undefined): Origin {
  const { host, kind } = (one ?? other)!;
  const keys = ["atMs", "host", "kind", "connection", "length", "cause", "bytes"] as const;
  const fields = one === undefined || other === undefined ? [] : keys.filter((key) => one[key] !== other[key]);
  return { type: "input", host, kind, fields };
}
