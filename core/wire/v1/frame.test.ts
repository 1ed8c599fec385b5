import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concatBytes } from "../../bytes.ts";
import { FRAME_BYTES_MAX } from "../../limits.ts";
import { encodeFrameV1, FrameReaderV1 } from "./frame.ts";

const TOO_LARGE = {
  ok: false,
  error: { type: "FrameTooLarge", lengthBytes: FRAME_BYTES_MAX + 1, limitBytes: FRAME_BYTES_MAX },
};

describe("frames of version 1", () => {
  it("come whole out of chunks of any size, whatever is behind them", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 20_000 }),
        fc.array(fc.nat(9000), { maxLength: 10 }),
        fc.uint8Array({ maxLength: 9 }),
        (message, cuts, behind) => {
          const frame = encodeFrameV1(message);
          if (!frame.ok) throw new Error("too large");
          const stream = concatBytes(frame.value, behind);
          const reader = new FrameReaderV1();
          let at = 0;
          for (const cut of [...cuts, stream.length]) {
            expect(reader.message === undefined || at >= frame.value.length).toBe(true);
            expect(reader.receive(stream.subarray(at, at + cut)).ok).toBe(true);
            at += cut;
          }
          expect(reader.message).toEqual(message);
        },
      ),
    );
  });

  it("are refused on the header, on reading and on writing", () => {
    expect(new FrameReaderV1().receive(Uint8Array.of(0, 0x10, 0, 1))).toEqual(TOO_LARGE);
    expect(new FrameReaderV1().receive(Uint8Array.of(0, 0x10, 0, 0)).ok).toBe(true);
    expect(encodeFrameV1(new Uint8Array(FRAME_BYTES_MAX + 1))).toEqual(TOO_LARGE);
    expect(encodeFrameV1(new Uint8Array(FRAME_BYTES_MAX)).ok).toBe(true);
  });
});
