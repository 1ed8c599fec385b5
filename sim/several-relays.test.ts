import { describe, expect, it } from "vitest";
import type { Message } from "../core/wire/messages.ts";
import { RoamingDevice } from "./roaming-device.ts";

const MINUTE_MS = 60_000;
/** A visit has been paid and is over. */
const VISITED_MS = 2500;

const settled = (names: readonly string[], config = {}): RoamingDevice => {
  const device = new RoamingDevice(names, config).connect().pass(VISITED_MS);
  device.dials();
  device.told();
  return device;
};
const refuse =
  (type: "Hello" | "Push", code: number, retryAfterMs = 0) =>
  (message: Message): readonly Message[] | undefined => {
    if (message.type !== type) return undefined;
    const subject = { message: type, blobId: message.type === "Push" ? message.blobId : null };
    return [{ type: "Error", code, retryable: retryAfterMs > 0, retryAfterMs, subject }];
  };

describe("a device with several relays", () => {
  it("connects to the one that it prefers, and visits the others once", () => {
    const device = new RoamingDevice(["one", "two", "three"]).connect();
    expect([device.active(), device.dials(), device.connected()]).toEqual([
      "one",
      ["one", "two", "three"],
      ["one", "two", "three"],
    ]);
    device.pass(VISITED_MS);
    expect([device.connected(), device.dials(), device.client.waitingFor()]).toEqual([["one"], [], []]);
    expect(device.told("disconnected").map(({ why, retryInMs }) => [why, retryInMs])).toEqual([
      ["visit-over", null],
      ["visit-over", null],
    ]);
  });

  it("dials none before those that it prefers to it have failed", () => {
    const device = new RoamingDevice(["one", "two", "three"]);
    device.relay("one").state = "mute";
    device.relay("two").state = "dead";
    device.connect().pass(29_999);
    expect(device.dials()).toEqual(["one"]);
    device.pass(1);
    expect([device.dials(), device.active()]).toEqual([["two", "three"], "three"]);
    expect(device.told("all-relays-failed")).toEqual([]);
  });

  it("goes to the next at once when its relay dies, and what is pushed lands there", () => {
    const device = settled(["one", "two"]);
    device.kill("one");
    device.push(1);
    expect([device.active(), device.dials(), device.logOf("two")]).toEqual(["two", ["two"], 1]);
    expect(device.told("all-relays-failed", "acked").map(({ type }) => type)).toEqual(["acked"]);
  });

  it.each([3000, 3001])("tries the next when one says %i at its Hello", (code) => {
    const device = new RoamingDevice(["one", "two"]);
    device.relay("one").answer = refuse("Hello", code, 5000);
    device.connect();
    expect([device.active(), device.told("disconnected").map(({ why }) => why)]).toEqual(["two", ["overloaded"]]);
  });

  it("tries no other when the one that it prefers refuses it: that speaks of the device", () => {
    const device = new RoamingDevice(["one", "two"]);
    device.relay("one").answer = refuse("Hello", 1002);
    device.connect();
    expect([device.active(), device.dials()]).toEqual([undefined, ["one"]]);
    device.relay("one").answer = undefined;
    device.pass(1000);
    expect([device.active(), device.told("all-relays-failed")]).toEqual(["one", []]);
  });

  it("tells when all have failed, waits, and begins again at the first", () => {
    const device = new RoamingDevice(["one", "two", "three"]);
    device.kill("one", "two", "three");
    device.connect();
    expect([device.dials(), device.told("all-relays-failed")]).toEqual([
      ["one", "two", "three"],
      [{ type: "all-relays-failed", retryInMs: 1000 }],
    ]);
    device.pass(999);
    expect(device.dials()).toEqual([]);
    device.pass(1);
    expect([device.dials(), device.told("all-relays-failed")]).toEqual([
      ["one", "two", "three"],
      [{ type: "all-relays-failed", retryInMs: 2000 }],
    ]);
    device.relay("two").state = "up";
    device.pass(2000);
    expect([device.dials(), device.active()]).toEqual([["one", "two", "three"].slice(0, 2), "two"]);
  });

  it("with one relay tells so too, and backs off as ever", () => {
    const device = new RoamingDevice(["one"]);
    device.kill("one");
    device.connect().pass(1000);
    expect(device.told("all-relays-failed").map(({ retryInMs }) => retryInMs)).toEqual([1000, 2000]);
  });

  it("begins a round at once when its application asks", () => {
    const device = new RoamingDevice(["one", "two"]);
    device.kill("one", "two");
    device.connect().pass(10_000);
    device.relay("two").state = "up";
    device.dials();
    device.connect();
    expect([device.dials(), device.active()]).toEqual([["one", "two"], "two"]);
  });

  it("moves back to the one that it prefers, looking for it every preferAgainMs, and leaves the other", () => {
    const device = settled(["one", "two"]);
    device.kill("one");
    device.pass(MINUTE_MS - 1);
    expect([device.active(), device.dials()]).toEqual(["two", ["two"]]);
    device.pass(1);
    expect([device.active(), device.dials()]).toEqual(["two", ["one"]]);
    device.relay("one").state = "up";
    device.pass(MINUTE_MS);
    expect([device.active(), device.connected()]).toEqual(["one", ["one", "two"]]);
    device.pass(VISITED_MS);
    expect(device.connected()).toEqual(["one"]);
  });

  it("disconnects from all of them when its application wishes", () => {
    const device = new RoamingDevice(["one", "two"]).connect().command({ type: "disconnect" });
    expect([device.connected(), device.client.deadline()]).toEqual([[], undefined]);
    expect(device.told("disconnected").map(({ why }) => why)).toEqual([
      "closed-by-application",
      "closed-by-application",
    ]);
    device.pass(10 * MINUTE_MS);
    expect(device.dials()).toEqual(["one", "two"]);
  });
});

