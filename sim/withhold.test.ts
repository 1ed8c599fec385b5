import { describe, expect, it } from "vitest";
import { writeU32 } from "../core/bytes.ts";
import { MessageCodec } from "../core/wire/codec.ts";
import type { Message } from "../core/wire/messages.ts";
import { messageTypesIn } from "./moments.ts";
import { pongOf, withhold } from "./withhold.ts";

const codec = new MessageCodec();

function frames(...messages: readonly Message[]): Uint8Array {
  const parts = messages.map((message) => codec.encode(message).slice());
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + 4 + part.length, 0));
  let at = 0;
  for (const part of parts) {
    writeU32(bytes, at, part.length);
    bytes.set(part, at + 4);
    at += 4 + part.length;
  }
  return bytes;
}

describe("a Pong of any length", () => {
  it("is one that the codec takes", () => {
    for (let length = 3; length <= 3000; length++) {
      const pong = pongOf(length);
      expect(pong.length).toBe(length);
      const parsed = codec.parse(pong);
      expect(parsed.ok && parsed.value.type, String(length)).toBe("Pong");
    }
  });
});

describe("messages in a plaintext", () => {
  const ack: Message = { type: "Ack", cursor: 7 };
  const notify: Message = { type: "Notify", latest: 300 };

  it("are told by their tags, however many there are", () => {
    expect(messageTypesIn(frames(ack, notify, ack))).toEqual(["Ack", "Notify", "Ack"]);
    expect(messageTypesIn(new Uint8Array(40))).toEqual([]);
  });

  it("are withheld by number, and the others stay as they are", () => {
    const second = { message: "Ack", nth: 2, seen: 0 } as const;
    const wanted = [{ ...second }];
    const bytes = frames(ack, notify, ack, ack);
    expect(withhold(bytes, wanted)).toEqual(wanted);
    expect(messageTypesIn(bytes)).toEqual(["Ack", "Notify", "Pong", "Ack"]);
    expect(withhold(frames(ack), wanted)).toEqual([]);
  });
});
