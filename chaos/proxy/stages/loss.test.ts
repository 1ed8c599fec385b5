import { describe, expect, it } from "vitest";
import { createDraw } from "../../../scenarios/draw.ts";
import { FramingTrack } from "../framing-track.ts";
import { LossStage } from "./loss.ts";

/** Which of so many one-segment chunks wait, as a string of bits. */
function lossesOf(permille: number, burst: number, chunks: number, seed = "0x1"): string {
  let bits = "";
  let acted = 0;
  const stage = new LossStage({
    attributes: { permille, burst },
    outlet: { chunk: () => {}, end: () => {} },
    draw: createDraw(seed, "p/upstream/0"),
    framing: new FramingTrack(),
    acted: () => (acted += 1),
  });
  for (let i = 0; i < chunks; i++) {
    const before = acted;
    stage.chunk(new Uint8Array(100));
    bits += acted > before ? "1" : "0";
  }
  stage.dispose();
  return bits;
}

const share = (bits: string): number => bits.replaceAll("0", "").length / bits.length;

describe("loss", () => {
  it("strikes as many segments as it says, each for itself", () => {
    expect(share(lossesOf(100, 1, 20_000))).toBeCloseTo(0.1, 1);
    expect(share(lossesOf(500, 1, 20_000))).toBeCloseTo(0.5, 1);
  });

  it("in bursts strikes fewer chunks, for one chunk pays for the whole run", () => {
    // A run of losses is repairs of one segment, as in the simulator.
    const single = share(lossesOf(200, 1, 20_000));
    const burst = share(lossesOf(200, 5, 20_000));
    expect(single).toBeGreaterThan(0.18);
    expect(single).toBeLessThan(0.22);
    expect(burst).toBeGreaterThan(0.04);
    expect(burst).toBeLessThan(0.06);
  });

  it("is the same for the same seed, and another for another", () => {
    expect(lossesOf(300, 3, 500)).toBe(lossesOf(300, 3, 500));
    expect(lossesOf(300, 3, 500)).not.toBe(lossesOf(300, 3, 500, "0x2"));
  });
});
