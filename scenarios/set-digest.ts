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
    for (let at = 0; at < text.length; at += 4) {
      const word = fourLetters(text, at);
      a = Math.imul(a ^ word, 0x85ebca6b);
      a ^= a >>> 15;
      b = Math.imul((b << 13) | (b >>> 19), 0x1b873593) ^ word;
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

/** In one word; nothing counts as zero. The texts are ids in hex, whose letters are a byte each. */
function fourLetters(text: string, at: number): number {
  const low = text.charCodeAt(at) | (text.charCodeAt(at + 1) << 8);
  const high = text.charCodeAt(at + 2) | (text.charCodeAt(at + 3) << 8);
  return low | (high << 16);
}

function mixed(lane: number): number {
  let h = Math.imul(lane ^ (lane >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
