/** Where two runs of one plan part, and what made them: a few lines for a person. */
import type { ChoiceLine } from "../sweep/choice-log.ts";
import type { Divergence, Origin } from "../sweep/divergence.ts";

const OVER = "(the run was over)";
/** Causes from here on are hosts and the world, not steps of the plan. */
const STEPS_END = 0x7fff_0000;

export function describeDivergence(divergence: Divergence): readonly string[] {
  const { event, stretch, first, second, origin } = divergence;
  const why = origin === undefined ? [] : [`  because: ${describeOrigin(origin)}`];
  if (event !== undefined) {
    return [`  first divergent event: ${event}`, `    here   ${first ?? OVER}`, `    there  ${second ?? OVER}`, ...why];
  }
  if (stretch !== undefined) {
    const { from, to } = stretch;
    return [`  they part between events ${from} and ${to}, in content that the detail does not show`, ...why];
  }
  return ["  run once more in both processes, they agree: something outlives a run"];
}

function describeOrigin(origin: Origin): string {
  switch (origin.type) {
    case "leak": {
      const { what, where, event } = origin;
      return `${what} was called in ${where}, after event ${event}; a run may know chance and time only from its plan`;
    }
    case "choice":
      return `choice "${origin.label}": ${describeChoice(origin.first)} here, ${describeChoice(origin.second)} there`;
    case "input": {
      const { host, kind, fields } = origin;
      const what = fields.length === 0 ? "it came in one run only" : `${fields.join(", ")} differ`;
      return `every choice before it was the same, but not this input: "${kind}" of ${host === "" ? "the world" : host}, ${what}`;
    }
  }
}

function describeChoice(choice: ChoiceLine | undefined): string {
  if (choice === undefined) return "not asked";
  const { label, cause, ordinal, bound, value } = choice;
  const whose = cause < STEPS_END ? `step ${cause}` : "a host";
  return `${label} #${ordinal} of ${whose} = ${value} of ${bound}`;
}
