import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { Redacted } from "./redacted.ts";

describe("a redacted value", () => {
  const secret = new Redacted("correct horse");

  it("gives its value to who asks for it", () => {
    expect(secret.expose()).toBe("correct horse");
  });

  it.each([
    ["String()", String(secret)],
    ["a template", `${secret}`],
    ["JSON", JSON.stringify({ secret })],
    ["inspect", inspect({ secret }, { showHidden: true, depth: 9 })],
    ["its keys and fields", JSON.stringify(Object.entries(Object.getOwnPropertyDescriptors(secret)))],
  ])("does not show it in %s", (_way, shown) => {
    expect(shown).not.toContain("correct horse");
    expect(shown).toMatch(/\[REDACTED\]|^\[\]$/);
  });

  it("does not carry it into a clone", () => {
    expect(inspect(structuredClone(secret))).not.toContain("correct horse");
  });
});
