/**
 * What the application asks before the store has told the machine where it stands. Kept in order and done when it has;
 * pushes among them are held to the queue's bounds already, so that an application that does not wait fills no memory.
 * Whether there is room beside what the store has is asked again then.
 */
import { BODY_BYTES_MAX, sealedBytes } from "../blob/seal.ts";
import type { ClientConfig } from "./config.ts";
import type { ClientCommand } from "./events.ts";
import { type QueueFull, QueueMeter } from "./queue-meter.ts";

export class EarlyCommands {
  #commands: ClientCommand[] = [];
  #meter: QueueMeter;
  readonly #config: ClientConfig;

  constructor(config: ClientConfig) {
    this.#config = config;
    this.#meter = new QueueMeter(config);
  }

  get size(): number {
    return this.#commands.length;
  }

  /** What there is no room for is not kept. */
  add(command: ClientCommand): { readonly ref: number; readonly full: QueueFull } | undefined {
    if (command.type === "push") {
      // A body that is too large is refused for that, later.
      const bytes = Math.min(command.body.length, BODY_BYTES_MAX);
      const full = this.#meter.refusal(sealedBytes(bytes, 0));
      if (full !== undefined) return { ref: command.ref, full };
      this.#meter.add(sealedBytes(bytes, 0));
    }
    this.#commands.push(command);
    return undefined;
  }

  /** All of them, in order; none is left. */
  takeAll(): readonly ClientCommand[] {
    const commands = this.#commands;
    this.#commands = [];
    this.#meter = new QueueMeter(this.#config);
    return commands;
  }
}
