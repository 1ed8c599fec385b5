/**
 * Claims an encrypted invite at a relay, before the device has a group: connect, shake hands, ask once, leave. A
 * machine without a store: one claim at a time, each over a connection of its own. It shows the relay a key that is
 * made for this claim and forgotten after it, so that nothing ties the claim to the device that joins.
 *
 * Order of calls as in `core/machine.ts`. Whoever knows only `host:port` gives no relay id; then any relay is believed
 * and its id told, which is to be compared with the addresses inside the invite.
 */
import { BytePool, isEqualBytes } from "../bytes.ts";
import type { Context } from "../context.ts";
import { KEY_BYTES } from "../crypto/suite.ts";
import type { RelayId } from "../ids.ts";
import { assertInvariant, unreachable } from "../invariant.ts";
import type { ConnectionId, Input, Machine, Now, Output } from "../machine.ts";
import { SecureChannel } from "../noise/channel.ts";
import { OutputQueue } from "../output-queue.ts";
import { PROLOGUE } from "../prologue.ts";
import { MessageCodec } from "../wire/codec.ts";
import type { Message } from "../wire/messages.ts";
import { createDialNumbers } from "./connector.ts";

export interface ClaimCommand {
  readonly type: "claim";
  /** `host:port`. */
  readonly endpoint: string;
  /** The relay's pinned id; null when it is not known. */
  readonly relayId: RelayId | null;
  /** 16 bytes, from the half of the short code that looks up. */
  readonly lookup: Uint8Array;
}

export type ClaimEvent =
  | { readonly type: "claimed"; readonly relayId: RelayId; readonly sealed: Uint8Array }
  /** `code` of the relay's Error, where that is why. `retryAfterMs` is null when it is no use to try again. */
  | {
      readonly type: "failed";
      readonly why: ClaimFailure;
      readonly code: number | null;
      readonly retryAfterMs: number | null;
    };

export type ClaimFailure =
  /** The dial came to nothing. */
  | "refused"
  | "closed"
  | "timeout"
  | "handshake-failed"
  | "wrong-relay"
  | "invalid-message"
  /** The relay said no: there is no such invite, or one asks too often. */
  | "rejected";

export interface InviteClaimerOptions {
  /** From the dial to the answer. */
  readonly timeoutMs: number;
  readonly rekeyAfterMessages: number;
}

interface Claim {
  readonly command: ClaimCommand;
  readonly connection: ConnectionId;
  readonly untilMs: number;
  channel: SecureChannel | undefined;
  hasAsked: boolean;
}

type ClaimOutput = Output<never, ClaimEvent>;

export class InviteClaimer implements Machine<ClaimCommand, ClaimEvent, never, never> {
  readonly #options: InviteClaimerOptions;
  readonly #context: Context;
  readonly #codec = new MessageCodec();
  readonly #pool = new BytePool();
  readonly #outputs = new OutputQueue<ClaimOutput>();
  readonly #nextConnection = createDialNumbers();
  #claim: Claim | undefined;

  constructor(options: InviteClaimerOptions, context: Context) {
    this.#options = options;
    this.#context = context;
  }

