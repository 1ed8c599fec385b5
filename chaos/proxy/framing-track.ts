/**
 * Where a stream stands in the framing of our transport (u16 length ‖ Noise message, big-endian; see
 * `core/noise/channel.ts`), without keeping a byte of it. Every stream is tracked from its first byte, so that a toxic
 * that comes later knows where the next message begins. A stream of other people's is told by a length that no Noise
 * message has, and costs nothing from then on.
 */
import type { Framing } from "./stage.ts";

export const MESSAGE_HEADER_BYTES = 2;
/** The least is an empty plaintext's tag. */
export const MESSAGE_BYTES_MIN = 16;

export class FramingTrack implements Framing {
  isOurs = true;
  leftBytes = 0;
  headerByte = -1;

  skip(bytes: Uint8Array): void {
    if (!this.isOurs) return;
    const end = bytes.length;
    let at = 0;
    while (at < end) {
      if (this.leftBytes > 0) {
        const count = Math.min(this.leftBytes, end - at);
        this.leftBytes -= count;
        at += count;
      } else if (this.headerByte < 0) {
        this.headerByte = bytes[at++]!;
      } else {
        this.leftBytes = this.headerByte * 256 + bytes[at++]!;
        this.headerByte = -1;
        if (this.leftBytes >= MESSAGE_BYTES_MIN) continue;
        this.isOurs = false;
        return;
      }
    }
  }
}
