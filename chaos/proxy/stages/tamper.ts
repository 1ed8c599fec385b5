/**
 * `tamper` (ours): a malicious middle that knows where messages of our transport begin and end, and not what is in
 * them. It leaves the first `skip` messages alone, counted from when the toxic met the connection, and then, with each:
 *
 * - `flip`: one bit of its body is another.
 * - `truncate`: it lacks 1 or more of its last bytes, and its header says so.
 * - `duplicate`: it comes twice.
 * - `reorder`: it changes places with the next one, if that comes within a second.
 * - `replay`: an earlier one, from when the toxic was there, comes again behind it.
 * - `inject`: one of random bytes and of its length comes before it.
 *
 * Bytes that are no such messages pass, and the toxic does not count as having acted.
 */
import { MessageReader } from "../message-reader.ts";
import { MESSAGE_HEADER_BYTES } from "../framing-track.ts";
import type { EndKind, Stage, StageContext } from "../stage.ts";
import { numberOf } from "../stage.ts";

export const TAMPER_WAYS = ["flip", "truncate", "duplicate", "reorder", "replay", "inject"] as const;

const REORDER_WITHIN_MS = 1000;

export class TamperStage implements Stage {
  readonly heldBytesMax = 1;
  readonly heldBytes = 0;
  readonly #context: StageContext;
  readonly #reader: MessageReader;
  #messages = 0;
  /** `replay`: the first that came; `reorder`: the one that waits for the next. */
  #kept: Uint8Array | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(context: StageContext) {
    this.#context = context;
    this.#reader = new MessageReader(context.framing, {
      raw: (bytes) => context.outlet.chunk(bytes),
      message: (message) => this.#message(message),
    });
  }

  chunk(bytes: Uint8Array): void {
    this.#reader.take(bytes);
  }

  end(kind: EndKind): void {
    this.#letGo();
    this.#reader.flush();
    this.#context.outlet.end(kind);
  }

  update(): void {
    this.#letGo();
    this.#kept = undefined;
  }

  release(): void {
    this.#letGo();
    this.#reader.flush();
  }

  dispose(): void {
    clearTimeout(this.#timer);
  }

  #message(message: Uint8Array): void {
    const how = this.#context.attributes["how"];
    const isFree = this.#messages++ < numberOf(this.#context, "skip");
    if (how === "replay" && this.#kept === undefined) {
      this.#kept = message;
      return this.#send(message);
    }
    if (isFree) return this.#send(message);
    switch (how) {
      case "flip":
        return this.#sendTampered(flipped(message, this.#context));
      case "truncate":
        return this.#sendTampered(truncated(message, this.#context));
      case "duplicate":
        this.#send(message);
        return this.#sendTampered(message);
      case "reorder":
        return this.#reorder(message);
      case "replay":
        this.#send(message);
        return this.#sendTampered(this.#kept!);
      case "inject":
        this.#sendTampered(madeUp(message, this.#context));
        return this.#send(message);
      default:
        return this.#send(message);
    }
  }

  #reorder(message: Uint8Array): void {
    const earlier = this.#kept;
    if (earlier === undefined) {
      this.#kept = message;
      this.#timer = setTimeout(() => this.#letGo(), REORDER_WITHIN_MS);
      return;
    }
    clearTimeout(this.#timer);
    this.#kept = undefined;
    this.#sendTampered(message);
    this.#send(earlier);
  }

  /** The message that waits for the next one goes without it. */
  #letGo(): void {
    clearTimeout(this.#timer);
    if (this.#context.attributes["how"] !== "reorder" || this.#kept === undefined) return;
    const message = this.#kept;
    this.#kept = undefined;
    this.#send(message);
  }

  #send(message: Uint8Array): void {
    this.#context.outlet.chunk(message);
  }

  #sendTampered(message: Uint8Array): void {
    this.#context.acted(message.length);
    this.#send(message);
  }
}

function flipped(message: Uint8Array, { draw }: StageContext): Uint8Array {
  const copy = message.slice();
  const bit = draw.between("flip", 0, 8 * (copy.length - MESSAGE_HEADER_BYTES) - 1);
  const at = MESSAGE_HEADER_BYTES + (bit >>> 3);
  copy[at] = copy[at]! ^ (1 << (bit & 7));
  return copy;
}

function truncated(message: Uint8Array, { draw }: StageContext): Uint8Array {
  const bodyBytes = message.length - MESSAGE_HEADER_BYTES;
  const leftBytes = bodyBytes - draw.between("truncate", 1, bodyBytes - 1);
  return withHeader(message.subarray(MESSAGE_HEADER_BYTES, MESSAGE_HEADER_BYTES + leftBytes));
}

function madeUp(like: Uint8Array, { draw }: StageContext): Uint8Array {
  const body = new Uint8Array(like.length - MESSAGE_HEADER_BYTES);
  for (let i = 0; i < body.length; i++) body[i] = draw.between("inject", 0, 255);
  return withHeader(body);
}

function withHeader(body: Uint8Array): Uint8Array {
  const message = new Uint8Array(MESSAGE_HEADER_BYTES + body.length);
  message[0] = body.length >>> 8;
  message[1] = body.length & 0xff;
  message.set(body, MESSAGE_HEADER_BYTES);
  return message;
}
