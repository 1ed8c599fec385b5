/**
 * What was special about a run, as short texts: its marks, their pairs, how often each came (in powers of two), and the
 * last reasons for which each device lost its connections. A run with a text that no run before it had has been
 * somewhere new. Called by whoever guides.
 */
import type { History } from "../history.ts";

const REASONS = 3;

export function featuresOf(markCounts: ReadonlyMap<string, number>, history: History): readonly string[] {
  const features = new Set<string>();
  const names = [...markCounts.keys()].sort();
  names.forEach((name, i) => {
    features.add(name);
    features.add(`${name} ×2^${31 - Math.clz32(markCounts.get(name)!)}`);
    for (let j = i + 1; j < names.length; j++) features.add(`${name} & ${names[j]!}`);
  });
  const reasons = new Map<string, string[]>();
  for (const record of history) {
    if (record.type !== "disconnected") continue;
    const last = reasons.get(record.device) ?? [];
    last.push(record.why);
    if (last.length > REASONS) last.shift();
    reasons.set(record.device, last);
    features.add(`lost: ${last.join(", ")}`);
  }
  return [...features];
}
