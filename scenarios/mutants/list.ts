/** Every mutant, by its id. Called by `zerok mutants`; no other code knows of them. */
import { deviceMutants } from "./device.ts";
import type { Mutant } from "./mutant.ts";
import { relayMutants } from "./relay.ts";
import { sealingMutants } from "./sealing.ts";
import { upstreamMutants } from "./upstream.ts";

export const mutants: readonly Mutant[] = [...upstreamMutants, ...relayMutants, ...deviceMutants, ...sealingMutants];