  handle(input: Input<ClaimCommand, never>, now: Now): void {
    switch (input.type) {
      case "command":
        return this.#begin(input.command, now);
      case "opened":
        if (input.connection === this.#claim?.connection) this.#greet(this.#claim);
        return;
      case "bytes":
        if (input.connection === this.#claim?.connection) this.#received(this.#claim, input.bytes);
        return;
      case "closed":
      case "refused":
        if (input.connection === this.#claim?.connection) this.#fail(input.type, false);
        return;
      case "deadline":
        if (this.#claim !== undefined && this.#claim.untilMs <= now.monoMs) this.#fail("timeout", true);
        return;
      case "stored":
        return;
      default:
        unreachable(input);
    }
  }

  poll(): ClaimOutput | undefined {
    return this.#outputs.poll();
  }

  deadline(): number | undefined {
    return this.#claim?.untilMs;
  }

  #begin(command: ClaimCommand, now: Now): void {
    assertInvariant(this.#claim === undefined, "one claim at a time");
    const connection = this.#nextConnection();
    const untilMs = now.monoMs + this.#options.timeoutMs;
    this.#claim = { command, connection, untilMs, channel: undefined, hasAsked: false };
    this.#outputs.push({ type: "dial", connection, address: command.endpoint });
  }

  #greet(claim: Claim): void {
    const { entropy, suite } = this.#context;
    const staticKey = new Uint8Array(KEY_BYTES);
    entropy.fill("claim-identity", staticKey);
    const ephemeral = new Uint8Array(KEY_BYTES);
    entropy.fill("ephemeral", ephemeral);
    const { relayId } = claim.command;
    claim.channel = new SecureChannel({
      suite,
      role: "initiator",
      prologue: PROLOGUE,
      staticKey,
      ephemeral,
      ...(relayId === null ? {} : { expectedRemote: relayId }),
      rekeyAfterMessages: this.#options.rekeyAfterMessages,
      pool: this.#pool,
    });
    const first = claim.channel.start();
    if (first !== undefined) this.#send(claim, first);
  }

  #received(claim: Claim, bytes: Uint8Array): void {
    const { channel } = claim;
    if (channel === undefined) return;
    const result = channel.receive(bytes);
    for (let out = channel.pollSend(); out !== undefined; out = channel.pollSend()) this.#send(claim, out);
    if (channel.isEstablished && !claim.hasAsked) {
      claim.hasAsked = true;
      this.#say(claim, { type: "InviteClaim", lookup: claim.command.lookup });
    }
    for (let frame = channel.pollFrame(); frame !== undefined; frame = channel.pollFrame()) {
      const parsed = this.#codec.parse(frame);
      if (!parsed.ok) return this.#fail("invalid-message", true);
      this.#heard(claim, parsed.value);
      // The claim has its answer: what comes after it is nobody's.
      if (this.#claim !== claim) return;
    }
    if (result.ok) return;
    if (result.error.type === "WrongRemote") this.#fail("wrong-relay", true);
    else this.#fail(channel.isEstablished ? "invalid-message" : "handshake-failed", true);
  }

  #heard(claim: Claim, message: Message): void {
    switch (message.type) {
      case "InviteGiven": {
        if (!isEqualBytes(message.lookup, claim.command.lookup)) return this.#fail("invalid-message", true);
        const relayId = claim.channel!.remoteStatic!.slice();
        const sealed = message.sealed.slice();
        this.#say(claim, { type: "Bye", reason: "closed" });
        this.#end(true);
        return this.#outputs.push({ type: "event", event: { type: "claimed", relayId, sealed } });
      }
      case "Error":
        return this.#fail("rejected", true, message.code, message.retryable ? message.retryAfterMs : null);
      case "Bye":
        return this.#fail("closed", true);
      case "Ping":
        return this.#say(claim, { type: "Pong", token: message.token });
      default:
        return this.#fail("invalid-message", true);
    }
  }

  #fail(why: ClaimFailure, mustClose: boolean, code: number | null = null, retryAfterMs: number | null = null): void {
    this.#end(mustClose);
    this.#outputs.push({ type: "event", event: { type: "failed", why, code, retryAfterMs } });
  }

  #end(mustClose: boolean): void {
    if (mustClose) this.#outputs.push({ type: "close", connection: this.#claim!.connection });
    this.#claim = undefined;
  }

  #say(claim: Claim, message: Message): void {
    const sealed = claim.channel!.seal(this.#codec.encode(message));
    assertInvariant(sealed.ok, "a message of ours is sealed on an open channel");
    this.#send(claim, sealed.value);
  }

  #send(claim: Claim, bytes: Uint8Array): void {
    this.#outputs.push({ type: "send", connection: claim.connection, bytes });
  }
}
