import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { printableText } from "../printable-text.ts";
import { encodeItem, parseItem, plainName } from "./item.ts";

const bytes = (...values: number[]) => Uint8Array.from(values);

describe("an item", () => {
  it("is its own UTF-8 when it is text", () => {
    expect(encodeItem({ type: "text", text: "grüße" })).toEqual(new TextEncoder().encode("grüße"));
    expect(parseItem(new TextEncoder().encode("grüße"))).toEqual({ type: "text", text: "grüße" });
    expect(parseItem(bytes())).toEqual({ type: "text", text: "" });
  });

  it("keeps a file's name and bytes", () => {
    const body = encodeItem({ type: "file", name: "a b.txt", bytes: bytes(0, 255, 7) });
    expect([...body.subarray(0, 3)]).toEqual([0xc1, 1, 7]);
    expect(parseItem(body)).toEqual({ type: "file", name: "a b.txt", bytes: Buffer.from([0, 255, 7]) });
  });

  it("comes back as it went, whatever it is", () => {
    const item = fc.oneof(
      fc.record({ type: fc.constant("text" as const), text: fc.string({ unit: "grapheme" }) }),
      fc.record({
        type: fc.constant("file" as const),
        name: fc.stringMatching(/^[a-z][a-z0-9 .äß-]{0,60}[a-z]$/),
        bytes: fc.uint8Array({ maxLength: 300 }).map((some) => Buffer.from(some)),
      }),
    );
    fc.assert(fc.property(item, (one) => void expect(parseItem(encodeItem(one))).toEqual(one)));
  });

  it("takes any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.boolean(), (some, isMarked) => {
        const body = isMarked ? Buffer.concat([bytes(0xc1, 1), some]) : some;
        const item = parseItem(body);
        if (item.type === "bytes") expect(item.bytes).toBe(body);
        if (item.type === "file") expect(item.bytes.length).toBeLessThan(body.length);
      }),
    );
    expect(parseItem(bytes(0xc1, 2, 0)).type).toBe("bytes");
    expect(parseItem(bytes(0xc1, 1, 5, 97)).type).toBe("bytes");
    expect(parseItem(bytes(0xc1)).type).toBe("bytes");
  });
});

describe("a file's name", () => {
  it.each([
    ["/etc/passwd", "passwd"],
    ["..\\..\\evil.exe", "evil.exe"],
    ["..", "unnamed"],
    ["", "unnamed"],
    ["a/", "unnamed"],
    ["x\u001b[31m\ny", "x_[31m_y"],
    ["trailing. ", "trailing"],
    ["a:b", "a_b"],
  ])("%j becomes %j", (path, name) => expect(plainName(path)).toBe(name));

  it("never has more bytes than its length can say", () => {
    expect(new TextEncoder().encode(plainName("ä".repeat(400))).length).toBe(254);
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 400 }), (path) => {
        const name = plainName(path);
        expect(name).not.toMatch(/[/\\]/);
        expect(name.length).toBeGreaterThan(0);
        expect(plainName(name)).toBe(name);
      }),
    );
  });
});

it("shows what would command the terminal", () => {
  expect(printableText("a\u001b[2Jb\tc\nd\r\n")).toBe("a\\u001b[2Jb\tc\nd\n");
});
