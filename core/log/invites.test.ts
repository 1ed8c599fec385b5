import { describe, expect, it } from "vitest";
import { decidePutInvite, isInviteOver, type PutInviteRequest } from "./invites.ts";

const NOW = 1_700_000_000_000;
const bytes = (fill: number) => new Uint8Array(32).fill(fill);
const request: PutInviteRequest = {
  group: bytes(1),
  device: bytes(2),
  sealed: bytes(3),
  ttlS: 60,
  wallMs: NOW,
  invitesMax: 5,
  groupInvitesMax: 2,
};
const NONE = { total: 0, ofGroup: 0 };

describe("putting an invite", () => {
  it("keeps it until its time is over, and not a millisecond longer", () => {
    const invite = decidePutInvite(undefined, NONE, request)!;
    expect(invite).toEqual({ group: bytes(1), device: bytes(2), sealed: bytes(3), expiresAtMs: NOW + 60_000 });
    expect([isInviteOver(invite, NOW + 59_999), isInviteOver(invite, NOW + 60_000)]).toEqual([false, true]);
  });

  it("is refused when there are as many as may be, of the group or of all", () => {
    expect(decidePutInvite(undefined, { total: 4, ofGroup: 1 }, request)).toBeDefined();
    expect(decidePutInvite(undefined, { total: 2, ofGroup: 2 }, request)).toBeUndefined();
    expect(decidePutInvite(undefined, { total: 5, ofGroup: 0 }, request)).toBeUndefined();
  });

  it("takes the place of one's own, or of one that is over; another device's stays", () => {
    const own = decidePutInvite(undefined, NONE, request)!;
    expect(decidePutInvite(own, NONE, request)).toBeDefined();
    expect(decidePutInvite({ ...own, device: bytes(9) }, NONE, request)).toBeUndefined();
    expect(decidePutInvite({ ...own, group: bytes(9) }, NONE, request)).toBeUndefined();
    expect(decidePutInvite({ ...own, device: bytes(9), expiresAtMs: NOW }, NONE, request)).toBeDefined();
  });
});
