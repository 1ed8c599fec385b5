import fc from "fast-check";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { encodeHex } from "../bytes.ts";
import { portableSuite } from "../crypto/portable.ts";
import type { Entropy } from "../machine.ts";
import { Redacted } from "../redacted.ts";
import { encodeShortCodeV1 } from "../wire/v1/short-code.ts";
import {
  argonPasswordOf,
  argonSaltOf,
  createShortCode,
  lookupKeyOf,
  parseShortCode,
  renderShortCode,
  type ShortCode,
} from "./short-code.ts";

/** Gives these bytes, once. */
function entropyOf(bytes: Uint8Array): Entropy {
  return { fill: (_label, out) => out.set(bytes.subarray(0, out.length)), below: () => 0 };
}

function codeOf(text: string): ShortCode {
  const parsed = parseShortCode(text);
  if (!parsed.ok) throw new Error(parsed.error.type);
  return parsed.value;
}

function textOf(code: ShortCode): string {
  return renderShortCode(code).expose();
}

const random = fc.uint8Array({ minLength: 16, maxLength: 16 });
const CODE = "0123-4567-89AB-CDEF";

describe("a short code", () => {
  it("comes back from what it is printed as", () => {
    fc.assert(
      fc.property(random, (bytes) => {
        const text = textOf(createShortCode(entropyOf(bytes)));
        expect(text).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$/);
        expect(textOf(codeOf(text))).toBe(text);
      }),
    );
  });

  it("uses all of its 80 bits", () => {
    for (let at = 0; at < 16; at++) {
      const seen = new Set<string>();
      for (let byte = 0; byte < 32; byte++) {
        seen.add(textOf(createShortCode(entropyOf(new Uint8Array(16).with(at, byte)))));
      }
      expect(seen.size).toBe(32);
    }
  });

  it.each([
    "0123456789ABCDEF",
    "0123-4567-89ab-cdef",
    " 0123 4567 89ab cdef\n",
    "01 23–45—67‑89ab_cd.ef",
    "O123-4567-89AB-CDEF",
    "oI23-4567-89ab-cdef",
    "0l23-4567-89ab-cdef",
  ])("is understood when it is typed as %j", (typed) => {
    expect(textOf(codeOf(typed))).toBe(CODE);
  });

  it("takes U, which it has not, for V", () => {
    expect(textOf(codeOf("uuuu-VVVV-vvvv-UUUU"))).toBe("VVVV-VVVV-VVVV-VVVV");
  });

  it.each([
    ["", { type: "WrongLength", characters: 0, charactersWanted: 16 }],
    ["0123-4567-89AB-CDE", { type: "WrongLength", characters: 15, charactersWanted: 16 }],
    ["0123-4567-89AB-CDEF-0", { type: "WrongLength", characters: 17, charactersWanted: 16 }],
    ["-".repeat(129), { type: "WrongLength", characters: 129, charactersWanted: 16 }],
    ["0123-4567-89AB-CD!F", { type: "BadCharacter", at: 15 }],
    ["0123-4567-89AB-CDEß", { type: "BadCharacter", at: 16 }],
    ["😀123-4567-89AB-CDEF", { type: "BadCharacter", at: 1 }],
  ] as const)("%j is refused", (typed, error) => {
    expect(parseShortCode(typed)).toEqual({ ok: false, error });
  });

  it("F-023: is drawn for each invite and not cut from the group's secret; its halves share nothing", () => {
    const secret = new Uint8Array(32).fill(0x42);
    const upstreams = encodeShortCodeV1(new Redacted(secret)).expose();
    fc.assert(
      fc.property(random, (one) => {
        const text = textOf(createShortCode(entropyOf(one)));
        expect(text).not.toBe(upstreams);
        // Every character is the entropy's own.
        const characters = Array.from(one, (byte) => "0123456789ABCDEFGHJKMNPQRSTVWXYZ"[byte % 32]);
        expect(text.replaceAll("-", "")).toBe(characters.join(""));
      }),
      { numRuns: 20 },
    );
    const half = codeOf("0123-4567-ZZZZ-ZZZZ");
    expect(lookupKeyOf(portableSuite, half)).toEqual(lookupKeyOf(portableSuite, codeOf(CODE)));
    expect(argonSaltOf(portableSuite, half)).toEqual(argonSaltOf(portableSuite, codeOf(CODE)));
    expect(argonPasswordOf(half).expose()).not.toEqual(argonPasswordOf(codeOf(CODE)).expose());
  });

  it("tells the relay a hash of one half, and Argon2 another hash of it and the other half", () => {
    const code = codeOf(CODE);
    const lookup = lookupKeyOf(portableSuite, code);
    const salt = argonSaltOf(portableSuite, code);
    expect([lookup.length, salt.length]).toEqual([16, 16]);
    expect(lookup).not.toEqual(salt);
    expect(new TextDecoder().decode(argonPasswordOf(code).expose())).toBe("89ABCDEF");
    const other = codeOf("1123-4567-89AB-CDEF");
    expect(lookupKeyOf(portableSuite, other)).not.toEqual(lookup);
    expect(argonSaltOf(portableSuite, other)).not.toEqual(salt);
    // Fixed for good: the joining device may be of a later version.
    expect(encodeHex(lookup)).toBe("1c316b310f7e47e3150d497cc6a81829");
    expect(encodeHex(salt)).toBe("50e99aef6e6b89d461cbc572caa5179c");
  });

  it("is not printed by accident", () => {
    const shown = inspect(codeOf(CODE)) + JSON.stringify(codeOf(CODE)) + inspect(renderShortCode(codeOf(CODE)));
    expect(shown).not.toMatch(/0123|89AB/);
  });
});
