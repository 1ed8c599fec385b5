import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { dataFolder, defaultDataFolder, prepareDataFolder, readFileIfThere } from "./data-folder.ts";

let home: string;
beforeEach(() => void (home = mkdtempSync(join(tmpdir(), "zerok-folder-"))));
afterEach(() => rmSync(home, { recursive: true, force: true }));

describe("the usual folder", () => {
  it.each<[string, NodeJS.ProcessEnv, NodeJS.Platform, string]>([
    ["the variable on Linux", { HOME: "/home/a", XDG_DATA_HOME: "/data" }, "linux", "/data/zerok"],
    ["Linux without it", { HOME: "/home/a" }, "linux", "/home/a/.local/share/zerok"],
    [
      "a relative one, which does not count",
      { HOME: "/home/a", XDG_DATA_HOME: "x" },
      "linux",
      "/home/a/.local/share/zerok",
    ],
    ["macOS", { HOME: "/Users/a" }, "darwin", "/Users/a/Library/Application Support/zerok"],
  ])("%s", (_name, env, platform, path) => expect(defaultDataFolder(env, platform)).toBe(path));

  it("is the local one on Windows", () => {
    expect(defaultDataFolder({ LOCALAPPDATA: "C:/Local" }, "win32")).toBe(join("C:/Local", "zerok"));
  });
});

describe("preparing", () => {
  it("closes a new folder to others and leaves the mode of one that was there", () => {
    prepareDataFolder(dataFolder(join(home, "new", "deep")));
    expect(statSync(join(home, "new", "deep")).mode & 0o777).toBe(0o700);
    mkdirSync(join(home, "shared"), { mode: 0o755 });
    prepareDataFolder(dataFolder(join(home, "shared")));
    expect(statSync(join(home, "shared")).mode & 0o777).toBe(0o755);
  });

  it.runIf(existsSync("/proc/self"))("says at once where the system makes none", () => {
    expect(() => prepareDataFolder(dataFolder("/proc/zerok"))).toThrow(/cannot be used: the system makes no folder/);
  });

  it("tells a file that is not there from one that cannot be read", () => {
    expect(readFileIfThere(join(home, "none"))).toBeUndefined();
    expect(() => readFileIfThere(home)).toThrow(/cannot be read: it is a folder/);
  });
});
