import { describe, expect, it } from "vitest";
import type { HistoryRecord } from "./history.ts";
import { createDraw } from "./draw.ts";
import type { FaultStep, Step, ToxicSpec } from "./plan.ts";
import { renderMs, renderStep } from "./step-text.ts";
import { tellStory } from "./story.ts";
import { planWild } from "./wild/wild.ts";

const plan = planWild(createDraw("0x7", "wild"));
const toxic = (spec: ToxicSpec, stream: "up" | "down" | "both" = "both"): FaultStep => {
  return { id: 0, atMs: 0, do: "toxic", dialler: "a", listener: "relay", stream, toxic: spec, forMs: 1500 };
};
const at = { id: 0, atMs: 0 };
const SAMPLES: readonly (readonly [Step, string])[] = [
  [{ ...at, do: "push", device: "a", op: "ab".repeat(16), sizeBytes: 0, ttlS: 0 }, "a pushes an empty blob (abababab)"],
  [
    { ...at, do: "push", device: "a", op: "ab".repeat(16), sizeBytes: 20, ttlS: 3 },
    "a pushes 20 bytes (abababab), to be kept for 3 s",
  ],
  [toxic({ type: "latency", latencyMs: 5, jitterMs: 2 }), "the link a–relay takes 5 ± 2 ms more for 1.5 s"],
  [
    toxic({ type: "limit_data", bytes: 34 }, "up"),
    "the link a–relay closes each connection after 34 bytes (from a) for 1.5 s",
  ],
  [
    toxic({ type: "loss", permille: 20, burst: 3 }, "down"),
    "the link a–relay loses 20 ‰ of its segments, 3 in a row, (to a) for 1.5 s",
  ],
  [
    { ...at, do: "partition", left: ["a", "b"], right: ["relay"], oneWay: true, forMs: 10 },
    "nothing passes from a, b to relay for 10 ms",
  ],
  [{ ...at, do: "crash", host: "relay", how: "power", downMs: 10 }, "relay loses power, and starts again after 10 ms"],
  [
    { ...at, do: "rollback", host: "relay", agoMs: 2000, downMs: 10 },
    "relay gets back its disk of 2 s ago, and starts again after 10 ms",
  ],
  [{ ...at, do: "clock", host: "a", how: "step", byMs: -3000, forMs: 0 }, "the wall clock of a jumps by −3 s"],
  [
    { ...at, do: "disk", host: "a", disk: { type: "lost-fsync" }, forMs: 10 },
    "the disk of a says that it synced, and did not, for 10 ms",
  ],
];
const VALID = { verdict: "valid", idle: false, findings: [], unknowns: [] } as const;

describe("a step in words", () => {
  it("names its hosts, its strength and its time, whatever the fault", () => {
    for (const [step, words] of SAMPLES) expect(renderStep(step)).toBe(words);
  });

  it("says times as people do", () => {
    expect([0, 999, 1000, 2500, 60_000].map(renderMs)).toEqual(["0 ms", "999 ms", "1 s", "2.5 s", "60 s"]);
  });
});

describe("a story", () => {
  it("begins with who is there and is told in the order of time", () => {
    const story = tellStory(plan, [], VALID);
    for (const { name } of plan.topology.devices) expect(story.cast.join("\n")).toContain(name);
    const times = story.events.map(({ atMs }) => atMs);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(story.ending).toEqual([]);
  });

  it("puts what came of it between the steps, and ends in what went wrong", () => {
    const short = { ...plan, steps: plan.steps.slice(0, 2) };
    const atMs = short.steps[0]!.atMs;
    const history: HistoryRecord[] = [
      { type: "notified", at: atMs, device: "a", group: "main", relay: "relay", epoch: "00", by: "Notify", cursor: 1 },
      {
        type: "refused",
        at: atMs + 0.5,
        device: "a",
        group: "main",
        relay: "relay",
        blob: "ab".repeat(16),
        code: 2004,
        retryable: true,
      },
    ];
    const findings = [{ checker: "limits", kind: "k", message: "too much was taken", witness: [] }];
    const story = tellStory(short, history, { ...VALID, verdict: "invalid", findings });
    const texts = story.events.map(({ text }) => text);
    expect(texts).toContain("a hears that blob abababab is refused for now (code 2004)");
    expect(texts.length).toBe(short.steps.length + 2);
    expect(story.ending).toEqual(["too much was taken (limits)"]);
  });

  it("of a long run tells the steps and counts the rest", () => {
    const many: HistoryRecord[] = Array.from({ length: 500 }, (_, i) => {
      return { type: "relays-failed", at: i, device: "a", group: "main" };
    });
    const story = tellStory(plan, many, VALID);
    expect(story.events.length).toBeLessThanOrEqual(60);
    expect(story.unsaid).toBe(plan.steps.length + 1 + 500 - story.events.length);
  });
});
