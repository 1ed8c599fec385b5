import type { Scenario } from "../../scenarios/scenario.ts";
import type { Catalogue } from "../sweep/sim-world.ts";
import { UserError } from "../user-error.ts";

/** One row, built or not, by its id in any case; or a sentence with the nearest ids. */
export function chooseScenario(catalogue: Catalogue, id: string): Scenario {
  const scenario = catalogue.find(id) ?? catalogue.find(id.toUpperCase());
  if (scenario !== undefined) return scenario;
  const near = catalogue.nearest(id);
  const hint = near.length === 0 ? "" : ` Did you mean ${joinOr(near)}?`;
  throw new UserError(`There is no scenario ${id}.${hint} All of them: npx zerok scenarios`);
}

/** Those named, each once, or all that are built. */
export function chooseBuilt(catalogue: Catalogue, ids: readonly string[]): readonly Scenario[] {
  if (ids.length === 0) return catalogue.built;
  const chosen = new Set(ids.map((id) => chooseScenario(catalogue, id)));
  for (const { id, plan } of chosen) {
    if (plan !== undefined) continue;
    throw new UserError(
      `The scenario ${id} is in the catalogue but not built yet. Those that are: npx zerok scenarios`,
    );
  }
  return [...chosen];
}

function joinOr(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}
