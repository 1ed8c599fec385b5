/** The conformance cases about devices of a group, invites and deletion: a part of `store-conformance.ts`. */
import type { StoredDevice } from "./store.ts";
import {
  admission,
  ALICE,
  BOB,
  checkSame,
  EPOCH,
  GROUP,
  NOBODY,
  NOW_MS,
  OTHER_GROUP,
  sample,
  SECOND_EPOCH,
  TTL_S,
  type Cases,
  type Desk,
} from "./conformance-desk.ts";

const CAROL = sample(32, 13);
const HOUR_MS = 3600_000;
const LOOKUP = sample(16, 31);
const SEALED = sample(700, 32);
const INVITE_TTL_S = 600;
const OVER_MS = NOW_MS + INVITE_TTL_S * 1000;

function devicesOf(desk: Desk, group = GROUP): readonly StoredDevice[] {
  return desk.one("devices", { id: 0, type: "devices", group }).devices;
}

function revoke(desk: Desk, device: Uint8Array, wallMs = NOW_MS, by = ALICE, reason: "lost" | "compromised" = "lost") {
  const { isKnown, timestampMs, ...rest } = desk.one(
    "revoked",
    { id: 0, type: "revoke", group: GROUP, device, by, reason },
    wallMs,
  );
  return [isKnown, timestampMs, rest.by, rest.reason];
}

function isRefused(desk: Desk, device: Uint8Array): string {
  return desk.run([admission(device, NOBODY, GROUP, EPOCH)])[0]!.type;
}

function remove(desk: Desk, device: Uint8Array, blobId: Uint8Array, group = GROUP) {
  const { outcome, cursor } = desk.one("deleted", { id: 0, type: "delete", group, device, blobId });
  return [outcome, cursor];
}

function put(desk: Desk, lookup = LOOKUP, sealed = SEALED, device = ALICE, group = GROUP, wallMs = NOW_MS): boolean {
  const limits = { ttlS: INVITE_TTL_S, invitesMax: 3, groupInvitesMax: 2 };
  return desk.one("invite-put", { id: 0, type: "put-invite", group, device, lookup, sealed, ...limits }, wallMs).isKept;
}

function claim(desk: Desk, lookup = LOOKUP, wallMs = NOW_MS): Uint8Array | null {
  return desk.one("invite-claimed", { id: 0, type: "claim-invite", lookup }, wallMs).sealed;
}

function cancel(desk: Desk, device = ALICE, group = GROUP): void {
  desk.one("invite-cancelled", { id: 0, type: "cancel-invite", group, device, lookup: LOOKUP });
}

