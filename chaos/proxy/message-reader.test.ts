import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FramingTrack } from "./framing-track.ts";
import { MessageReader } from "./message-reader.ts";

/** A message of our transport with this body. */
function message(body: Uint8Array): Uint8Array {
  return Uint8Array.of(body.length >>> 8, body.length & 0xff, ...body);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** The stream in pieces that end at these places. */
function cutAt(stream: Uint8Array, places: readonly number[]): Uint8Array[] {
  const ends = [...new Set([...places.map((place) => place % (stream.length + 1)), stream.length])];
  ends.sort((a, b) => a - b);
  return ends.map((end, i) => stream.subarray(i === 0 ? 0 : ends[i - 1], end)).filter((piece) => piece.length > 0);
}

const bodies = fc.array(fc.uint8Array({ minLength: 16, maxLength: 600 }), { minLength: 1, maxLength: 6 });

describe("a reader of messages", () => {
  it("gives the same messages however the stream is cut, from the next one on wherever it begins", () => {
    fc.assert(
      fc.property(bodies, fc.array(fc.nat(4000)), fc.nat(4000), (list, places, from) => {
        const messages = list.map(message);
        const stream = joined(messages);
        const begin = from % (stream.length + 1);
        const track = new FramingTrack();
        track.skip(stream.subarray(0, begin));
        const raw: Uint8Array[] = [];
        const whole: Uint8Array[] = [];
        const reader = new MessageReader(track, {
          raw: (bytes) => raw.push(bytes.slice()),
          message: (bytes) => whole.push(bytes.slice()),
        });
        for (const piece of cutAt(stream.subarray(begin), places)) reader.take(piece);
        reader.flush();
        let start = 0;
        const expected = messages.filter((each) => (start += each.length) - each.length >= begin);
        expect(whole).toEqual(expected);
        // What is no whole message comes before the first of them.
        expect(joined([...raw, ...whole])).toEqual(stream.subarray(begin));
      }),
    );
  });

  it("leaves a stream alone that is not ours, from the length that gives it away", () => {
    const ours = message(new Uint8Array(20).fill(7));
    const stream = joined([ours, Uint8Array.of(0, 3, 1, 2, 3), ours]);
    const raw: Uint8Array[] = [];
    const whole: Uint8Array[] = [];
    const reader = new MessageReader(new FramingTrack(), {
      raw: (bytes) => raw.push(bytes.slice()),
      message: (bytes) => whole.push(bytes.slice()),
    });
    for (const byte of stream) reader.take(Uint8Array.of(byte));
    reader.flush();
    expect(whole).toEqual([ours]);
    expect(joined(raw)).toEqual(stream.subarray(ours.length));
  });
});

describe("the track of a stream's framing", () => {
  it("stands at the same place however the stream is cut", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.array(fc.nat(400)), (stream, places) => {
        const atOnce = new FramingTrack();
        atOnce.skip(stream);
        const inPieces = new FramingTrack();
        for (const piece of cutAt(stream, places)) inPieces.skip(piece);
        expect(inPieces).toEqual(atOnce);
      }),
    );
  });
});
