import { expect, test } from "vitest";
import { SenderChains } from "./sender-chains.ts";

const ALICE = new Uint8Array(32).fill(1);
const BOB = new Uint8Array(32).fill(2);
const LOG = {};

/** A hash that only number and variant decide. */
function hash(number: number, variant = 0): Uint8Array {
  return new Uint8Array(32).fill(number).fill(variant, 7, 8);
}

/** The sender's blob `number`, after `number - 1`. */
function see(
  chains: SenderChains,
  number: number,
  more: { variant?: number; after?: number; at?: number; log?: object } = {},
) {
  const { variant = 0, after = 0, at = number, log = LOG } = more;
  return chains.see(ALICE, number, hash(number, variant), hash(number - 1, after), { log, cursor: at });
}

test("blobs in order, out of order, with numbers missing and by another relay accuse nobody", () => {
  const chains = new SenderChains();
  const told = [see(chains, 1), see(chains, 4), see(chains, 3), see(chains, 6), see(chains, 4, { log: {}, at: 9 })];
  // The same page twice: it could not be committed the first time.
  expect([...told, see(chains, 6)]).toEqual(told.map(() => undefined).concat(undefined));
});

test("one blob at two cursors of one log is a replay, of two logs none", () => {
  const chains = new SenderChains();
  see(chains, 1);
  expect(see(chains, 1, { at: 2, log: {} })).toBeUndefined();
  expect(see(chains, 1, { at: 2 })).toBe("replayed");
});

test("two blobs with one number, and another predecessor than the one that is here, are a clone's", () => {
  const chains = new SenderChains();
  see(chains, 1);
  expect(see(chains, 1, { variant: 9, at: 2 })).toBe("cloned");
  expect(see(chains, 2, { after: 9 })).toBe("cloned");
  see(chains, 5);
  // It comes later, and is not the one that number 5 was sealed after.
  expect(see(chains, 4, { variant: 9, at: 6 })).toBe("cloned");
});

test("senders have nothing to do with one another", () => {
  const chains = new SenderChains();
  see(chains, 1);
  expect(chains.see(BOB, 1, hash(1, 5), hash(0), { log: LOG, cursor: 2 })).toBeUndefined();
});

test("what is long past is not compared any more", () => {
  const chains = new SenderChains();
  for (let number = 1; number <= 70; number++) see(chains, number);
  expect(see(chains, 3, { variant: 9 })).toBeUndefined();
  expect(see(chains, 69, { variant: 9 })).toBe("cloned");
});
