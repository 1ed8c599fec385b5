import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { heal } from "../world/heal.ts";
import { Journal } from "../world/journal.ts";
import { flipBits } from "../world/bit-rot.ts";
import { fillDisk, freeDisk, mountSmallDisk, probeTmpfs, unmount } from "./small-disk.ts";

let home = "";
beforeEach(() => void (home = mkdtempSync(join(tmpdir(), "zerok-disk-"))));
afterEach(() => rmSync(home, { recursive: true, force: true }));

function noise(length: number): Uint8Array {
  let state = 1;
  return Uint8Array.from({ length }, () => (state = (state * 48_271) % 2_147_483_647) & 255);
}

describe("bit rot", () => {
  it("flips so many bits, in what looks like ciphertext, the same for the same seed", () => {
    const whole = new Uint8Array(64 * 1024);
    const noisy = noise(4096);
    whole.set(noisy, 8192);
    const path = join(home, "relay.db");
    const rotten = (seed: string): readonly number[] => {
      writeFileSync(path, whole);
      flipBits([path], 3, seed);
      return [...readFileSync(path)].flatMap((byte, at) => (byte === whole[at] ? [] : [at]));
    };
    const places = rotten("0x1");
    expect(places.length).toBeGreaterThan(0);
    expect(places.length).toBeLessThanOrEqual(3);
    for (const at of places) expect(at >= 8192 && at < 8192 + 4096).toBe(true);
    expect(rotten("0x1")).toEqual(places);
    expect(rotten("0x2")).not.toEqual(places);
  });

  it("says that there is nothing to rot", () => {
    writeFileSync(join(home, "empty.db"), new Uint8Array(4096));
    expect(() => flipBits([join(home, "empty.db")], 1, "0x1")).toThrow("no stored content yet");
  });
});

const { canMount, probe } = probeTmpfs();

// Who skips a whole file prints no titles.
if (!canMount) console.log(`a small disk: skipped, none can be mounted: ${probe}`);

describe.skipIf(!canMount)(`a small disk (skipped where none can be mounted: ${probe})`, () => {
  it("is full to the last byte, and has room again", () => {
    const path = join(home, "data");
    const journal = new Journal("disk", join(home, "journals"));
    mountSmallDisk(path, journal);
    try {
      writeFileSync(join(path, "mine"), "kept");
      expect(fillDisk(path)).toBe("0 bytes free");
      expect(() => writeFileSync(join(path, "more"), new Uint8Array(8192))).toThrow("ENOSPC");
      freeDisk(path);
      writeFileSync(join(path, "more"), new Uint8Array(8192));
      expect(readFileSync(join(path, "mine"), "utf8")).toBe("kept");
    } finally {
      unmount(path);
    }
  });

  it("is unmounted when its run was killed", async () => {
    const journals = join(home, "journals");
    const path = join(home, "run", "data");
    mkdirSync(path, { recursive: true });
    const journal = new Journal("disk", journals);
    journal.add({ what: "folder", path: join(home, "run") });
    mountSmallDisk(path, journal);
    const small = statfsSync(path).blocks;
    // As if its controller had been another one.
    const text = readFileSync(journal.path, "utf8");
    writeFileSync(journal.path, text.replace(/"start":"[^"]*"/, '"start":"17"'));
    const [healing] = await heal({ folder: journals });
    expect(healing).toMatchObject({ left: [], undone: [`unmounted ${path}`, `removed ${join(home, "run")}`] });
    expect(existsSync(path)).toBe(false);
    expect(small).toBeGreaterThan(0);
  });
});
