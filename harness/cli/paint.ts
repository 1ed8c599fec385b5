/** Colours, or none: what is printed must read the same without them. */
import picocolors from "picocolors";
import type { Verdict } from "../../scenarios/verdict.ts";

export type Paint = ReturnType<typeof picocolors.createColors>;

export function createPaint(hasColor: boolean): Paint {
  return picocolors.createColors(hasColor);
}

export function paintVerdict(paint: Paint, verdict: Verdict["verdict"]): string {
  const color = { valid: paint.green, invalid: paint.red, unknown: paint.yellow }[verdict];
  return color(verdict);
}
