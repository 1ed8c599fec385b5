import { describe, expect, it } from "vitest";
import type { Entropy } from "../../core/machine.ts";
import { createCause } from "./choices.ts";
import { Kernel } from "./kernel.ts";
import { RecordingChoices } from "./recorded-choices.ts";
import { SeededChoices } from "./choices.ts";
import { ToyProgram } from "./toy-program.ts";

const draw = (entropy: Entropy, label: string, length = 16): string => {
  const out = new Uint8Array(length);
  entropy.fill(label, out);
  return [...out].map((byte) => byte.toString(16).padStart(2, "0")).join("");
};

/** The entropy of the `incarnation`-th start of a host, drawn on behalf of cause 9. */
function createEntropy(name = "a", incarnation = 0, seedLo = 1): Entropy {
  const kernel = new Kernel({ seedLo, seedHi: 2, startWallMs: 0, eventBudget: 10 });
  const program = new ToyProgram();
  const host = kernel.addHost(name, program);
  for (let i = 0; i <= incarnation; i++) {
    host.kill(createCause(1));
    host.start(createCause(1));
  }
  kernel.scheduler.cause = createCause(9);
  return program.entropy!;
}

describe("entropy", () => {
  it("is the same for the same seed, host, incarnation, label and cause, and else another", () => {
    const first = draw(createEntropy(), "nonce");
    expect(draw(createEntropy(), "nonce")).toBe(first);
    const others = [
      draw(createEntropy("b"), "nonce"),
      draw(createEntropy("a", 1), "nonce"),
      draw(createEntropy("a", 0, 2), "nonce"),
      draw(createEntropy(), "id"),
    ];
    expect(new Set([first, ...others]).size).toBe(5);
  });

  it("does not repeat itself within a cause, and labels do not move each other", () => {
    const [one, two] = [createEntropy(), createEntropy()];
    const values: string[] = [];
    for (let i = 0; i < 1000; i++) {
      const value = draw(one, "nonce");
      draw(two, "id");
      two.below("jitter", 7);
      expect(draw(two, "nonce")).toBe(value);
      values.push(value);
    }
    expect(new Set(values).size).toBe(1000);
  });

  it("fills any length with well mixed bytes", () => {
    for (const length of [0, 1, 3, 5, 17]) expect(draw(createEntropy(), "x", length)).toHaveLength(2 * length);
    const bytes = new Uint8Array(65_536);
    createEntropy().fill("x", bytes);
    const counts = new Uint32Array(256);
    for (const byte of bytes) counts[byte]! += 1;
    for (const count of counts) expect(Math.abs(count - 256)).toBeLessThan(90);
  });

  it("asks the run's choices for small numbers, so that they can be recorded", () => {
    const choices = new RecordingChoices(new SeededChoices(1, 2));
    const kernel = new Kernel({ seedLo: 1, seedHi: 2, startWallMs: 0, eventBudget: 10, choices });
    const program = new ToyProgram();
    kernel.addHost("a", program).start(createCause(1));
    kernel.scheduler.cause = createCause(9);
    const values = Array.from({ length: 20 }, () => program.entropy!.below("jitter", 10));
    expect(choices.recorded.map(({ value }) => value)).toEqual(values.filter((value) => value !== 0));
    expect(choices.recorded[0]).toMatchObject({ label: "entropy.jitter", cause: 9, bound: 10 });
  });
});
