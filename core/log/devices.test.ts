import { describe, expect, it } from "vitest";
import { acknowledgedByAll, decideEnter, SEEN_STEP_MS } from "./devices.ts";

const NOW = 1_700_000_000_000;
const known = { acknowledged: 7, lastSeenMs: NOW, isRevoked: false };

describe("a device that enters", () => {
  it("is written down the first time, if there is room", () => {
    const record = { acknowledged: 0, lastSeenMs: NOW, isRevoked: false };
    expect(decideEnter(undefined, 1, 2, NOW)).toEqual({ type: "entered", record });
    expect(decideEnter(undefined, 2, 2, NOW)).toEqual({ type: "full" });
  });

  it("that is known needs no room, and keeps what it acknowledged", () => {
    const later = NOW + SEEN_STEP_MS;
    expect(decideEnter(known, 9, 2, later)).toEqual({ type: "entered", record: { ...known, lastSeenMs: later } });
  });

  it("costs no write when it was seen a moment ago, and one when the clock was set back", () => {
    expect(decideEnter(known, 1, 2, NOW + SEEN_STEP_MS - 1)).toEqual({ type: "entered", record: undefined });
    expect(decideEnter(known, 1, 2, NOW - 1)).toMatchObject({ record: { lastSeenMs: NOW - 1 } });
  });

  it("and was revoked does not", () => {
    expect(decideEnter({ ...known, isRevoked: true }, 1, 2, NOW + SEEN_STEP_MS)).toEqual({ type: "revoked" });
  });
});

describe("what everybody has acknowledged", () => {
  it("is the least of all that are not revoked, and nothing when there is none", () => {
    const at = (acknowledged: number, isRevoked = false) => ({ acknowledged, isRevoked });
    expect(acknowledgedByAll([at(5), at(3), at(1, true)])).toBe(3);
    expect(acknowledgedByAll([at(9, true)])).toBe(0);
    expect(acknowledgedByAll([])).toBe(0);
  });
});