describe("copies", () => {
  it("are the same bytes under the same id, and a stream of pushes is one visit", () => {
    const device = settled(["one", "two"]);
    for (let ref = 1; ref <= 5; ref++) {
      device.push(ref);
      device.pass(1000);
    }
    expect(device.dials()).toEqual(["two"]);
    const rows = (name: string) => device.relay(name).log.rows.map(({ blobId, payload }) => ({ blobId, payload }));
    expect(rows("one").length).toBe(5);
    expect(rows("two")).toEqual(rows("one"));
    expect(device.client.outbox()).toEqual([]);
  });

  it("owed to a relay that is away delay nothing, and come when it is back, by a backoff of its own", () => {
    const device = settled(["one", "two"]);
    device.kill("two");
    device.push(1);
    expect([device.active(), device.logOf("one"), device.inbox()]).toEqual(["one", 1, [1]]);
    expect(device.client.waitingFor()).toEqual([
      { relay: device.relay("two").hex, what: "1 acknowledgements (0 under way)" },
    ]);
    expect(device.told("all-relays-failed", "acked").length).toBe(1);
    device.pass(7000);
    // After 1, 2 and 4 seconds.
    expect(device.dials()).toEqual(["two", "two", "two", "two"]);
    device.relay("two").state = "up";
    device.pass(8000);
    expect([device.logOf("two"), device.client.waitingFor(), device.active()]).toEqual([1, [], "one"]);
  });

  it("that are owed to a spare relay alone fill no queue; what no relay has does, over a restart too", () => {
    const device = settled(["one", "two"], { queueRowsMax: 2 });
    device.kill("two");
    for (const ref of [1, 2, 3]) device.push(ref);
    const waiting = () => device.client.resources()["queuedRows"];
    expect([device.told("queued").length, waiting(), device.client.owedBy(device.relay("two").hex)]).toEqual([3, 0, 3]);
    device.kill("one");
    for (const ref of [4, 5, 6]) device.push(ref);
    expect(device.told("push-failed").map(({ error }) => error.type)).toEqual(["QueueFull"]);
    device.start();
    expect([waiting(), device.client.outbox().length]).toEqual([2, 5]);
    device.relay("two").state = "up";
    device.connect().pass(VISITED_MS);
    expect([waiting(), device.client.outbox().length]).toEqual([0, 2]);
    device.relay("one").state = "up";
    device.pass(10 * MINUTE_MS);
    expect([waiting(), device.client.outbox().length]).toEqual([0, 0]);
  });

  it("are owed after a restart too, only where they are owed", () => {
    const device = settled(["one", "two"]);
    device.kill("two");
    device.push(1);
    device.start();
    device.relay("one").heard = [];
    device.relay("two").state = "up";
    device.connect();
    expect(device.logOf("two")).toBe(1);
    expect(device.relay("one").heard.map(({ type }) => type)).toEqual(["Hello"]);
  });

  it("of others are taken in from both relays once, with a position at each", () => {
    const device = settled(["one", "two"]);
    device.relay("one").log.add(7).add(8);
    device.relay("two").log.add(8).add(9).add(7);
    device.connect().pass(VISITED_MS).command({ type: "pull" });
    expect(device.inbox().toSorted()).toEqual([7, 8, 9]);
    const at = (name: string) => device.client.positionAt(device.relay(name).hex)?.contiguous.cursor;
    expect([at("one"), at("two")]).toEqual([2, 3]);
  });

  it("are looked for every visitMs, though nothing is owed", () => {
    const device = settled(["one", "two"]);
    device.relay("two").log.add(9);
    device.pass(5 * MINUTE_MS - VISITED_MS);
    expect(device.inbox()).toEqual([]);
    device.pass(VISITED_MS);
    expect([device.inbox(), device.dials()]).toEqual([[9], ["two"]]);
  });

  it("refused for good by one relay are no failure while another has them", () => {
    const device = settled(["one", "two"]);
    device.relay("two").answer = refuse("Push", 2001);
    device.push(1);
    expect(
      device.told("acked", "refused").map((event) => [event.type, event.type === "refused" && event.isFinal]),
    ).toEqual([
      ["acked", false],
      ["refused", false],
    ]);
    expect([device.client.outbox(), device.store.outbox(device.relay("one").hex)]).toEqual([[], []]);
    expect(device.marks).toContain("client.copy.refused");
    expect(device.marks).not.toContain("client.push.refused");
  });

  it("refused for good by all are a failure, told once, and the number is given up", () => {
    const device = settled(["one", "two"]);
    for (const relay of device.relays) relay.answer = refuse("Push", 2001);
    device.push(1);
    expect(device.told("refused").map(({ isFinal }) => isFinal)).toEqual([false, true]);
    expect(device.store.outbox(device.relay("one").hex)).toEqual([]);
  });

  it("are not sent after their ttl, and that is no giving up when another relay has them", () => {
    const device = settled(["one", "two"]);
    device.kill("two");
    device.push(1, 5);
    device.pass(30_000);
    device.relay("two").state = "up";
    device.pass(MINUTE_MS);
    expect([device.logOf("one"), device.logOf("two"), device.told("gave-up")]).toEqual([1, 0, []]);
    expect(device.client.outbox()).toEqual([]);
  });

  it("are known as copies after a restart too", () => {
    const device = settled(["one", "two"]);
    device.kill("two");
    device.push(1, 5);
    device.start();
    device.relay("two").answer = refuse("Push", 2001);
    device.relay("two").state = "up";
    device.connect();
    expect(device.told("refused", "gave-up")).toMatchObject([{ retryable: false, isFinal: false }]);
  });

  it("refused by a relay in its new epoch are no failure: they had been acknowledged", () => {
    const device = settled(["one", "two"]);
    device.push(1);
    device.pass(VISITED_MS);
    const { log } = device.relay("two");
    log.rows.length = 0;
    log.head = { ...log.head, epoch: new Uint8Array(16).fill(0xaa), max: { cursor: 0, chain: new Uint8Array(32) } };
    device.relay("two").answer = refuse("Push", 2001);
    device.connect();
    expect(device.told("refused", "gave-up")).toMatchObject([{ retryable: false, isFinal: false }]);
  });

  it("that no relay took in time are given up once", () => {
    const device = settled(["one", "two"]);
    device.kill("one", "two");
    device.push(1, 5);
    device.pass(6000);
    for (const relay of device.relays) relay.state = "up";
    device.connect().pass(VISITED_MS);
    expect(device.told("gave-up").map(({ wasSent }) => wasSent)).toEqual([false]);
    expect([device.logOf("one"), device.logOf("two"), device.client.outbox()]).toEqual([0, 0, []]);
  });

  it("held by a quota at one relay hold nothing at the other", () => {
    const device = settled(["one", "two"]);
    device.relay("two").answer = refuse("Push", 2002, 1000);
    device.push(1);
    device.push(2);
    expect([device.logOf("one"), device.logOf("two")]).toEqual([2, 0]);
    device.relay("two").answer = undefined;
    device.pass(10_000);
    expect([device.logOf("two"), device.client.outbox()]).toEqual([2, []]);
  });

  it("come again to a relay that began a new epoch, from whoever has them", () => {
    const device = settled(["one", "two"]);
    device.push(1);
    device.pass(VISITED_MS);
    const { log } = device.relay("two");
    log.rows.length = 0;
    log.head = { ...log.head, epoch: new Uint8Array(16).fill(0xaa), max: { cursor: 0, chain: new Uint8Array(32) } };
    device.connect().pass(VISITED_MS);
    expect([device.logOf("two"), device.inbox(), device.client.outbox()]).toEqual([1, [1], []]);
    expect(device.told("epoch-changed").map(({ relay }) => relay)).toEqual([device.relay("two").hex]);
  });
});