const DEVICES: Cases = {
  "devices: who was admitted, when last, and what each has acknowledged, over restarts": (desk) => {
    desk.fill(2);
    desk.admit(BOB, NOBODY, GROUP, EPOCH, NOW_MS + HOUR_MS);
    desk.admit(ALICE, NOBODY, GROUP, EPOCH, NOW_MS + 2 * HOUR_MS);
    desk.acknowledge(ALICE, 2);
    for (const restart of [false, true]) {
      if (restart) desk.reopen();
      const expected = [
        { device: ALICE, acknowledged: 2, lastSeenMs: NOW_MS + 2 * HOUR_MS, isRevoked: false },
        { device: BOB, acknowledged: 0, lastSeenMs: NOW_MS + HOUR_MS, isRevoked: false },
      ].sort((a, b) => (a.device[0]! < b.device[0]! ? -1 : 1));
      checkSame(devicesOf(desk), expected, "devices");
      checkSame(devicesOf(desk, OTHER_GROUP), [], "of an unknown group");
    }
  },
  "devices: being seen again keeps what was acknowledged, except in a new epoch": (desk) => {
    const items = desk.fill(2);
    desk.acknowledge(ALICE, 2);
    desk.admit(ALICE, NOBODY, GROUP, EPOCH, NOW_MS + HOUR_MS);
    checkSame(devicesOf(desk)[0]?.acknowledged, 2, "in the same epoch");
    const beyond = { cursor: 3, chain: sample(32, 99) };
    const lost = { epoch: EPOCH, contiguous: desk.positionAfter(items), highest: beyond };
    desk.admit(ALICE, lost, GROUP, SECOND_EPOCH, NOW_MS + 2 * HOUR_MS);
    for (const restart of [false, true]) {
      if (restart) desk.reopen();
      checkSame(
        devicesOf(desk)[0],
        { device: ALICE, acknowledged: 0, lastSeenMs: NOW_MS + 2 * HOUR_MS, isRevoked: false },
        "in a new one",
      );
    }
  },
  "admit: no more devices than may be, while those that are there go on": (desk) => {
    desk.admit(ALICE);
    desk.admit(BOB);
    const third = admission(CAROL, NOBODY, GROUP, EPOCH, 2);
    checkSame(desk.run([third])[0]!.type, "full", "a third device");
    checkSame(desk.run([admission(ALICE, NOBODY, GROUP, EPOCH, 2)])[0]!.type, "admitted", "a known device");
    checkSame(devicesOf(desk).length, 2, "devices");
    revoke(desk, BOB);
    desk.reopen();
    checkSame(desk.run([third])[0]!.type, "full", "a revoked device still has its place");
  },
  "revoke: the device is let in no more, its group is as it was, over restarts": (desk) => {
    desk.fill(1);
    desk.admit(BOB);
    desk.admit(BOB, NOBODY, OTHER_GROUP);
    checkSame(revoke(desk, BOB), [true, NOW_MS, ALICE, "lost"], "the answer");
    for (const restart of [false, true]) {
      if (restart) desk.reopen();
      checkSame(isRefused(desk, BOB), "revoked-device", "Bob");
      checkSame(isRefused(desk, ALICE), "admitted", "Alice");
      checkSame(desk.run([admission(BOB, NOBODY, OTHER_GROUP, EPOCH)])[0]!.type, "admitted", "Bob elsewhere");
      checkSame(
        devicesOf(desk)
          .map((known) => known.isRevoked)
          .sort(),
        [false, true],
        "devices",
      );
      checkSame(desk.page()?.blobs.length, 1, "the log");
    }
  },
  "revoke: a second time the first answer stands; an unknown device is told as such": (desk) => {
    desk.admit(ALICE);
    desk.admit(BOB);
    revoke(desk, BOB);
    desk.reopen();
    checkSame(revoke(desk, BOB, NOW_MS + HOUR_MS, BOB, "compromised"), [true, NOW_MS, ALICE, "lost"], "the first");
    checkSame(revoke(desk, CAROL)[0], false, "unknown");
    checkSame(isRefused(desk, CAROL), "admitted", "an unknown device was not revoked");
  },
  "revoke: a claim of a revoked device renews no epoch": (desk) => {
    const items = desk.fill(1);
    desk.admit(BOB);
    revoke(desk, BOB);
    const beyond = { cursor: 3, chain: sample(32, 99) };
    const lost = { epoch: EPOCH, contiguous: desk.positionAfter(items), highest: beyond };
    checkSame(desk.run([admission(BOB, lost, GROUP, SECOND_EPOCH)])[0]!.type, "revoked-device", "Bob");
    checkSame(desk.admit(ALICE).head.epoch, EPOCH, "epoch");
  },
  "sweep: a revoked device is waited for no more, over restarts": (desk) => {
    desk.fill(2);
    desk.admit(BOB);
    desk.acknowledge(ALICE, 2);
    checkSame(desk.sweep(NOW_MS), 0, "Bob has nothing yet");
    revoke(desk, BOB);
    desk.reopen();
    checkSame(desk.sweep(NOW_MS), 2, "Bob is waited for no more");
  },
  "sweep: when all are revoked nothing counts as acknowledged": (desk) => {
    desk.fill(1);
    desk.acknowledge(ALICE, 1);
    revoke(desk, ALICE, NOW_MS, ALICE);
    checkSame(desk.sweep(NOW_MS), 0, "before its ttl");
    checkSame(desk.sweep(NOW_MS + TTL_S * 1000), 1, "at its ttl");
  },
};

