import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { encodeItem } from "../client/item.ts";
import type { InboxEntry } from "../client/sync-events.ts";
import { saveEntry } from "./saved-file.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "zerok-saved-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function fileEntry(name: string): InboxEntry {
  return { blobId: "ab".repeat(16), data: encodeItem({ type: "file", name, bytes: new Uint8Array(3) }) } as InboxEntry;
}

it("a file never goes over another one", () => {
  writeFileSync(join(folder, "a.txt"), "theirs");
  expect(saveEntry(folder, fileEntry("a.txt"))).toBe(join(folder, "a (2).txt"));
  expect(readFileSync(join(folder, "a.txt"), "utf8")).toBe("theirs");
});

it("what cannot be made is told, and nothing that was there is taken away", () => {
  writeFileSync(join(folder, "file"), "theirs");
  expect(() => saveEntry(join(folder, "file"), fileEntry("a.txt"))).toThrow(/file.a\.txt cannot be written/);
  expect([readdirSync(folder), readFileSync(join(folder, "file"), "utf8")]).toEqual([["file"], "theirs"]);
});
