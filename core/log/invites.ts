/**
 * Invites that wait at a relay: sealed bytes under a look-up that only the two sides of a pairing know. Bounded in
 * number and time, given once, and of the device that put them until then. Who may ask how often is the machine's.
 */
import { isEqualBytes } from "../bytes.ts";
import type { DeviceId, GroupId } from "../ids.ts";

export interface StoredInvite {
  readonly group: GroupId;
  readonly device: DeviceId;
  readonly sealed: Uint8Array;
  /** Wall clock; over from then on. */
  readonly expiresAtMs: number;
}

export interface PutInviteRequest {
  readonly group: GroupId;
  readonly device: DeviceId;
  readonly sealed: Uint8Array;
  readonly ttlS: number;
  readonly wallMs: number;
  readonly invitesMax: number;
  readonly groupInvitesMax: number;
}

/** Invites that are not over, the one under this look-up not counted. */
export interface InviteCounts {
  readonly total: number;
  readonly ofGroup: number;
}

/**
 * What to keep under the look-up, in the place of what was there; undefined for nothing. The same device may put again
 * (its first answer was lost, perhaps); what another one put is not touched before it is over.
 */
export function decidePutInvite(
  there: StoredInvite | undefined,
  others: InviteCounts,
  request: PutInviteRequest,
): StoredInvite | undefined {
  const { group, device, sealed, ttlS, wallMs } = request;
  if (there !== undefined && !isInviteOver(there, wallMs) && !isInviteOf(there, group, device)) return undefined;
  if (others.total >= request.invitesMax || others.ofGroup >= request.groupInvitesMax) return undefined;
  return { group, device, sealed, expiresAtMs: wallMs + ttlS * 1000 };
}

export function isInviteOver(invite: Pick<StoredInvite, "expiresAtMs">, wallMs: number): boolean {
  return wallMs >= invite.expiresAtMs;
}

export function isInviteOf(invite: Pick<StoredInvite, "group" | "device">, group: GroupId, device: DeviceId): boolean {
  return isEqualBytes(invite.group, group) && isEqualBytes(invite.device, device);
}
