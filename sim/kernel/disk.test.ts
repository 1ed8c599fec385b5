import { describe, expect, it } from "vitest";
import { createCause } from "./choices.ts";
import type { Disk } from "./disk.ts";
import { Kernel } from "./kernel.ts";
import { ToyProgram, bytesOf, textOf } from "./toy-program.ts";

function createDisk(seed = 1): { disk: Disk; kernel: Kernel } {
  const kernel = new Kernel({ seedLo: seed, seedHi: 0, startWallMs: 0, eventBudget: 1000 });
  return { kernel, disk: kernel.addHost("a", new ToyProgram()).disk };
}

const read = (disk: Disk, file = "log"): string => textOf(disk.read(file));

describe("a disk", () => {
  it("reads back what was appended, synced or not, in a fresh array", () => {
    const { disk } = createDisk();
    expect(read(disk, "absent")).toBe("");
    disk.append("log", bytesOf("hello "));
    disk.append("other", bytesOf("x"));
    disk.append("log", bytesOf("world"));
    expect(read(disk)).toBe("hello world");
    expect(textOf(disk.read("log", 4))).toBe("o world");
    expect(textOf(disk.read("log", 8))).toBe("rld");
    expect(textOf(disk.read("log", 11))).toBe("");
    expect([disk.sizeBytes("log"), disk.unsyncedBytes]).toEqual([11, 12]);
    disk.read("log").fill(0);
    expect(read(disk)).toBe("hello world");
    expect(disk.fileNames).toEqual(["log", "other"]);
  });

  it("keeps synced bytes at power loss, and of the others a prefix, torn in the middle at times", () => {
    const kept = new Set<string>();
    for (let seed = 0; seed < 200; seed++) {
      const { disk } = createDisk(seed);
      disk.append("log", bytesOf("safe"));
      disk.sync("log");
      disk.append("log", bytesOf("abc"));
      disk.append("log", bytesOf("def"));
      disk.powerLoss(createCause(5));
      expect("safeabcdef".startsWith(read(disk))).toBe(true);
      expect(disk.sizeBytes("log")).toBeGreaterThanOrEqual(4);
      expect(disk.unsyncedBytes).toBe(0);
      kept.add(read(disk).slice(4));
    }
    expect([...kept].sort()).toEqual(["", "a", "ab", "abc", "abcd", "abcde", "abcdef"]);
  });

  it("truncates", () => {
    const { disk } = createDisk();
    disk.append("log", bytesOf("abc"));
    disk.append("log", bytesOf("def"));
    disk.sync("log");
    disk.truncate("log", 10);
    disk.truncate("log", 4);
    expect(read(disk)).toBe("abcd");
    disk.append("log", bytesOf("X"));
    expect([read(disk), disk.unsyncedBytes]).toEqual(["abcdX", 1]);
    disk.truncate("log", 0);
    expect([read(disk), disk.unsyncedBytes]).toEqual(["", 0]);
  });

  it("refuses writes when full, and fails some with write errors, and then has done nothing", () => {
    const { disk } = createDisk();
    disk.full = true;
    expect(disk.append("log", bytesOf("a"))).toEqual({ type: "DiskFull" });
    disk.full = false;
    disk.writeErrors = { num: 1, den: 2 };
    let written = 0;
    for (let i = 0; i < 100; i++) if (disk.append("log", bytesOf("b")) === undefined) written += 1;
    expect(written).toBeGreaterThan(20);
    expect(written).toBeLessThan(80);
    expect(disk.sizeBytes("log")).toBe(written);
    disk.writeErrors = { num: 1, den: 1 };
    expect(disk.sync("log")).toEqual({ type: "WriteError" });
    expect(disk.unsyncedBytes).toBe(written);
    disk.writeErrors = undefined;
    expect(disk.sync("log")).toBeUndefined();
    expect(disk.unsyncedBytes).toBe(0);
  });

  it("loses what a lost fsync said was safe", () => {
    let lost = 0;
    for (let seed = 0; seed < 50; seed++) {
      const { disk } = createDisk(seed);
      disk.lostFsync = true;
      disk.append("log", bytesOf("abcdef"));
      expect(disk.sync("log")).toBeUndefined();
      disk.powerLoss(createCause(1));
      if (disk.sizeBytes("log") < 6) lost += 1;
    }
    expect(lost).toBeGreaterThan(30);
  });

  it("can be wiped, rolled back and rotted", () => {
    const { disk } = createDisk();
    disk.append("log", bytesOf("abc"));
    const image = disk.image();
    disk.append("log", bytesOf("def"));
    expect(disk.rot("log", 1, 0x03)).toBe(true);
    expect([read(disk), disk.rot("log", 6, 1)]).toEqual(["aacdef", false]);
    disk.restore(image);
    expect([read(disk), disk.unsyncedBytes]).toEqual(["abc", 0]);
    disk.wipe();
    expect([read(disk), disk.fileNames]).toEqual(["", []]);
  });
});
