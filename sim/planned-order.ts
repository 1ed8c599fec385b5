/** The order that a plan says: what a failing exploration has left, replayed pick by pick. */
import type { Order } from "../scenarios/plan.ts";
import type { Guide } from "./kernel/order-queue.ts";
import type { Lane } from "./kernel/scheduler.ts";

export class PlannedOrder implements Guide {
  readonly #order: Order;
  #asked = 0;

  constructor(order: Order) {
    this.#order = order;
  }

  /** A pick of more than there are means the last one: a shrinker takes steps out and keeps the picks. */
  pick(enabled: readonly Lane[]): number {
    const pick = this.#order.picks[this.#asked++] ?? 0;
    return Math.min(pick, enabled.length - 1);
  }
}
