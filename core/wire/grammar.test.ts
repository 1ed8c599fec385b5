import { encode } from "@msgpack/msgpack";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concatBytes, parseHex } from "../bytes.ts";
import { TEXT_BYTES_MAX, WIRE_ELEMENTS_MAX } from "../limits.ts";
import { checkGrammar } from "./grammar.ts";

function check(hex: string): ReturnType<typeof checkGrammar> {
  return checkGrammar(parseHex(hex.replaceAll(" ", ""))!);
}

/** Values of the subset, at most three arrays deep. */
const scalar = fc.oneof(
  fc.maxSafeNat(),
  fc.nat(300),
  fc.uint8Array({ maxLength: 300 }),
  fc.string({ unit: "binary", maxLength: 60 }).filter((text) => !text.startsWith("\uFEFF")),
  fc.constantFrom(null, true, false),
);
const row = fc.array(scalar, { maxLength: 20 });
const rows = fc.array(fc.oneof(scalar, row), { maxLength: 20 });
const value = fc.oneof(scalar, row, rows, fc.array(fc.oneof(scalar, rows), { maxLength: 20 }));

describe("the grammar", () => {
  it("admits whatever the library writes of the subset", () => {
    fc.assert(
      fc.property(value, (any) => {
        expect(checkGrammar(encode(any))).toBeUndefined();
      }),
    );
  });

  it("refuses every truncation and every trailing byte", () => {
    fc.assert(
      fc.property(value, (any) => {
        const bytes = encode(any);
        for (let length = 0; length < bytes.length; length++) {
          expect(checkGrammar(bytes.subarray(0, length))).toEqual({ type: "Truncated", at: length });
        }
        const longer = concatBytes(bytes, Uint8Array.of(0xc0));
        expect(checkGrammar(longer)).toEqual({ type: "TrailingBytes", at: bytes.length });
      }),
    );
  });

  it.each([
    ["float 32", "ca 3f800000"],
    ["float 64", "cb 3ff0000000000000"],
    ["empty map", "80"],
    ["map 16", "de 0000"],
    ["map 32", "df 00000000"],
    ["ext 8", "c7 00 01"],
    ["ext 16", "c8 0000 01"],
    ["ext 32", "c9 00000000 01"],
    ["fixext 1", "d4 01 00"],
    ["timestamp", "d6 ff 00000000"],
    ["fixext 16", `d8 01 ${"00".repeat(16)}`],
    ["negative fixint", "ff"],
    ["int 8 of a positive number", "d0 01"],
    ["int 64", "d3 0000000000000001"],
    ["the byte that is never used", "c1"],
  ])("refuses the form: %s", (_form, hex) => {
    const head = Number.parseInt(hex.slice(0, 2), 16);
    expect(check(hex)).toEqual({ type: "FormRefused", at: 0, head });
    expect(check(`9200 ${hex}`)).toEqual({ type: "FormRefused", at: 2, head });
  });

  it.each([
    ["7f as u8", "cc 7f"],
    ["u8 as u16", "cd 00ff"],
    ["u16 as u32", "ce 0000ffff"],
    ["u32 as u64", "cf 00000000ffffffff"],
    ["bin 8 as bin 16", "c5 0001 00"],
    ["bin 16 as bin 32", "c6 00000001 00"],
    ["fixstr as str 8", "d9 01 61"],
    ["str 8 as str 16", "da 0001 61"],
    ["str 16 as str 32", "db 00000001 61"],
    ["fixarray as array 16", "dc 0001 00"],
    ["array 16 as array 32", "dd 00000001 00"],
  ])("refuses what is not minimal: %s", (_form, hex) => {
    expect(check(hex)).toEqual({ type: "NotMinimal", at: 0 });
  });

  it("ends integers at 2^53 − 1", () => {
    expect(check("cf 001fffffffffffff")).toBeUndefined();
    expect(check("cf 0020000000000000")).toEqual({ type: "IntegerTooLarge", at: 0 });
    expect(check("cf 0020000000000001")).toEqual({ type: "IntegerTooLarge", at: 0 });
    expect(check("cf ffffffffffffffff")).toEqual({ type: "IntegerTooLarge", at: 0 });
  });

  it("allows three arrays inside one another and no fourth", () => {
    expect(check("91 91 90")).toBeUndefined();
    expect(check("91 91 91 00")).toBeUndefined();
    expect(check("91 91 91 90")).toEqual({ type: "TooDeep", at: 3 });
    // Closing arrays gives their depth back, and the array around goes on where it was.
    expect(check("93 91 92 00 01 92 90 00 00")).toBeUndefined();
    expect(check("93 91 92 00 01 92 90 00")).toEqual({ type: "Truncated", at: 8 });
  });

  it("counts elements at the header, before one of them is there", () => {
    const most = new Uint8Array(3 + WIRE_ELEMENTS_MAX - 1);
    most.set([0xdc, (WIRE_ELEMENTS_MAX - 1) >> 8, (WIRE_ELEMENTS_MAX - 1) & 0xff]);
    expect(checkGrammar(most)).toBeUndefined();
    expect(check("dc 4000")).toEqual({ type: "TooManyElements", at: 0 });
    expect(check("dd ffffffff")).toEqual({ type: "TooManyElements", at: 0 });
    const two = concatBytes(Uint8Array.of(0x92, 0xdc, 0x20, 0), new Uint8Array(0x2000), Uint8Array.of(0xdc, 0x20, 0));
    expect(checkGrammar(two)).toEqual({ type: "TooManyElements", at: 4 + 0x2000 });
  });

  it("refuses a bomb of nested array headers at its first header", () => {
    const bomb = new Uint8Array(1024 * 1024);
    for (let at = 0; at + 3 <= bomb.length; at += 3) bomb.set([0xdc, 0xff, 0xff], at);
    expect(checkGrammar(bomb)).toEqual({ type: "TooManyElements", at: 0 });
  });

  it("skips a bin of any size and refuses one that claims more than there is", () => {
    const large = new Uint8Array(5 + 1_000_000);
    large.set([0xc6, 0x00, 0x0f, 0x42, 0x40]);
    expect(checkGrammar(large)).toBeUndefined();
    expect(check("c6 ffffffff 00")).toEqual({ type: "Truncated", at: 6 });
  });

  it("bounds texts", () => {
    const longest = encode("a".repeat(TEXT_BYTES_MAX));
    expect(checkGrammar(longest)).toBeUndefined();
    expect(checkGrammar(encode("a".repeat(TEXT_BYTES_MAX + 1)))).toEqual({ type: "TextTooLong", at: 0 });
    expect(check("db ffffffff")).toEqual({ type: "TextTooLong", at: 0 });
  });

  it.each([
    ["a lone continuation byte", "a1 80"],
    ["an overlong slash", "a2 c0af"],
    ["an overlong form of three bytes", "a3 e08080"],
    ["a surrogate", "a3 eda080"],
    ["an overlong form of four bytes", "a4 f0808080"],
    ["more than U+10FFFF", "a4 f4908080"],
    ["a lead byte that is none", "a1 f8"],
    ["a character cut short", "a2 e282"],
    ["a character cut short by another", "a3 e28241"],
    ["a byte order mark, which a decoder would drop", "a4 efbbbf61"],
  ])("refuses as text %s", (_what, hex) => {
    expect(check(hex)).toEqual({ type: "TextMalformed", at: 0 });
  });

  it("knows UTF-8 as the host's decoder does", () => {
    const strict = new TextDecoder("utf-8", { fatal: true });
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(0x41, 0x80, 0x9f, 0xa0, 0xbf, 0xc2, 0xe0, 0xe2, 0xed, 0xf0, 0xf4), { maxLength: 6 }),
        (body) => {
          let isValid = true;
          try {
            strict.decode(Uint8Array.from(body));
          } catch {
            isValid = false;
          }
          expect(checkGrammar(Uint8Array.of(0xa0 + body.length, ...body)) === undefined).toBe(isValid);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it("never throws, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const before = bytes.slice();
        checkGrammar(bytes);
        expect(bytes).toEqual(before);
      }),
      { numRuns: 2000 },
    );
  });
});
