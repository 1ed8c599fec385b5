import { describe, expect, it } from "vitest";
import { isInstallStale, nodeTooOld, startArguments } from "./setup.mjs";

const lock = { lockHash: "aa", lockMtimeMs: 1000 };

describe("when the packages have to be installed", () => {
  it("installs when nothing is there", () => {
    expect(isInstallStale({ ...lock })).toBe(true);
    expect(isInstallStale({ ...lock, stampHash: "aa" })).toBe(true);
  });

  it("goes by the lockfile's content where an installation left its stamp, whatever the clock says", () => {
    expect(isInstallStale({ ...lock, stampHash: "aa", installedMtimeMs: 1 })).toBe(false);
    expect(isInstallStale({ ...lock, stampHash: "bb", installedMtimeMs: 9999 })).toBe(true);
  });

  it("goes by the time otherwise", () => {
    expect(isInstallStale({ ...lock, installedMtimeMs: 999 })).toBe(true);
    expect(isInstallStale({ ...lock, installedMtimeMs: 1000 })).toBe(false);
  });
});

describe("the version of Node", () => {
  it("takes the floor and everything above", () => {
    for (const version of ["20.19.0", "20.20.2", "22.0.0", "24.1.0"]) expect(nodeTooOld(version)).toBeUndefined();
  });

  it("refuses what is older, in one sentence that names both versions", () => {
    for (const version of ["20.18.3", "18.20.0", "8.0.0"]) {
      expect(nodeTooOld(version)).toMatch(new RegExp(`^zerok needs Node 20\\.19 .*Node ${version}: .*\\.$`));
    }
  });
});

describe("npm start", () => {
  it("sweeps for half a minute unless it is told how much", () => {
    expect(startArguments([])).toEqual(["sim", "--keep-first", "--time", "28s"]);
    expect(startArguments(["--time", "5s"])).toEqual(["sim", "--keep-first", "--time", "5s"]);
    expect(startArguments(["--seeds=3"])).toEqual(["sim", "--keep-first", "--seeds=3"]);
  });
});
