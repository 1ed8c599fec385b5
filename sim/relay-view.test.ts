import { expect, test } from "vitest";
import { compareRelayViews, twinPlan } from "../scenarios/checkers/relay-view.ts";
import type { RelayViewRecord } from "../scenarios/history.ts";
import { findScenario } from "../scenarios/registry.ts";
import { Simulator } from "./simulator.ts";

const plan = findScenario("T-CONN-01")!.plan!("0x3");
const simulator = new Simulator();
const { history } = simulator.run(plan);
const twin = simulator.run(twinPlan(plan)).history;

test("a run and its twin with other plaintexts look the same to the relay", () => {
  const ops = (of: typeof history): unknown[] => of.flatMap((record) => (record.type === "queued" ? [record.op] : []));
  expect(ops(history).length).toBeGreaterThan(0);
  expect(ops(twin)).not.toEqual(ops(history));
  expect(twin.filter(({ type }) => type === "relay-view")).not.toEqual(
    history.filter(({ type }) => type === "relay-view"),
  );
  expect(compareRelayViews(history, twin)).toEqual([]);
});

/** The twin with one message of those that a relay could read changed. */
function changed(which: number, change: (view: RelayViewRecord) => RelayViewRecord | undefined): typeof history {
  const views = twin.filter((record) => record.type === "relay-view");
  const chosen = views.at(which);
  return twin.flatMap((record) => (record === chosen ? (change(chosen) ?? []) : record));
}

function kinds(of: typeof history): string[] {
  return compareRelayViews(history, of).map(({ checker, kind }) => `${checker} ${kind}`);
}

test("one byte that depends on a plaintext, a longer message and one more are found", () => {
  const flip = (at: number) => (view: RelayViewRecord) => {
    const bytes = view.bytes.slice();
    bytes[at < 0 ? bytes.length + at : at]! ^= 1;
    return { ...view, bytes };
  };
  // A device's key, then its Hello: its tag stands first.
  expect(kinds(changed(0, flip(5)))).toEqual(["relay-view views-differ"]);
  expect(kinds(changed(1, flip(6)))).toEqual(["relay-view views-differ"]);
  expect(kinds(changed(3, (view) => ({ ...view, bytes: Uint8Array.of(...view.bytes, 0) })))).toEqual([
    "relay-view views-differ",
  ]);
  expect(kinds(changed(-1, () => undefined))).toEqual(["relay-view views-differ"]);
});
