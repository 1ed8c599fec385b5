/** Both codecs, and the frames of version 1. */
import { isEqualBytes, readU32 } from "../../core/bytes.ts";
import { FRAME_BYTES_MAX } from "../../core/limits.ts";
import { MessageCodec } from "../../core/wire/codec.ts";
import { encodeMessageV1 } from "../../core/wire/v1/encode-message.ts";
import { encodeFrameV1, FrameReaderV1 } from "../../core/wire/v1/frame.ts";
import { parseEnvelopeV1, parseMessageV1 } from "../../core/wire/v1/parse-message.ts";
import { ENCODED_MESSAGES, ENCODED_MESSAGES_V1 } from "./message-samples.ts";
import type { Target } from "./target.ts";
import { assertLight } from "./weight.ts";

const codec = new MessageCodec();

const codecV2: Target = {
  name: "codec",
  corpus: ENCODED_MESSAGES,
  run(input) {
    const parsed = codec.parse(input);
    assertLight(parsed, input.length);
    if (!parsed.ok) return "refused";
    // What was taken can be said again, and then means the same.
    const again = codec.encode(parsed.value).slice();
    if (!codec.parse(again).ok) throw new Error("a message that was taken is refused when it is written again");
    return "taken";
  },
};

const codecV1: Target = {
  name: "codec-v1",
  corpus: ENCODED_MESSAGES_V1,
  run(input) {
    const parsed = parseMessageV1(input);
    assertLight(parsed, input.length);
    const envelope = parseEnvelopeV1(input);
    assertLight(envelope, input.length);
    if (parsed.ok) {
      const bytes = encodeMessageV1(parsed.value);
      const again = parseMessageV1(bytes);
      if (!again.ok || !isEqualBytes(encodeMessageV1(again.value), bytes)) {
        throw new Error("a message that was taken is another one when it is written again");
      }
    }
    return parsed.ok || envelope.ok ? "taken" : "refused";
  },
};

const framesV1: Target = {
  name: "frame-v1",
  corpus: ENCODED_MESSAGES_V1.map((message) => {
    const frame = encodeFrameV1(message);
    return frame.ok ? frame.value : message;
  }),
  run(input) {
    const reader = new FrameReaderV1();
    const step = 1 + (input.length % 7) * 13;
    for (let at = 0; at < input.length; at += step) {
      if (!reader.receive(input.subarray(at, at + step)).ok) {
        if (readU32(input, 0) <= FRAME_BYTES_MAX) throw new Error("a frame within the bound was refused");
        return "refused";
      }
    }
    const { message } = reader;
    if (message === undefined) return "refused";
    if (message.length > input.length) throw new Error("a frame longer than what came");
    return "taken";
  },
};

export const WIRE_TARGETS: readonly Target[] = [codecV2, codecV1, framesV1];
