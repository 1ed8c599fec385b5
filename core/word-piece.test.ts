import fc from "fast-check";
import { expect, test } from "vitest";
import { WordPiece } from "./word-piece.ts";

const BYTES_MAX = 256;

/** Some bytes, where in them a piece begins, and its length: short ones, and long ones that are copied at once. */
const cut = fc
  .uint8Array({ minLength: 0, maxLength: 2 * BYTES_MAX, size: "max" })
  .chain((bytes) =>
    fc
      .integer({ min: 0, max: bytes.length })
      .chain((at) =>
        fc.integer({ min: 0, max: Math.min(BYTES_MAX, bytes.length - at) }).map((count) => ({ bytes, at, count })),
      ),
  );

test("words are little-endian and filled up with zeros to sixteen bytes, whatever was there before", () => {
  const piece = new WordPiece(BYTES_MAX);
  fc.assert(
    fc.property(cut, ({ bytes, at, count }) => {
      piece.words.fill(-1);
      piece.load(bytes, at, count);
      const padded = new Uint8Array(Math.ceil(count / 16) * 16);
      padded.set(bytes.subarray(at, at + count));
      const view = new DataView(padded.buffer);
      for (let i = 0; i < padded.length; i += 4) expect(piece.words[i / 4]).toBe(view.getInt32(i, true));
    }),
  );
});

test("what was loaded is stored again, and not a byte beside it", () => {
  const piece = new WordPiece(BYTES_MAX);
  fc.assert(
    fc.property(cut, ({ bytes, at, count }) => {
      piece.load(bytes, at, count);
      const to = new Uint8Array(bytes.length + 3).fill(7);
      piece.store(to, at, count);
      const expected = new Uint8Array(bytes.length + 3).fill(7);
      expected.set(bytes.subarray(at, at + count), at);
      expect(to).toEqual(expected);
    }),
  );
});
