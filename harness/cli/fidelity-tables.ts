/** The fidelity tables of the backends, each brought by its own room, in the words of the catalogue. */
import type { Fidelity as RealFidelity } from "../../chaos/world/backend.ts";
import { dockerFidelity } from "../../chaos/docker/fidelity.ts";
import { localFidelity } from "../../chaos/local/fidelity.ts";
import { EXACT, type FidelityTable } from "../../scenarios/fidelity.ts";
import { isFault, type FaultStep } from "../../scenarios/plan.ts";
import type { Backend } from "../../scenarios/scenario.ts";
import { simFidelity } from "../../sim/fidelity.ts";

export const FIDELITY_TABLES: { readonly [B in Backend]: FidelityTable } = {
  sim: simFidelity,
  local: inTheRealWorld(localFidelity),
  docker: inTheRealWorld(dockerFidelity),
};

function inTheRealWorld(table: (step: FaultStep) => RealFidelity): FidelityTable {
  return (step) => {
    if (!isFault(step)) return EXACT;
    const { how, reason, probe } = table(step);
    return how === "exact" ? EXACT : { fidelity: how, reason, probe: probe ?? reason };
  };
}
