/**
 * 64 bits over texts in any order, each with how often it comes: what two devices delivered is the same exactly when
 * these are, short of a coincidence. Not cryptographic: it tells an honest mistake. Nothing is sorted or joined, since
 * a run ends with one for each of its devices.
 */
import { hexWord } from "../core/bytes.ts";

export class SetDigest {
  #count = 0;
  #a = 0;
  #b = 0;

  add(text: string): void {
    let a = 0x51ed270b;
    let b = 0x2545f491;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      a = Math.imul(a ^ code, 0x85ebca6b);
      a ^= a >>> 15;
      b = Math.imul((b << 13) | (b >>> 19), 0x1b873593) ^ code;
    }
    // A sum of what is well mixed: the order does not matter, and a text that comes twice does not cancel itself.
    this.#a = (this.#a + mixed(a)) | 0;
    this.#b = (this.#b + mixed(b ^ text.length)) | 0;
    this.#count += 1;
  }

  /** 16 hex digits. */
  render(): string {
    return hexWord(this.#a ^ this.#count) + hexWord(this.#b);
  }
}

function mixed(lane: number): number {
  let h = Math.imul(lane ^ (lane >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
