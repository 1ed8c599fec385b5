import { expect, test } from "vitest";
import { findScenario } from "../scenarios/registry.ts";
import { Journal } from "./journal.ts";
import { Kernel } from "./kernel/kernel.ts";
import { ToyProgram } from "./kernel/toy-program.ts";
import { RecordWriter } from "./record-writer.ts";
import { RELAY_ENTRIES } from "./relay-entries.ts";
import { rotRows } from "./relay-rot.ts";
import { Simulator } from "./simulator.ts";

test("rot in rows of a relay is told as lost, by its name, and by nothing else that the run brings", () => {
  const simulator = new Simulator();
  for (const seed of ["0x1", "0x2", "0x2a"]) {
    const { history } = simulator.run(findScenario("C-STOR-03")!.plan!(seed));
    const lost = history.flatMap((record) => (record.type === "lost" && record.device === "b" ? [record.why] : []));
    expect(lost.length).toBeGreaterThan(0);
    expect(new Set(lost)).toEqual(new Set(["rotted"]));
  }
});

test("a disk without rows has nothing to rot, and stays as it is", () => {
  const kernel = new Kernel({ seedLo: 1, seedHi: 0, startWallMs: 0, eventBudget: 10 });
  const { disk } = kernel.addHost("relay", new ToyProgram());
  const journal = new Journal(disk, "journal", new RecordWriter(), RELAY_ENTRIES);
  journal.append([{ type: "uninvite", lookup: new Uint8Array(16) }]);
  const before = disk.read("journal");
  expect(rotRows(disk, "journal", 5, () => 0)).toBe(0);
  expect(disk.read("journal")).toEqual(before);
});
