/** What makes two sets of texts differ, and what does not. */
import { expect, test } from "vitest";
import { SetDigest } from "./set-digest.ts";

function digestOf(...texts: readonly string[]): string {
  const digest = new SetDigest();
  for (const text of texts) digest.add(text);
  return digest.render();
}

const ids = Array.from({ length: 200 }, (_, i) => i.toString(16).padStart(32, "0"));

test("the order of the texts does not matter", () => {
  expect(digestOf(...ids)).toBe(digestOf(...[...ids].reverse()));
});

test("one text more, one less, one twice or one changed character shows", () => {
  const [first, ...rest] = ids;
  const others = [
    digestOf(...rest),
    digestOf(...ids, first!),
    digestOf(...ids, first!, first!),
    digestOf(...rest, `${first!.slice(0, -1)}f`),
    digestOf(...rest, ""),
  ];
  expect(new Set([digestOf(...ids), ...others]).size).toBe(6);
});

test("no two of many sets of one text are taken for each other", () => {
  expect(new Set(ids.map((id) => digestOf(id))).size).toBe(ids.length);
});

test("characters that change places between texts show", () => {
  expect(digestOf("ab", "cd")).not.toBe(digestOf("ad", "cb"));
  expect(digestOf("abcd")).not.toBe(digestOf("ab", "cd"));
});
