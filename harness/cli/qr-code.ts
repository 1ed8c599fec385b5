/**
 * A QR code as text: two modules to a character, dark on light whatever the colours of the terminal are. Without colours
 * the light modules are drawn, for terminals are mostly dark; readers take either.
 */
import { encode } from "uqr";

const QUIET_MODULES = 2;
const BLACK_ON_WHITE = "\u001b[30;107m";
const RESET = "\u001b[0m";
/** By whether the upper and the lower module are drawn. */
const BLOCKS = [" ", "▄", "▀", "█"] as const;

export interface QrCode {
  readonly columns: number;
  readonly text: string;
}

/** Undefined when the text is too long for any QR code. */
export function renderQrCode(text: string, hasColor: boolean): QrCode | undefined {
  const modules = encodeModules(text);
  if (modules === undefined) return undefined;
  const size = modules.length;
  const isDrawn = (row: number, column: number) => row < size && (modules[row]![column] === true) === hasColor;
  let lines = "";
  for (let row = 0; row < size; row += 2) {
    let line = "";
    for (let column = 0; column < size; column++) {
      line += BLOCKS[(isDrawn(row, column) ? 2 : 0) + (isDrawn(row + 1, column) ? 1 : 0)]!;
    }
    lines += hasColor ? `${BLACK_ON_WHITE}${line}${RESET}\n` : `${line}\n`;
  }
  return { columns: size, text: lines };
}

function encodeModules(text: string): boolean[][] | undefined {
  try {
    return encode(text, { ecc: "L", border: QUIET_MODULES }).data;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
