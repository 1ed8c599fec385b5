/**
 * When the ttl of a blob can be over at the earliest: from its push, with the ttl that the application named, or its
 * device's default, or the relay's, less what the plan's clock faults can take from it. Until then it is owed.
 */
import type { Plan } from "../plan.ts";
import type { Placed, PushRow } from "./history-rows.ts";
import type { PlanFaults } from "./plan-faults.ts";

export class BlobExpiry {
  readonly #deviceTtlS: ReadonlyMap<string, number>;
  readonly #relayTtlS: ReadonlyMap<string, number>;
  readonly #clockSlackMs: number;

  constructor(plan: Plan, faults: PlanFaults) {
    this.#deviceTtlS = new Map(plan.topology.devices.map((device) => [device.name, device.config.ttlS]));
    this.#relayTtlS = new Map(plan.topology.relays.map((relay) => [relay.name, relay.config.defaultTtlS]));
    let slackMs = 0;
    for (const fault of faults.all) if (fault.do === "clock") slackMs += Math.abs(fault.byMs);
    this.#clockSlackMs = slackMs;
  }

  /** Of the blob at this place, with the push behind it, if that is known. */
  atMs(place: Placed, pushed: PushRow | undefined): number {
    const push = pushed?.invoke;
    const pusher = push?.device ?? place.device;
    const ttlS = push?.ttlS || this.#deviceTtlS.get(pusher) || this.#relayTtlS.get(place.relay) || 0;
    return (push?.at ?? place.at) + 1000 * ttlS - this.#clockSlackMs;
  }
}
