/**
 * The relay learns nothing from what it sees: two runs that differ only in plaintexts of equal size give it the same
 * view, byte for byte, ciphertext aside. A checker of two runs: `twinPlan` gives the plan of the second, and
 * `compareRelayViews` compares what the relays of both could read, record by record. Aside is only what is made from
 * ciphertext: payloads behind their nonce, chains, and the signature over a Hello that names chains. A frame that
 * spans Noise messages is compared by its length alone.
 *
 * Called by sweeps for a slice of their seeds; it holds in the simulator, where everything else of two runs is equal.
 */
import { encodeHex, readU32 } from "../../core/bytes.ts";
import { XNONCE_BYTES } from "../../core/crypto/suite.ts";
import type { Position } from "../../core/ids.ts";
import { FRAME_BYTES_MAX } from "../../core/limits.ts";
import { MessageCodec } from "../../core/wire/codec.ts";
import type { Message } from "../../core/wire/messages.ts";
import type { History, RelayViewRecord } from "../history.ts";
import type { Plan } from "../plan.ts";
import type { Finding } from "../verdict.ts";

/** As for any checker: the list of findings stays short. */
const FINDINGS_MAX = 5;
const HEADER_BYTES = 4;
/** A message that begins a frame and does not end it is as long as a message may be, nearly. */
const SPANNING_BYTES_MIN = 60_000;
/** The name of this checker of two runs. */
export const RELAY_VIEW = "relay-view";

/** The same plan with other plaintexts of the same sizes: every operation id is turned into its complement. */
export function twinPlan(plan: Plan): Plan {
  const steps = plan.steps.map((step) => (step.do === "push" ? { ...step, op: complement(step.op) } : step));
  return { ...plan, steps };
}

export function compareRelayViews(first: History, second: History): readonly Finding[] {
  const views = viewsOf(first);
  const others = viewsOf(second);
  const findings: Finding[] = [];
  const comparison = new ViewComparison();
  for (let i = 0; i < Math.min(views.length, others.length) && findings.length < FINDINGS_MAX; i++) {
    const [view, other] = [views[i]!, others[i]!];
    if (comparison.isSame(view, other)) continue;
    findings.push({
      checker: RELAY_VIEW,
      kind: "views-differ",
      message:
        `message ${i} that a relay could read (${view.relay}, ${view.at} ms) differs in more than ciphertext when only ` +
        `the plaintexts of the pushes differ`,
      witness: [view, other],
    });
  }
  if (views.length !== others.length && findings.length === 0) {
    const [longer, shorter] = views.length > others.length ? [views, others] : [others, views];
    findings.push({
      checker: RELAY_VIEW,
      kind: "views-differ",
      message: `relays could read ${views.length} messages in one run and ${others.length} in the other, which differs in plaintexts only`,
      witness: [longer[shorter.length]!],
    });
  }
  return findings;
}

function viewsOf(history: History): readonly RelayViewRecord[] {
  return history.filter((record) => record.type === "relay-view");
}

function complement(hex: string): string {
  return Array.from(hex, (digit) => (15 - Number.parseInt(digit, 16)).toString(16)).join("");
}

/** Two views in step; frames that span messages are followed by their lengths. */
class ViewComparison {
  readonly #codec = new MessageCodec();
  /** Bytes of a begun frame that each relay has still to read. */
  readonly #pending = new Map<string, number>();

  isSame(a: RelayViewRecord, b: RelayViewRecord): boolean {
    if (a.relay !== b.relay || a.bytes.length !== b.bytes.length) return false;
    const frames = framesOf(a.bytes);
    if (frames === undefined && this.#isPart(a)) return true;
    if (a.bytes.every((byte, i) => byte === b.bytes[i])) return true;
    const others = framesOf(b.bytes);
    if (frames === undefined || others === undefined || frames.length !== others.length) return false;
    return frames.every((frame, i) => textOf(this.#codec, frame) === textOf(this.#codec, others[i]!));
  }

  /** Of a frame that spans messages: its first part names a length that goes on, the others are what is owed. */
  #isPart({ relay, bytes }: RelayViewRecord): boolean {
    const pending = this.#pending.get(relay) ?? 0;
    const total = bytes.length < SPANNING_BYTES_MIN ? 0 : HEADER_BYTES + readU32(bytes, 0);
    if (total > bytes.length && total <= HEADER_BYTES + FRAME_BYTES_MAX) {
      this.#pending.set(relay, pending + total - bytes.length);
      return true;
    }
    if (pending < bytes.length) return false;
    this.#pending.set(relay, pending - bytes.length);
    return true;
  }
}

/** Undefined when they are not whole. */
function framesOf(bytes: Uint8Array): readonly Uint8Array[] | undefined {
  const frames: Uint8Array[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (at + HEADER_BYTES > bytes.length) return undefined;
    const end = at + HEADER_BYTES + readU32(bytes, at);
    if (end > bytes.length) return undefined;
    frames.push(bytes.subarray(at + HEADER_BYTES, end));
    at = end;
  }
  return frames;
}

/** The message without what is made from ciphertext; what is no message, as it is. */
function textOf(codec: MessageCodec, frame: Uint8Array): string {
  const parsed = codec.parse(frame);
  if (!parsed.ok) return encodeHex(frame);
  return JSON.stringify(masked(parsed.value), (_name, value: unknown) =>
    value instanceof Uint8Array ? encodeHex(value) : value,
  );
}

function masked(message: Message): unknown {
  const cursorOf = ({ cursor }: Position): number => cursor;
  switch (message.type) {
    case "Hello": {
      const { contiguous, highest } = message;
      return { ...message, signature: null, contiguous: cursorOf(contiguous), highest: cursorOf(highest) };
    }
    case "Push": {
      const { payload } = message;
      return { ...message, payload: [payload.subarray(0, XNONCE_BYTES), payload.length] };
    }
    default:
      return message;
  }
}
