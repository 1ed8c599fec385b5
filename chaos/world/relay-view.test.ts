import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { listFiles, readHttp, readPieces } from "./relay-view.ts";

const PIECE_BYTES = 256 * 1024;
let home = "";
beforeEach(() => void (home = mkdtempSync(join(tmpdir(), "zerok-view-"))));
afterEach(() => rmSync(home, { recursive: true, force: true }));

const sizes = (path: string, bytesMax = 1e9): readonly number[] =>
  [...readPieces(path, bytesMax)].map((piece) => piece.length);

describe("what a relay wrote", () => {
  it("is every file below its folder", () => {
    mkdirSync(join(home, "data", "deep"), { recursive: true });
    for (const name of ["data/b", "data/deep/a", "log"]) writeFileSync(join(home, name), name);
    expect(listFiles(home)).toEqual(["data/b", "data/deep/a", "log"].map((name) => join(home, name)));
    expect(listFiles(join(home, "log"))).toEqual([join(home, "log")]);
  });

  it.each([0, 1, 300, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES])(
    "is read to its last byte, and nothing of 512 bytes is cut in two (%i bytes)",
    (size) => {
      const path = join(home, "file");
      const bytes = Uint8Array.from({ length: size }, (_, i) => (i * 31 + (i >> 8)) & 255);
      writeFileSync(path, bytes);
      const covered = new Uint8Array(size);
      let at = 0;
      for (const piece of readPieces(path, 1e9)) {
        expect(Buffer.from(piece).equals(bytes.subarray(at, at + piece.length))).toBe(true);
        covered.fill(1, at, at + piece.length);
        at += piece.length - 512;
      }
      expect(covered.every((one) => one === 1)).toBe(true);
    },
  );

  it("is bounded", () => {
    writeFileSync(join(home, "file"), new Uint8Array(2 * PIECE_BYTES));
    expect(sizes(join(home, "file"), 1000)).toEqual([1000]);
    expect(sizes(join(home, "file"), 0)).toEqual([]);
  });
});

describe("what a relay answers over HTTP", () => {
  it("is its status, its headers and its body; nothing when nobody is there", async () => {
    const server = createServer((_request, response) => {
      response.setHeader("x-mark", "seen").end("a body");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/health`;
    const text = Buffer.from((await readHttp(url))!).toString();
    expect(text).toMatch(/^200 /);
    expect(text).toContain("x-mark\nseen");
    expect(text).toMatch(/a body$/);
    await new Promise((resolve) => server.close(resolve));
    expect(await readHttp(url)).toBe(undefined);
  });
});
