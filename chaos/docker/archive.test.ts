import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { EnvironmentError } from "../world/environment-error.ts";
import { unpackArchive } from "./archive.ts";

let home = "";
let into = "";
let bytes = Buffer.alloc(0);

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "zerok-archive-"));
  into = join(home, "into");
  mkdirSync(into);
  mkdirSync(join(home, "data"));
  writeFileSync(join(home, "data", "relay.db"), Buffer.alloc(70_000, 7));
  bytes = execFileSync("tar", ["-c", "-b", "1", "-C", home, "data"]);
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

describe("an archive of the engine", () => {
  it("is unpacked, also when the engine says late that it is over", async () => {
    async function* late(): AsyncGenerator<Buffer> {
      yield bytes;
      // Any program that reads along would be gone by then.
      await wait(200);
    }
    await unpackArchive(Readable.from(late()), into, "the volume");
    expect(readdirSync(into)).toEqual(["data"]);
    expect(readFileSync(join(into, "data", "relay.db")).equals(Buffer.alloc(70_000, 7))).toBe(true);
  });

  it("that ends before its end, or fails, is said not to be copied", async () => {
    const torn = Readable.from([bytes.subarray(0, 30_000)]);
    await expect(unpackArchive(torn, into, "the volume of relay")).rejects.toThrow(
      /^the volume of relay could not be copied: .*EOF/s,
    );
    async function* failing(): AsyncGenerator<Buffer> {
      yield bytes;
      throw new Error("aborted");
    }
    await expect(unpackArchive(Readable.from(failing()), into, "the volume of relay")).rejects.toThrow(
      new EnvironmentError("the volume of relay could not be copied: aborted"),
    );
    expect(readdirSync(into)).not.toContain("archive.tar");
  });
});
