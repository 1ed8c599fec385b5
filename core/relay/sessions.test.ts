import { describe, expect, it } from "vitest";
import { BytePool } from "../bytes.ts";
import { portableSuite as suite } from "../crypto/portable.ts";
import { SecureChannel } from "../noise/channel.ts";
import type { Session } from "./session.ts";
import { Sessions } from "./sessions.ts";

const BYTES = new Uint8Array(32).fill(1);
/** Sessions are told apart by what is around it: one channel serves all. */
const channel = new SecureChannel({
  suite,
  role: "responder",
  prologue: BYTES,
  staticKey: BYTES,
  ephemeral: BYTES,
  pool: new BytePool(),
});

function session(connection: number, group?: string, device?: string, address = "10.0.0.1"): Session {
  const membership =
    group === undefined || device === undefined
      ? undefined
      : { group: BYTES, groupHex: group, device: BYTES, deviceHex: device, rateKey: "" };
  return {
    connection,
    address,
    channel,
    phase: "live",
    membership,
    lastHeardMs: 0,
    partialSinceMs: undefined,
    servedMax: 0,
    acknowledged: 0,
    isPaging: false,
    isListing: false,
    isAppending: false,
    batch: [],
  };
}
const connections = (found: Iterable<Session>): number[] => [...found].map((one) => one.connection);

describe("the sessions of a relay", () => {
  it("are found by connection until they are removed", () => {
    const sessions = new Sessions();
    const one = session(2);
    sessions.add(one);
    sessions.add(session(4));
    expect([sessions.at(2), sessions.at(6), sessions.size]).toEqual([one, undefined, 2]);
    sessions.remove(one);
    expect([sessions.at(2), sessions.size, connections(sessions.all())]).toEqual([undefined, 1, [4]]);
  });

  it("are counted by address, and a count that falls to none is forgotten", () => {
    const sessions = new Sessions();
    const [one, two, far] = [session(2), session(4), session(6, "g", "d", "10.0.0.2")];
    for (const each of [one, two, far]) sessions.add(each);
    expect([sessions.countAt("10.0.0.1"), sessions.countAt("10.0.0.2"), sessions.countAt("x")]).toEqual([2, 1, 0]);
    sessions.remove(one);
    sessions.remove(one);
    expect(sessions.countAt("10.0.0.1")).toBe(1);
    sessions.remove(two);
    expect([sessions.countAt("10.0.0.1"), sessions.countAt("10.0.0.2")]).toEqual([0, 1]);
  });

  it("are live in their group from when they are enlivened, not before", () => {
    const sessions = new Sessions();
    const [alice, bob, eve] = [session(2, "g", "alice"), session(4, "g", "bob"), session(6, "h", "eve")];
    for (const each of [alice, bob, eve]) sessions.add(each);
    expect([connections(sessions.liveOf("g")), sessions.groups]).toEqual([[], 0]);
    for (const each of [alice, bob, eve]) expect(sessions.enliven(each)).toBeUndefined();
    expect([connections(sessions.liveOf("g")), connections(sessions.liveOf("h")), sessions.groups]).toEqual([
      [2, 4],
      [6],
      2,
    ]);
  });

  it("of one device: the newer wins, and cleaning up the older touches nothing of the newer", () => {
    const sessions = new Sessions();
    const [older, newer] = [session(2, "g", "alice"), session(4, "g", "alice")];
    sessions.add(older);
    sessions.add(newer);
    sessions.enliven(older);
    expect(sessions.enliven(newer)).toBe(older);
    sessions.remove(older);
    expect([connections(sessions.liveOf("g")), sessions.groups, sessions.size]).toEqual([[4], 1, 1]);
    sessions.remove(newer);
    expect([connections(sessions.liveOf("g")), sessions.groups, sessions.size]).toEqual([[], 0, 0]);
  });

  it("of one device in two groups do not replace each other", () => {
    const sessions = new Sessions();
    const [here, there] = [session(2, "g", "alice"), session(4, "h", "alice")];
    for (const each of [here, there]) sessions.add(each);
    expect([sessions.enliven(here), sessions.enliven(there)]).toEqual([undefined, undefined]);
    sessions.remove(here);
    expect([connections(sessions.liveOf("h")), sessions.groups]).toEqual([[4], 1]);
  });

  it("that are removed before they went live leave the live one of their device alone", () => {
    const sessions = new Sessions();
    const [live, joining] = [session(2, "g", "alice"), session(4, "g", "alice")];
    sessions.add(live);
    sessions.enliven(live);
    sessions.add(joining);
    sessions.remove(joining);
    expect(connections(sessions.liveOf("g"))).toEqual([2]);
  });
});
