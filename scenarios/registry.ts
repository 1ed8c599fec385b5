/**
 * The catalogue as one list, in document order, and how to find a row in it. Called by the command line and by sweeps.
 */
import { attackers } from "./catalogue/attackers.ts";
import { content } from "./catalogue/content.ts";
import { elsewhere } from "./catalogue/elsewhere.ts";
import { handshake } from "./catalogue/handshake.ts";
import { platforms } from "./catalogue/platforms.ts";
import { severalRelays } from "./catalogue/several-relays.ts";
import { sync } from "./catalogue/sync.ts";
import { transport } from "./catalogue/transport.ts";
import type { Draw } from "./draw.ts";
import type { Plan } from "./plan.ts";
import type { Scenario } from "./scenario.ts";
import { wild, WILD_ID } from "./wild/wild.ts";

export type BuiltScenario = Scenario & { readonly plan: (draw: Draw) => Plan };

export const catalogue: readonly Scenario[] = [
  ...transport,
  ...handshake,
  ...sync,
  ...content,
  ...attackers,
  ...severalRelays,
  ...platforms,
  ...elsewhere,
];

const byId: ReadonlyMap<string, Scenario> = new Map(catalogue.map((scenario) => [scenario.id, scenario]));

/** By its id, in any case. `wild` is no row of the catalogue, and is found all the same. */
export function findScenario(id: string): Scenario | undefined {
  const wanted = id.trim();
  return wanted.toLowerCase() === WILD_ID ? wild : byId.get(wanted.toUpperCase());
}

/** The rows that have a plan. */
export function builtScenarios(): readonly BuiltScenario[] {
  return catalogue.filter((scenario): scenario is BuiltScenario => scenario.plan !== undefined);
}

/** How many ids "did you mean" offers. */
const NEAREST_MAX = 3;

/**
 * For "did you mean": at most three ids, the nearest first, by the number of characters to insert, remove or exchange
 * in the id or in the name that a title begins with ("relay-amnesia: …"). Nothing when nothing is near.
 */
export function nearestScenarios(text: string): readonly string[] {
  const wanted = text.trim().toLowerCase();
  // One mistake in three characters.
  const farthest = Math.floor(wanted.length / 3);
  return catalogue
    .map(({ id, title }) => {
      const name = title.split(":", 1)[0]!.toLowerCase();
      return { id, distance: Math.min(editDistance(wanted, id.toLowerCase()), editDistance(wanted, name)) };
    })
    .filter(({ distance }) => distance <= farthest)
    .toSorted((x, y) => x.distance - y.distance)
    .slice(0, NEAREST_MAX)
    .map(({ id }) => id);
}

/** Levenshtein, one row of the table at a time. */
function editDistance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const exchange = above[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(exchange, above[j]! + 1, row[j - 1]! + 1));
    }
    above = row;
  }
  return above[b.length]!;
}
