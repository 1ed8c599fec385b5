/** The fidelity tables of the backends that are there, each brought by its own room. */
import type { FidelityTable } from "../../scenarios/fidelity.ts";
import type { Backend } from "../../scenarios/scenario.ts";
import { simFidelity } from "../../sim/fidelity.ts";

export const FIDELITY_TABLES: { readonly [B in Backend]?: FidelityTable } = { sim: simFidelity };
