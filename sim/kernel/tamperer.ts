/**
 * A malicious middle on one flow: it sees whole messages, by the length that stands before each of them, and lays hands on
 * one of each connection. It knows nothing of what they mean. What the flow carries goes through `feed` from the first
 * byte on, so that it knows where a message ends when a toxic comes; without one, everything passes as it is cut.
 */
import type { Cause } from "./choices.ts";
import type { ActiveToxic, LinkStream } from "./link.ts";

/** How messages are told apart: so many bytes of big-endian length before each. */
export interface Framing {
  readonly lengthBytes: number;
}

/** What one toxic has seen of this connection. */
interface Hand {
  /** Messages that it let pass. */
  seen: number;
  isDone: boolean;
  /** `reorder`: waits for the next one. */
  held: Uint8Array | undefined;
}

const INJECTED_BYTES_MAX = 96;

export class Tamperer {
  private readonly framing: Framing;
  private readonly stream: LinkStream;
  /** The message that is coming in: its header as far as it is here, and how much of its body is missing. */
  private length = 0;
  private headerFilled = 0;
  private bodyLeft = 0;
  /** The message began while a toxic was there: it is kept until it is whole. */
  private kept: Uint8Array[] | undefined;
  private readonly hands = new Map<ActiveToxic, Hand>();

  constructor(framing: Framing, stream: LinkStream) {
    this.framing = framing;
    this.stream = stream;
  }

  /** What goes on after these bytes came: perhaps nothing yet, perhaps more. */
  feed(bytes: Uint8Array, cause: Cause): Uint8Array {
    const toxics = this.stream.gates.filter(({ spec }) => spec.type === "tamper");
    if (toxics.length === 0 && this.kept === undefined && this.hands.size === 0) {
      for (let at = 0; at < bytes.length;) at = this.step(bytes, at);
      return bytes;
    }
    const out: Uint8Array[] = [];
    for (let at = 0; at < bytes.length;) {
      if (this.isAtBorder && toxics.length > 0) this.kept = [];
      const from = at;
      at = this.step(bytes, at);
      (this.kept ?? out).push(bytes.subarray(from, at));
      if (!this.isAtBorder || this.kept === undefined) continue;
      let messages = [joined(this.kept)];
      this.kept = undefined;
      for (const toxic of toxics) messages = messages.flatMap((message) => this.touch(toxic, message, cause));
      out.push(...messages);
    }
    return joined(out);
  }

  /** Whatever is kept or held, as it is: the toxic is gone, or the stream ends. */
  release(toxic?: ActiveToxic): Uint8Array {
    const out: Uint8Array[] = [];
    for (const [owner, hand] of this.hands) {
      if (toxic !== undefined && owner !== toxic) continue;
      if (hand.held !== undefined) out.push(hand.held);
      this.hands.delete(owner);
    }
    if (toxic === undefined && this.kept !== undefined) out.push(...this.kept.splice(0));
    return joined(out);
  }

  private get isAtBorder(): boolean {
    return this.headerFilled === 0;
  }

  /** Goes on to the end of the header, of the message, or of the bytes. */
  private step(bytes: Uint8Array, at: number): number {
    const { lengthBytes } = this.framing;
    let next = at;
    while (this.headerFilled < lengthBytes && next < bytes.length) {
      this.length = this.length * 256 + bytes[next++]!;
      this.headerFilled += 1;
      if (this.headerFilled === lengthBytes) this.bodyLeft = this.length;
    }
    if (this.headerFilled < lengthBytes) return next;
    const taken = Math.min(this.bodyLeft, bytes.length - next);
    this.bodyLeft -= taken;
    if (this.bodyLeft === 0) this.headerFilled = this.length = 0;
    return next + taken;
  }

  private touch(toxic: ActiveToxic, message: Uint8Array, cause: Cause): Uint8Array[] {
    const { spec } = toxic;
    if (spec.type !== "tamper") return [message];
    let hand = this.hands.get(toxic);
    if (hand === undefined) this.hands.set(toxic, (hand = { seen: 0, isDone: false, held: undefined }));
    if (hand.held !== undefined) {
      const { held } = hand;
      hand.held = undefined;
      return [message, held];
    }
    const remembered = toxic.remembered;
    toxic.remembered ??= message;
    if (hand.isDone || hand.seen++ < spec.skip) return [message];
    if (spec.how === "replay" && remembered === undefined) return [message];
    hand.isDone = true;
    toxic.touch();
    const { lengthBytes } = this.framing;
    const { choices, tamperLabel } = this.stream.network;
    const body = message.length - lengthBytes;
    switch (spec.how) {
      case "flip": {
        const flipped = message.slice();
        if (body > 0)
          flipped[lengthBytes + choices.choose(tamperLabel, cause, body)]! ^=
            1 << choices.choose(tamperLabel, cause, 8);
        return [flipped];
      }
      case "truncate": {
        const left = body - 1 - choices.choose(tamperLabel, cause, Math.max(1, body - 1));
        return [this.framed(message.subarray(lengthBytes, lengthBytes + Math.max(0, left)))];
      }
      case "duplicate":
        return [message, message];
      case "replay":
        return [message, remembered!];
      case "reorder":
        hand.held = message;
        return [];
      case "inject": {
        const made = new Uint8Array(1 + choices.choose(tamperLabel, cause, INJECTED_BYTES_MAX));
        for (let i = 0; i < made.length; i++) made[i] = choices.choose(tamperLabel, cause, 256);
        return [this.framed(made), message];
      }
    }
  }

  private framed(body: Uint8Array): Uint8Array {
    const { lengthBytes } = this.framing;
    const out = new Uint8Array(lengthBytes + body.length);
    let rest = body.length;
    for (let i = lengthBytes - 1; i >= 0; i--) {
      out[i] = rest & 0xff;
      rest = Math.floor(rest / 256);
    }
    out.set(body, lengthBytes);
    return out;
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
