import { describe, expect, test } from "vitest";
import { builtScenarios, catalogue, findScenario, nearestScenarios } from "./registry.ts";

/** Every id of the catalogue's document, ranges spelled out, in its order. */
const DOCUMENT = `
T-LAT-01 T-LAT-02 T-LAT-03 T-LAT-04 T-LOSS-01 T-LOSS-02 T-LOSS-03 T-LOSS-04 T-CONN-01 T-CONN-02 T-CONN-03 T-CONN-04
T-CONN-05 T-BW-01 T-BW-02 T-BW-03
E-HS-01 E-HS-02 E-HS-03 E-HS-04 E-HS-05 E-HS-06 E-ENC-01 E-ENC-02 E-ENC-03 E-ENC-04 E-ENC-05
E-PQ-01 E-PQ-02 E-PQ-03 E-PQ-04 E-PQ-05
S-SM-01 S-SM-02 S-SM-03 S-SM-04 S-CONC-01 S-CONC-02 S-CONC-03 S-CONC-04 S-CONV-01 S-CONV-02 S-CONV-03 S-CONV-04
S-BLOB-01 S-BLOB-02 S-BLOB-03 S-BLOB-04
C-STOR-01 C-STOR-02 C-STOR-03 C-STOR-04 C-COLL-01 C-COLL-02
A-PROTO-01 A-PROTO-02 A-PROTO-03 A-PROTO-04 A-PROTO-05 A-RES-01 A-RES-02 A-RES-03 A-RES-04 A-RES-05
MR-1 MR-2 MR-3 MR-4 MR-5
X-PLAT-01 X-PLAT-03 X-PLAT-02 X-PLAT-04
W-01 W-02 W-03 W-04 W-05 W-06 W-07 W-08 W-09 W-10 W-11 W-12 W-13 W-14 W-15 W-16 W-17 W-18 W-19 W-20 W-21 W-22 W-23
W-24 W-25
`
  .trim()
  .split(/\s+/);

const BUILT = [
  "T-LAT-01",
  "T-LAT-02",
  "T-LAT-03",
  "T-LAT-04",
  "T-LOSS-01",
  "T-LOSS-02",
  "T-LOSS-03",
  "T-LOSS-04",
  "T-CONN-01",
  "T-CONN-02",
  "T-CONN-03",
  "T-CONN-04",
  "T-CONN-05",
  "T-BW-01",
  "T-BW-02",
  "T-BW-03",
  "E-HS-01",
  "E-HS-02",
  "E-HS-03",
  "E-HS-04",
  "E-HS-05",
  "E-HS-06",
  "E-ENC-01",
  "E-ENC-02",
  "E-ENC-03",
  "E-ENC-04",
  "E-ENC-05",
  "S-SM-01",
  "S-SM-02",
  "S-SM-03",
  "S-SM-04",
  "S-CONC-01",
  "S-CONC-02",
  "S-CONC-03",
  "S-CONC-04",
  "S-CONV-01",
  "S-CONV-02",
  "S-CONV-03",
  "S-CONV-04",
  "S-BLOB-02",
  "S-BLOB-03",
  "S-BLOB-04",
  "C-STOR-01",
  "C-STOR-02",
  "C-STOR-03",
  "C-STOR-04",
  "A-PROTO-02",
  "A-RES-04",
  "MR-1",
  "MR-2",
  "MR-3",
  "MR-4",
  "MR-5",
  "X-PLAT-02",
  "W-01",
  "W-02",
  "W-03",
  "W-04",
  "W-05",
  "W-06",
  "W-08",
  "W-09",
  "W-10",
  "W-11",
  "W-12",
  "W-13",
  "W-14",
  "W-16",
  "W-18",
  "W-20",
  "W-21",
  "W-22",
  "W-23",
  "W-25",
];

describe("the catalogue", () => {
  test("has every id of the document, once, in its order", () => {
    expect(catalogue.map(({ id }) => id)).toEqual(DOCUMENT);
  });

  test("has a plan for these and for no other", () => {
    expect(builtScenarios().map(({ id }) => id)).toEqual(BUILT);
  });

  test("says of every row what it is, what must hold, whence it comes and where it runs", () => {
    for (const { id, title, mustHold, source, backends } of catalogue) {
      expect([id, title !== "", mustHold !== "", source !== ""]).toEqual([id, true, true, true]);
      expect(backends.length, id).toBeGreaterThan(0);
      expect(new Set(backends).size, id).toBe(backends.length);
    }
  });

  test("keeps the backends of the document", () => {
    expect(findScenario("T-LOSS-01")?.backends).toEqual(["sim", "docker"]);
    expect(findScenario("W-06")?.backends).toEqual(["sim"]);
    expect(findScenario("A-RES-05")?.backends).toEqual(["local", "docker"]);
    expect(findScenario("S-CONV-04")?.backends).toEqual(["sim", "local", "docker"]);
    const without = (backend: "sim" | "local") =>
      catalogue.filter(({ backends }) => !backends.includes(backend)).map(({ id }) => id);
    expect(without("sim")).toEqual(["A-RES-05", "X-PLAT-01", "X-PLAT-03"]);
    expect(without("local")).toEqual([
      "T-LOSS-01",
      "T-LOSS-02",
      "T-LOSS-03",
      "S-CONV-03",
      "S-BLOB-01",
      "W-05",
      "W-06",
      "W-07",
      "W-09",
      "W-10",
      "W-18",
      "W-25",
    ]);
  });
});

describe("finding a row", () => {
  test("takes the id in any case", () => {
    expect(findScenario("s-conv-04")?.id).toBe("S-CONV-04");
    expect(findScenario(" W-23 ")?.id).toBe("W-23");
    expect(findScenario("S-CONV-99")).toBeUndefined();
  });

  test("did you mean: the nearest come first, in any case", () => {
    expect(nearestScenarios("t-lat-1")[0]).toBe("T-LAT-01");
    expect(nearestScenarios("SCONV04")[0]).toBe("S-CONV-04");
    // Equally near: in document order.
    expect(nearestScenarios("S-CONX-04").slice(0, 2)).toEqual(["S-CONC-04", "S-CONV-04"]);
    expect(nearestScenarios("X-PLAT-3")[0]).toBe("X-PLAT-03");
    expect(nearestScenarios("S-CONV-04")[0]).toBe("S-CONV-04");
  });

  test("did you mean: the name of a row will do", () => {
    expect(nearestScenarios("relay-amnesa")).toEqual(["W-01"]);
  });

  test("did you mean: few, and nothing for nonsense", () => {
    expect(nearestScenarios("S-CONV-00").length).toBeLessThanOrEqual(3);
    expect(nearestScenarios("completely different")).toEqual([]);
    expect(nearestScenarios("")).toEqual([]);
  });
});
