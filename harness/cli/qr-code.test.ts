import { encode } from "uqr";
import { expect, it } from "vitest";
import { renderQrCode } from "./qr-code.ts";

const DARK_ABOVE = "▀█";
const DARK_BELOW = "▄█";

/** The modules that a reader would see, from the characters: two rows to a line. */
function modulesOf(text: string, isDrawnDark: boolean): boolean[][] {
  const plain = text.replaceAll("\u001b[30;107m", "").replaceAll("\u001b[0m", "");
  const lines = plain.replace(/\n$/, "").split("\n");
  return lines.flatMap((line) =>
    [DARK_ABOVE, DARK_BELOW].map((drawn) => Array.from(line, (block) => drawn.includes(block) === isDrawnDark)),
  );
}

it.each([true, false])("shows every module of the code, with a border of light (colours: %s)", (hasColor) => {
  const payload = `0k4:${"aZ09-_".repeat(50)}`;
  const { data, size } = encode(payload, { ecc: "L", border: 2 });
  const qr = renderQrCode(payload, hasColor)!;
  expect(qr.columns).toBe(size);
  expect(modulesOf(qr.text, hasColor).slice(0, size)).toEqual(data.map((row) => [...row]));
  expect(data[0]!.some(Boolean)).toBe(false);
});

it("says that a text is too long for any code", () => {
  expect(renderQrCode("x".repeat(2953), false)).toBeDefined();
  expect(renderQrCode("x".repeat(2954), false)).toBeUndefined();
});
