/**
 * Topologies, workloads and whole plans as fast-check arbitraries, for property tests of one's own: the same drawing as
 * `zerok sim wild`, with fast-check's values in the place of a seed's, so that it also shrinks them. Small numbers are
 * calm ones: a shrunk plan has fewer hosts, fewer pushes and fewer faults.
 */
import fc from "fast-check";
import type { Draw } from "../../scenarios/draw.ts";
import type { OperationStep, Plan, Step, Topology } from "../../scenarios/plan.ts";
import { isFault } from "../../scenarios/plan.ts";
import { addWildLoad } from "../../scenarios/wild/wild-load.ts";
import { drawWildOptions, type WildOptions } from "../../scenarios/wild/wild-options.ts";
import { drawWildTopology } from "../../scenarios/wild/wild-topology.ts";
import { planWild } from "../../scenarios/wild/wild.ts";

/** Draws that fast-check makes. The seed, for keys and ids, is drawn as well. */
function drawFrom(gen: fc.GeneratorValue): Draw {
  const between = (min: number, max: number): number => gen(fc.integer, { min, max });
  return {
    seed: `0x${gen(fc.bigInt, { min: 0n, max: 0xffff_ffff_ffff_ffffn }).toString(16)}`,
    between: (_label, min, max) => between(min, max),
    chance: (_label, num, den) => between(0, den - 1) >= den - num,
    pick: (_label, from) => from[between(0, from.length - 1)]!,
    hex: (_label, bytes) => {
      const drawn = gen(fc.uint8Array, { minLength: bytes, maxLength: bytes });
      return Array.from(drawn, (byte) => byte.toString(16).padStart(2, "0")).join("");
    },
  };
}

/** 1 to 3 relays, 1 to 4 groups, 1 to 8 devices, a link profile, and configurations that a run survives. */
export function arbitraryTopology(): fc.Arbitrary<Topology> {
  return fc.gen().map((gen) => {
    const draw = drawFrom(gen);
    return drawWildTopology(draw, drawWildOptions(draw));
  });
}

/** What the applications of this topology do: in order of time, with ids of their own. No faults. */
export function arbitraryWorkload(topology: Topology): fc.Arbitrary<readonly OperationStep[]> {
  return fc.gen().map((gen) => {
    const draw = drawFrom(gen);
    const steps: Step[] = [];
    const options: WildOptions = { ...drawWildOptions(draw), faults: new Map() };
    addWildLoad(draw, options, topology.devices, (atMs, spec) => {
      steps.push({ id: steps.length, atMs, ...spec } as Step);
    });
    const ordered = steps.toSorted((x, y) => x.atMs - y.atMs || x.id - y.id);
    return ordered.filter((step): step is OperationStep => !isFault(step));
  });
}

/** A whole plan, faults included: give it to `Simulator` and `judge`. */
export function arbitraryPlan(): fc.Arbitrary<Plan> {
  return fc.gen().map((gen) => planWild(drawFrom(gen)));
}