describe("requests", () => {
  const lookup = new Uint8Array(16).fill(5);
  const device9 = new Uint8Array(32).fill(9);
  const blobId = new Uint8Array(16).fill(6);
  const sealed = Uint8Array.of(1, 2, 3);
  const revoked = { type: "DeviceRevoked", by: device9, reason: "lost", timestampMs: 5 } as const;
  const known = { device: device9, acknowledged: 3, lastSeenMs: 4, isOnline: true, isRevoked: false };
  const REQUESTS = ["Delete", "ListDevices", "RevokeDevice", "InvitePut", "InviteCancel"];

  /** A device whose preferred relay keeps its answers until the test says them. */
  function asking(): RoamingDevice {
    const device = settled(["one", "two"], { pollMs: 10 * MINUTE_MS });
    device.relay("one").answer = (message) => (REQUESTS.includes(message.type) ? [] : undefined);
    device.relay("one").heard = [];
    return device;
  }
  const asked = (device: RoamingDevice): string[] =>
    device
      .relay("one")
      .heard.splice(0)
      .map(({ type }) => type);

  it("are asked of the active relay, one at a time and in order, and each is answered", () => {
    const device = asking().command(
      { type: "delete", ref: 1, blobId },
      { type: "list-devices", ref: 2 },
      { type: "revoke", ref: 3, device: device9, reason: "lost" },
      { type: "put-invite", ref: 4, lookup, sealed, ttlS: 60 },
      { type: "cancel-invite", ref: 5, lookup },
    );
    const relay = device.relay("one").hex;
    const answers: readonly Message[] = [
      { type: "Deleted", blobId, cursor: 7 },
      { type: "Devices", devices: [known] },
      { ...revoked, device: device9 },
      { type: "InviteKept", lookup, ttlS: 60 },
      { type: "InviteCancelled", lookup },
    ];
    for (const [i, answer] of answers.entries()) {
      expect(asked(device)).toEqual([REQUESTS[i]]);
      device.hears("one", answer);
    }
    expect(device.told("deleted", "devices", "device-revoked", "invite-kept", "invite-cancelled")).toEqual([
      { type: "deleted", relay, ref: 1, blobId, cursor: 7 },
      { type: "devices", relay, ref: 2, devices: [known] },
      { ...revoked, type: "device-revoked", relay, ref: 3, device: device9 },
      { type: "invite-kept", relay, ref: 4, lookup, ttlS: 60 },
      { type: "invite-cancelled", relay, ref: 5, lookup },
    ]);
    expect([device.client.resources()["requests"], device.client.waitingFor()]).toEqual([0, []]);
  });

  it("are not answered by what was said to another question", () => {
    const device = asking().command({ type: "cancel-invite", ref: 1, lookup });
    device.hears(
      "one",
      { type: "InviteCancelled", lookup: new Uint8Array(16) },
      { type: "InviteKept", lookup, ttlS: 1 },
    );
    expect([device.told("invite-cancelled", "invite-kept"), device.active()]).toEqual([[], "one"]);
    expect(device.marks).toContain("client.answer.unexpected");
    device.hears("one", { type: "InviteCancelled", lookup });
    expect(device.told("invite-cancelled").map(({ ref }) => ref)).toEqual([1]);
  });

  it("that the relay refuses say why, and the next is asked", () => {
    const device = asking().command({ type: "delete", ref: 1, blobId }, { type: "list-devices", ref: 2 });
    const subject = { message: "Delete", blobId } as const;
    device.hears("one", { type: "Error", code: 1004, retryable: false, retryAfterMs: 0, subject });
    expect(device.told("request-failed", "refused")).toEqual([
      { type: "request-failed", ref: 1, why: "refused", code: 1004, retryAfterMs: null },
    ]);
    expect(asked(device)).toEqual(["Delete", "ListDevices"]);
    const busy = { message: "ListDevices", blobId: null } as const;
    device.hears("one", { type: "Error", code: 2000, retryable: true, retryAfterMs: 700, subject: busy });
    expect(device.told("request-failed")).toEqual([
      { type: "request-failed", ref: 2, why: "refused", code: 2000, retryAfterMs: 700 },
    ]);
  });

  it("fail at once when no relay is live", () => {
    const device = new RoamingDevice(["one", "two"]).command({ type: "list-devices", ref: 1 });
    expect(device.told("request-failed")).toEqual([
      { type: "request-failed", ref: 1, why: "offline", code: null, retryAfterMs: null },
    ]);
  });

  it("fail with the connection, those behind them too", () => {
    const device = asking().command({ type: "list-devices", ref: 1 }, { type: "list-devices", ref: 2 });
    device.kill("one");
    expect(device.told("request-failed").map(({ ref, why }) => [ref, why])).toEqual([
      [1, "disconnected"],
      [2, "disconnected"],
    ]);
    // Asked again, of whom it has now.
    device.command({ type: "list-devices", ref: 3 });
    expect(device.relay("two").heard.at(-1)).toEqual({ type: "ListDevices" });
  });

  it("that are never answered end the session after the usual patience", () => {
    const device = asking().command({ type: "list-devices", ref: 1 }).pass(29_999);
    expect(device.told("request-failed")).toEqual([]);
    device.pass(1);
    expect(device.told("request-failed", "disconnected").map(({ why }) => why)).toEqual(["disconnected", "silent"]);
    expect(device.active()).toBe("two");
  });

  it("of other members are heard", () => {
    const device = asking();
    device.hears("one", { ...revoked, device: device9 });
    expect(device.told("device-revoked", "disconnected").map((event) => "ref" in event && event.ref)).toEqual([null]);
    expect(device.active()).toBe("one");
  });
});

