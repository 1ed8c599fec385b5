import { expect, test } from "vitest";
import { RunPool } from "./run-pool.ts";

test("within a run no byte is handed out twice, in the next the same memory comes again", () => {
  const pool = new RunPool();
  const lengths = [0, 1, 100, 30_000, 131_072, 131_073, 7, 300_000, 4, 125_000, 125_000, 125_000, 125_000, 125_000];
  const first = lengths.map((length) => pool.take(length));
  first.forEach((bytes, i) => bytes.fill(i + 1));
  first.forEach((bytes, i) => {
    expect(bytes.length).toBe(lengths[i]);
    expect(bytes.every((byte) => byte === i + 1)).toBe(true);
  });
  pool.reset();
  const again = pool.take(100);
  expect(again.buffer).toBe(first[2]!.buffer);
});
