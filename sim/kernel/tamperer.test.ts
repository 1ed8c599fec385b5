import { describe, expect, it } from "vitest";
import { createPair, received } from "./toy-pair.ts";
import type { TamperHow } from "./toxic.ts";

/** A letter for the length, so that a message can be read: "\u0003abc". */
const framed = (...texts: readonly string[]): string =>
  texts.map((text) => String.fromCharCode(text.length) + text).join("");

/** A pair whose messages are told apart by one byte of length. */
function createTampered() {
  const pair = createPair();
  pair.kernel.network.framing = { lengthBytes: 1 };
  pair.dial();
  pair.until(10);
  return pair;
}

function through(how: TamperHow, skip: number, ...pieces: readonly string[]): string {
  const pair = createTampered();
  pair.link.up.add({ type: "tamper", how, skip });
  for (const piece of pieces) pair.send(piece);
  return received(pair.until(1000).b);
}

describe("a malicious middle", () => {
  const three = framed("one", "two", "three");

  it("touches one message of a connection, the one after those it skips, however the bytes are cut", () => {
    const flipped = framed("one") + "\u0003uwo" + framed("three");
    expect(through("flip", 1, three)).toBe(flipped);
    expect(through("flip", 1, ...three)).toBe(flipped);
    expect(through("flip", 3, three)).toBe(three);
  });

  it.each([
    ["truncate", framed("on", "two", "three")],
    ["duplicate", framed("one", "one", "two", "three")],
    ["reorder", framed("two", "one", "three")],
    ["replay", framed("one", "two", "one", "three")],
    ["inject", framed("\0", "one", "two", "three")],
  ] as const)("%s", (how, expected) => {
    expect(through(how, 0, three)).toBe(expected);
  });

  it("begins at the next message when it comes in the middle of one", () => {
    const pair = createTampered();
    pair.send(three.slice(0, 2));
    pair.until(20);
    const toxic = pair.link.up.add({ type: "tamper", how: "duplicate", skip: 0 });
    pair.send(three.slice(2));
    expect(received(pair.until(1000).b)).toBe(three.slice(2, 4) + framed("two", "two", "three"));
    expect(toxic.effect).toBe(1);
  });

  it("lets go of what it holds when it leaves, and when the stream ends", () => {
    for (const ends of [false, true]) {
      const pair = createTampered();
      const toxic = pair.link.up.add({ type: "tamper", how: "reorder", skip: 0 });
      pair.send(framed("one"));
      expect(received(pair.until(500).b)).toBe("");
      if (ends) pair.close();
      else pair.link.up.remove(toxic);
      expect(received(pair.until(1000).b)).toBe(framed("one"));
    }
  });

  it("replays what it saw on an earlier connection", () => {
    const pair = createTampered();
    pair.link.up.add({ type: "tamper", how: "replay", skip: 0 });
    pair.send(framed("old"));
    pair.until(100);
    pair.dial(3);
    pair.until(200);
    pair.send(framed("new"), pair.a, 3);
    expect(received(pair.until(1000).b)).toBe(framed("new", "old"));
  });

  it("changes nothing of what it only watches", () => {
    const pair = createTampered();
    for (const piece of [three.slice(0, 5), three.slice(5)]) pair.send(piece);
    expect(pair.until(1000).b.length).toBe(2);
  });
});
