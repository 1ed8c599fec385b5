import { describe, expect, test } from "vitest";
import { EXACT, rowFidelity, type FidelityTable } from "./fidelity.ts";
import { findScenario } from "./registry.ts";

const row = (id: string) => findScenario(id)!;
const noPower: FidelityTable = (step) =>
  step.do === "crash" && step.how === "power"
    ? { fidelity: "unsupported", reason: "no power to lose", probe: "look at the plug" }
    : step.do === "toxic"
      ? { fidelity: "approximate", reason: "only nearly", probe: "measure it" }
      : EXACT;

describe("the fidelity of a row", () => {
  test("is the worst of its steps, each lack named once", () => {
    expect(rowFidelity(row("W-06"), "sim", noPower)?.fidelity).toBe("unsupported");
    const { lacks } = rowFidelity(row("T-CONN-05"), "local", noPower)!;
    expect(lacks.filter(({ reason }) => reason === "only nearly").length).toBe(1);
    expect(rowFidelity(row("S-CONV-04"), "docker", noPower)).toEqual({ fidelity: "exact", lacks: [] });
  });

  test("is asked only where the catalogue asks for the backend", () => {
    expect(rowFidelity(row("W-06"), "local", noPower)).toBeUndefined();
  });

  test("comes later without a plan or without a table", () => {
    expect(rowFidelity(row("C-COLL-01"), "sim", noPower)).toEqual({ fidelity: "later", lacks: [] });
    expect(rowFidelity(row("W-06"), "sim", undefined)).toEqual({ fidelity: "later", lacks: [] });
  });
});
