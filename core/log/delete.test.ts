import { describe, expect, it } from "vitest";
import { decideDelete } from "./delete.ts";
import { createHead, type LogHead } from "./row.ts";

const [OWNER, OTHER] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
const chain = new Uint8Array(32).fill(9);
const HEAD: LogHead = { ...createHead(new Uint8Array(16)), max: { cursor: 5, chain }, floor: 2, heldBytes: 100 };
const row = (cursor: number, gone: "expired" | null = null) => ({ cursor, sender: OWNER, sizeBytes: 30, gone });

describe("deleting a blob", () => {
  it("drops its payload once, and leaves the max cursor", () => {
    const { head, outcome, gone } = decideDelete(HEAD, row(3), OWNER, () => 4);
    expect([outcome, gone, head]).toEqual(["deleted", 3, { ...HEAD, heldBytes: 70 }]);
  });

  it("moves the floor to the next payload that is held, or behind everything", () => {
    expect(decideDelete(HEAD, row(2), OWNER, (after) => after + 2).head.floor).toBe(4);
    expect(decideDelete(HEAD, row(2), OWNER, () => undefined).head.floor).toBe(6);
  });

  it("of what is gone already is done, and changes nothing", () => {
    expect(decideDelete(HEAD, row(3, "expired"), OWNER, () => 4)).toEqual({
      head: HEAD,
      outcome: "deleted",
      gone: undefined,
    });
  });

  it("is its sender's alone, and needs a blob", () => {
    expect(decideDelete(HEAD, row(3), OTHER, () => 4)).toEqual({ head: HEAD, outcome: "foreign", gone: undefined });
    expect(decideDelete(HEAD, undefined, OWNER, () => 4)).toMatchObject({ outcome: "unknown", gone: undefined });
  });
});
