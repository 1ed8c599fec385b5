/**
 * Messages of version 2 to bytes and back. All `MessageCodec`s share one encoder and one decoder of the MessagePack
 * library: their buffers are scratch that nothing is kept in, and making them anew costs a short-lived machine more than
 * all its messages. `parse(encode(m))` gives `m` again, and two different messages never
 * have the same bytes. Bytes from a peer never make it throw; a message of our own that a peer would refuse by the
 * grammar (a fraction, a negative number, a text too long) is an `InvariantViolation` before it is sent.
 *
 * Called by the client and the relay between the machine and its sealed channel.
 */
import { InvariantViolation } from "../invariant.ts";
import { fail, type Result } from "../result.ts";
import { encodeFields } from "./encode-message.ts";
import { checkGrammar, type GrammarError } from "./grammar.ts";
import type { Message } from "./messages.ts";
import { createDecoder, createEncoder } from "./msgpack.ts";
import type { FieldError } from "./fields.ts";
import { parseFields } from "./parse-message.ts";

/** What was wrong with the bytes of a peer. */
export type WireError =
  | GrammarError
  | FieldError
  /** The library refused what the grammar admitted: not known to happen. */
  | { readonly type: "Undecodable" };

/** Overwritten by every message. */
const ENCODER = createEncoder(16 * 1024);
const DECODER = createDecoder();

export class MessageCodec {
  /** A view of the shared buffer, valid until anybody's next `encode` only: seal or copy it at once. */
  encode(message: Message): Uint8Array {
    const bytes = ENCODER.encodeSharedRef(encodeFields(message));
    const refused = checkGrammar(bytes);
    if (refused !== undefined) throw new InvariantViolation(`${message.type} to send: ${refused.type}`);
    return bytes;
  }

  /** Byte fields of the message are views into `bytes`: copy before keeping. */
  parse(bytes: Uint8Array): Result<Message, WireError> {
    const refused = checkGrammar(bytes);
    if (refused !== undefined) return fail(refused);
    let fields: unknown;
    try {
      fields = DECODER.decode(bytes);
    } catch {
      return fail({ type: "Undecodable" });
    }
    return parseFields(fields);
  }
}
