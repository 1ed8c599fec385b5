import { describe, expect, it } from "vitest";
import { concatBytes } from "../core/bytes.ts";
import type { ClaimCommand, ClaimEvent } from "../core/client/invite-claimer.ts";
import { InviteClaimer } from "../core/client/invite-claimer.ts";
import type { Input } from "../core/machine.ts";
import type { Message } from "../core/wire/messages.ts";
import { createEntropy, RELAY, RELAY_KEY, ScriptedRelay } from "./scripted-relay.ts";
import { toySuite as suite } from "./toy-suite.ts";

const LOOKUP = new Uint8Array(16).fill(5);
const SEALED = Uint8Array.of(4, 5, 6);
const GIVEN: Message = { type: "InviteGiven", lookup: LOOKUP, sealed: SEALED };

/** A claimer and the relay's end of its connection. */
class Claiming {
  readonly now = { monoMs: 0, wallMs: 0 };
  readonly events: ClaimEvent[] = [];
  readonly relay: ScriptedRelay;
  readonly dials: string[] = [];
  isClosed = false;
  readonly machine = new InviteClaimer(
    { timeoutMs: 10_000, rekeyAfterMessages: 65_536 },
    { entropy: createEntropy(), suite, mark: () => {} },
  );

  constructor(relayKey = RELAY_KEY) {
    this.relay = new ScriptedRelay(relayKey);
  }

  claim(relayId: Uint8Array | null = RELAY.id): this {
    return this.input({
      type: "command",
      command: { type: "claim", endpoint: RELAY.endpoint, relayId, lookup: LOOKUP },
    });
  }

  opens(): this {
    return this.input({ type: "opened", connection: 1, address: RELAY.endpoint });
  }

  /** In one piece. */
  says(...messages: readonly Message[]): this {
    const bytes = concatBytes(...messages.map((message) => this.relay.encode(message)));
    return this.input({ type: "bytes", connection: 1, bytes });
  }

  input(input: Input<ClaimCommand, never>): this {
    this.machine.handle(input, this.now);
    for (let output = this.machine.poll(); output !== undefined; output = this.machine.poll()) {
      if (output.type === "event") this.events.push(output.event);
      else if (output.type === "dial") this.dials.push(output.address);
      else if (output.type === "close") this.isClosed = true;
      else if (output.type === "send") {
        const bytes = this.relay.receive(output.bytes);
        if (bytes !== undefined) this.input({ type: "bytes", connection: 1, bytes });
      }
    }
    return this;
  }
}

const failed = (why: string, code: number | null = null, retryAfterMs: number | null = null) => [
  { type: "failed", why, code, retryAfterMs },
];

describe("claiming an invite", () => {
  it.each([
    ["of the relay that was named", RELAY.id],
    ["of whichever relay is there, whose id is told", null],
  ])("%s: asks once, gets it, and leaves", (_whose, relayId) => {
    const claiming = new Claiming().claim(relayId).opens();
    expect([claiming.dials, claiming.relay.heard]).toEqual([["relay:4040"], [{ type: "InviteClaim", lookup: LOOKUP }]]);
    claiming.says(GIVEN);
    expect(claiming.events).toEqual([{ type: "claimed", relayId: RELAY.id, sealed: SEALED }]);
    expect([claiming.isClosed, claiming.machine.deadline()]).toEqual([true, undefined]);
    expect(claiming.relay.heard.at(-1)).toEqual({ type: "Bye", reason: "closed" });
  });

  it("shows a relay with another key than the named one nothing of itself", () => {
    const claiming = new Claiming(new Uint8Array(32).fill(0x77)).claim().opens();
    expect(claiming.events).toEqual(failed("wrong-relay"));
    expect([claiming.relay.heard, claiming.relay.channel.isEstablished, claiming.isClosed]).toEqual([[], false, true]);
  });

  it.each([
    [1102, false, 0, null],
    [2000, true, 900, 900],
  ])("is told what the relay answers (%i)", (code, retryable, retryAfterMs, told) => {
    const subject = { message: "InviteClaim", blobId: null } as const;
    const claiming = new Claiming().claim().opens();
    claiming.says({ type: "Error", code, retryable, retryAfterMs, subject }, GIVEN);
    expect(claiming.events).toEqual(failed("rejected", code, told));
  });

  it("takes no answer to another question", () => {
    const other = { ...GIVEN, lookup: new Uint8Array(16) } as Message;
    expect(new Claiming().claim().opens().says(other).events).toEqual(failed("invalid-message"));
    const notify: Message = { type: "Notify", latest: 3 };
    expect(new Claiming().claim().opens().says(notify).events).toEqual(failed("invalid-message"));
  });

  it("ends with the connection, whichever way", () => {
    const refused = new Claiming().claim().input({ type: "refused", connection: 1 });
    expect([refused.events, refused.isClosed]).toEqual([failed("refused"), false]);
    expect(new Claiming().claim().opens().input({ type: "closed", connection: 1 }).events).toEqual(failed("closed"));
    expect(new Claiming().claim().opens().says({ type: "Bye", reason: "shutdown" }).events).toEqual(failed("closed"));
    const garbage = new Claiming().claim();
    garbage.relay.receive = () => new Uint8Array(98).fill(0xff);
    expect(garbage.opens().events).toEqual(failed("handshake-failed"));
  });

  it("waits for ten seconds and no longer", () => {
    const claiming = new Claiming().claim().opens();
    expect(claiming.machine.deadline()).toBe(10_000);
    claiming.now.monoMs = 9999;
    expect(claiming.input({ type: "deadline" }).events).toEqual([]);
    claiming.now.monoMs = 10_000;
    expect(claiming.input({ type: "deadline" }).events).toEqual(failed("timeout"));
    expect([claiming.isClosed, claiming.machine.deadline()]).toEqual([true, undefined]);
  });

  it("can be tried again, with a new connection", () => {
    const claiming = new Claiming().claim().input({ type: "refused", connection: 1 }).claim();
    expect(claiming.dials.length).toBe(2);
    claiming.input({ type: "refused", connection: 1 });
    expect(claiming.events.length).toBe(1);
    claiming.input({ type: "refused", connection: 3 });
    expect(claiming.events.length).toBe(2);
  });
});