const DELETION: Cases = {
  "delete: payload and bytes go, cursor and answer stay, over restarts": (desk) => {
    const items = desk.fill(3);
    checkSame(remove(desk, ALICE, items[0]!.blobId), ["deleted", 1], "the answer");
    for (const restart of [false, true]) {
      if (restart) desk.reopen();
      const { chain } = desk.positionAfter(items.slice(0, 1));
      checkSame(desk.page()?.gone, [{ from: 1, to: 1, why: "deleted", chain }], "gone");
      const { head, pending } = desk.admit(BOB);
      checkSame([head.floor, head.heldBytes, head.max.cursor, pending], [2, 20, 3, 2], "head");
      const [again] = desk.push([items[0]!]).answers;
      checkSame([again?.type, again?.type === "accepted" && again.isNew], ["accepted", false], "a late repetition");
      checkSame(remove(desk, ALICE, items[0]!.blobId), ["deleted", 1], "a second time");
    }
    desk.sweep(NOW_MS + TTL_S * 1000);
    checkSame(desk.admit(BOB).head.heldBytes, 0, "bytes are taken off once");
  },
  "delete: only by its sender, and only what is there": (desk) => {
    const items = desk.fill(1);
    desk.admit(BOB);
    desk.admit(ALICE, NOBODY, OTHER_GROUP);
    checkSame(remove(desk, BOB, items[0]!.blobId), ["foreign", 1], "another device");
    checkSame(remove(desk, ALICE, items[0]!.blobId, OTHER_GROUP), ["unknown", 0], "another group");
    checkSame(remove(desk, ALICE, sample(16, 9)), ["unknown", 0], "another id");
    checkSame(remove(desk, ALICE, items[0]!.blobId, CAROL), ["unknown", 0], "an unknown group");
    desk.reopen();
    checkSame(desk.page()?.blobs.length, 1, "the blob");
  },
  "delete: the floor follows, past what is gone already": (desk) => {
    const items = desk.fill(3);
    remove(desk, ALICE, items[1]!.blobId);
    checkSame(desk.admit(BOB).head.floor, 1, "the first is held");
    remove(desk, ALICE, items[0]!.blobId);
    desk.reopen();
    checkSame(desk.admit(BOB).head.floor, 3, "two are gone");
    remove(desk, ALICE, items[2]!.blobId);
    checkSame(desk.admit(BOB).head.floor, 4, "nothing is held");
  },
};

const INVITES: Cases = {
  "invites: given once, byte for byte, over restarts": (desk) => {
    desk.admit();
    checkSame(put(desk), true, "kept");
    desk.reopen();
    checkSame(claim(desk, sample(16, 33)), null, "another look-up");
    checkSame(claim(desk), SEALED, "given");
    checkSame(claim(desk), null, "once");
    desk.reopen();
    checkSame(claim(desk), null, "once, after a restart");
  },
  "invites: two claims in one transaction give it once": (desk) => {
    desk.admit();
    put(desk);
    const ask = { id: 0, type: "claim-invite" as const, lookup: LOOKUP };
    const sealed = desk.run([ask, ask]).map((answer) => answer.type === "invite-claimed" && answer.sealed);
    checkSame(sealed, [SEALED, null], "answers");
  },
  "invites: over at their time, and not before": (desk) => {
    desk.admit();
    put(desk);
    checkSame(claim(desk, LOOKUP, OVER_MS), null, "at its time");
    put(desk);
    desk.sweep(OVER_MS - 1);
    checkSame(claim(desk, LOOKUP, OVER_MS - 1), SEALED, "before, and after a sweep");
    put(desk);
    desk.sweep(OVER_MS);
    checkSame(claim(desk, LOOKUP, NOW_MS), null, "swept");
  },
  "invites: no more than may be, of a group and of all; what is over takes no place": (desk) => {
    desk.admit();
    desk.admit(BOB, NOBODY, OTHER_GROUP);
    checkSame([put(desk, sample(16, 41)), put(desk, sample(16, 42))], [true, true], "two of a group");
    desk.reopen();
    checkSame(put(desk, sample(16, 43)), false, "a third of the group");
    checkSame(put(desk, sample(16, 44), SEALED, BOB, OTHER_GROUP), true, "a third of all");
    checkSame(put(desk, sample(16, 45), SEALED, BOB, OTHER_GROUP), false, "a fourth of all");
    checkSame(put(desk, sample(16, 42), sample(9, 1)), true, "one that is there, anew");
    checkSame(put(desk, sample(16, 46), SEALED, ALICE, GROUP, OVER_MS), true, "when the others are over");
    checkSame(claim(desk, sample(16, 42)), sample(9, 1), "the newer bytes");
  },
  "invites: another device's is neither replaced nor cancelled": (desk) => {
    desk.admit();
    desk.admit(BOB);
    put(desk);
    checkSame(put(desk, LOOKUP, sample(9, 1), BOB), false, "put by another device");
    checkSame(put(desk, LOOKUP, sample(9, 1), ALICE, OTHER_GROUP), false, "put in another group");
    cancel(desk, BOB);
    cancel(desk, ALICE, OTHER_GROUP);
    checkSame(claim(desk), SEALED, "still there");
  },
  "invites: cancelled by the device that put it, once and again": (desk) => {
    desk.admit();
    put(desk);
    cancel(desk);
    cancel(desk);
    desk.reopen();
    checkSame(claim(desk), null, "cancelled");
    checkSame(put(desk, LOOKUP, sample(9, 1), BOB), true, "free again");
  },
};

export const MEMBER_CASES: Cases = { ...DEVICES, ...DELETION, ...INVITES };
