/** Numbers as people read them: `12,345`, `4.2 h`, `3 %`. The same on every machine, whatever its locale. */

/** 1234567 → `1,234,567`. */
export function renderCount(count: number): string {
  return String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** `1 run`, `1,234 runs`. */
export function renderMany(count: number, what: string): string {
  return `${renderCount(count)} ${what}${Math.round(count) === 1 ? "" : "s"}`;
}

const UNITS = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "min"],
  [1_000, "s"],
] as const;

/** 15_120_000 → `4.2 h`. */
export function renderDuration(ms: number): string {
  for (const [size, unit] of UNITS) if (ms >= size) return `${renderRounded(ms / size)} ${unit}`;
  return `${Math.round(ms)} ms`;
}

/** Three digits are enough: 4.25, 42.5, 425. */
export function renderRounded(value: number): string {
  if (value >= 100) return renderCount(value);
  return value.toFixed(value >= 10 ? 1 : 2).replace(/\.?0+$/, "");
}

/** A share of a whole as `12 %`, with `<1 %` for something that is not nothing. */
export function renderShare(part: number, whole: number): string {
  if (whole === 0 || part === 0) return "0 %";
  const percent = (100 * part) / whole;
  return percent < 1 ? "<1 %" : `${Math.round(percent)} %`;
}
