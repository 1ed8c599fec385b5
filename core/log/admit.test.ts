import { describe, expect, it } from "vitest";
import { GENESIS, START } from "../ids.ts";
import type { Chain, Position } from "../ids.ts";
import type { Claim } from "./admit.ts";
import { decideAdmit } from "./admit.ts";
import type { LogHead } from "./row.ts";
import { createHead } from "./row.ts";

const EPOCH = new Uint8Array(16).fill(1);
const OTHER = new Uint8Array(16).fill(2);
const FRESH = new Uint8Array(16).fill(3);

const chain = (cursor: number): Chain => (cursor === 0 ? GENESIS : new Uint8Array(32).fill(cursor));
const at = (cursor: number): Position => ({ cursor, chain: chain(cursor) });
const forged = (cursor: number): Position => ({ cursor, chain: new Uint8Array(32).fill(0xff) });

/** Cursors 1 to 3 trimmed, 4 to 9 kept. */
const HEAD: LogHead = { epoch: EPOCH, max: at(9), trimmed: at(3), floor: 5, heldBytes: 77 };
const kept = (cursor: number): Chain | undefined => (cursor >= 3 && cursor <= 9 ? chain(cursor) : undefined);

function claim(contiguous: Position, highest = contiguous, epoch: Uint8Array | null = EPOCH): Claim {
  return { epoch, contiguous, highest };
}
const admit = (claimed: Claim) => decideAdmit(HEAD, claimed, kept, FRESH);

describe("a claim", () => {
  it("to an unknown group makes it, in a fresh epoch, whatever is claimed", () => {
    for (const claimed of [claim(START, START, null), claim(at(7)), claim(at(1), at(2), OTHER)]) {
      const decision = decideAdmit(undefined, claimed, () => undefined, FRESH);
      expect(decision).toEqual({ head: createHead(FRESH), change: "created" });
    }
  });

  it("of no epoch, or of another one, says nothing about this log", () => {
    expect(admit(claim(START, START, null))).toEqual({ head: HEAD, change: "none" });
    expect(admit(claim(forged(8), forged(4000), OTHER))).toEqual({ head: HEAD, change: "none" });
  });

  it("that the log agrees with changes nothing", () => {
    for (const cursor of [0, 3, 4, 9]) expect(admit(claim(at(cursor))).change).toBe("none");
    expect(admit(claim(at(4), at(9)))).toEqual({ head: HEAD, change: "none" });
  });

  it("of a cursor beyond the log means that data was lost: a new epoch, with the rows that are left", () => {
    const renewed = { head: { ...HEAD, epoch: FRESH }, change: "renewed" };
    expect(admit(claim(at(10)))).toEqual(renewed);
    expect(admit(claim(at(4), at(10)))).toEqual(renewed);
  });

  it("of another chain means the same, for either position", () => {
    expect(admit(claim(forged(4), at(9))).change).toBe("renewed");
    expect(admit(claim(at(4), forged(9))).change).toBe("renewed");
    expect(admit(claim(forged(3), at(9))).change).toBe("renewed");
  });

  it("of nothing yet is held by every log, but only with the chain of nothing", () => {
    expect(admit(claim(START)).change).toBe("none");
    expect(admit(claim({ cursor: 0, chain: chain(1) })).change).toBe("renewed");
    expect(decideAdmit(createHead(EPOCH), claim(START), () => undefined, FRESH).change).toBe("none");
  });

  it("from below what was trimmed stands, because nothing is left to compare it with", () => {
    expect(admit(claim(forged(1), forged(2))).change).toBe("none");
  });

  it("of a row that the log should hold and does not is a loss", () => {
    const hole = (cursor: number): Chain | undefined => (cursor === 6 ? undefined : kept(cursor));
    expect(decideAdmit(HEAD, claim(at(6)), hole, FRESH).change).toBe("renewed");
  });

  it("to an empty log that once held more is a loss", () => {
    expect(decideAdmit(createHead(EPOCH), claim(at(1)), () => undefined, FRESH).change).toBe("renewed");
  });
});
