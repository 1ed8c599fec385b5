/** Fetches the sealed invite of a short code from a relay. It is given once: whoever asks first has it. */
import { type ClaimEvent, type ClaimFailure, InviteClaimer } from "../../core/client/invite-claimer.ts";
import type { RelayAddress, RelayId } from "../../core/ids.ts";
import { REKEY_AFTER_MESSAGES } from "../../core/noise/channel.ts";
import { createFastSuite } from "../crypto/fast-suite.ts";
import { createRealClock } from "../driver/clock.ts";
import { createEntropy } from "../driver/entropy.ts";
import { MachineDriver } from "../driver/machine-driver.ts";
import { describeRefusal } from "./refusal.ts";
import { BrokenClientError, InvalidInviteError, NotConnectedError, RefusedError } from "./sync-error.ts";

export interface ClaimedInvite {
  readonly relayId: RelayId;
  readonly sealed: Uint8Array;
}

const FAILURES: Readonly<Record<Exclude<ClaimFailure, "rejected">, string>> = {
  refused: "nothing answers there",
  closed: "it closed the connection",
  timeout: "it did not answer in time",
  "handshake-failed": "it is no relay of this protocol",
  "wrong-relay": "another relay answers there, its key is not the one in the address",
  "invalid-message": "it sent what does not belong to the protocol",
};

/**
 * `relay`: with its id pinned, or the bare endpoint of any relay. Throws `NotConnectedError`; `InvalidInviteError` when
 * there is no such invite; `RefusedError` for any other no.
 */
export async function claimInvite(
  relay: RelayAddress | { readonly id: null; readonly endpoint: string },
  lookup: Uint8Array,
  timeoutMs: number,
): Promise<ClaimedInvite> {
  const context = { entropy: createEntropy(), suite: createFastSuite(), mark: () => {} };
  let settle: { resolve(event: ClaimEvent): void; reject(error: Error): void } | undefined;
  const told = new Promise<ClaimEvent>((resolve, reject) => {
    settle = { resolve, reject };
  });
  const driver = new MachineDriver({
    machine: new InviteClaimer({ timeoutMs, rekeyAfterMessages: REKEY_AFTER_MESSAGES }, context),
    // It asks for nothing.
    store: { run: () => [], close: () => {} },
    clock: createRealClock(),
    onEvent: (event: ClaimEvent) => settle?.resolve(event),
    onBroken: (error) => settle?.reject(new BrokenClientError(error)),
  });
  try {
    driver.command({ type: "claim", endpoint: relay.endpoint, relayId: relay.id, lookup });
    const event = await told;
    if (event.type === "claimed") return event;
    throw claimError(event, relay.endpoint);
  } finally {
    await driver.close();
  }
}

function claimError({ why, code, retryAfterMs }: Extract<ClaimEvent, { type: "failed" }>, endpoint: string): Error {
  if (why !== "rejected") {
    return new NotConnectedError(`The relay at ${endpoint} could not be asked: ${FAILURES[why]}.`);
  }
  if (retryAfterMs === null) {
    return new InvalidInviteError(
      `The relay has no invite for this code (${describeRefusal(code)}): check the first half of the code, or have a new one made.`,
    );
  }
  const seconds = Math.max(1, Math.ceil(retryAfterMs / 1000));
  return new RefusedError(
    `The relay refused: ${describeRefusal(code)}; try again in ${seconds} s.`,
    code,
    retryAfterMs,
  );
}