describe("a device that is revoked", () => {
  const STOPPED = ["revoked", null] as const;

  it("in mid-session tells so, leaves every relay and stays away", () => {
    const device = new RoamingDevice(["one", "two"]);
    const own = device.told("ready")[0]!.deviceId;
    device.connect();
    device.hears("two", { type: "DeviceRevoked", device: own, by: own, reason: "compromised", timestampMs: 1 });
    const told = device.told("device-revoked", "disconnected");
    expect(told.map((event) => (event.type === "disconnected" ? [event.why, event.retryInMs] : event.reason))).toEqual([
      "compromised",
      STOPPED,
      STOPPED,
    ]);
    expect([device.connected(), device.client.deadline()]).toEqual([[], undefined]);
  });

  it.each([["one"], ["one", "two"]])(
    "is told at its Hello and tries no more, until its application asks",
    (...names) => {
      const device = new RoamingDevice(names);
      device.relay("one").answer = refuse("Hello", 1003);
      device.connect().pass(MINUTE_MS);
      expect(device.told("disconnected", "all-relays-failed")).toMatchObject([{ why: "revoked", retryInMs: null }]);
      expect([device.dials(), device.client.deadline()]).toEqual([["one"], undefined]);
      device.connect();
      expect(device.dials()).toEqual(["one"]);
    },
  );
});
