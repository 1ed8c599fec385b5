import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { runOn } from "../../chaos/run-on.ts";
import type { WorldRun } from "../../chaos/world/run-world.ts";
import { createDraw } from "../../scenarios/draw.ts";
import { LINKS } from "../../scenarios/link-profile.ts";
import { RELAY } from "../../scenarios/names.ts";
import type { DiskFault, Plan } from "../../scenarios/plan.ts";
import { createWorkload, type FaultSpec } from "../../scenarios/workload.ts";

const ZEROK = fileURLToPath(new URL("../zerok.mjs", import.meta.url));
/** Far above what it takes on a machine of its own: about fifteen seconds each. */
const TIMEOUT_MS = 240_000;

/** Two devices that push all the time, and each fault a second after the one before is over. */
function planWith(faults: readonly FaultSpec[]): Plan {
  const run = createWorkload(createDraw("0x1"), {
    scenario: "T-CONN-01",
    devices: 2,
    link: LINKS.fiber,
    extras: [],
    client: { pollMs: 3000, keepAliveMs: 2000, answerTimeoutMs: 3000, connectTimeoutMs: 3000 },
  });
  let atMs = run.settledMs + 1500;
  for (const fault of faults) {
    run.fault(atMs, fault);
    atMs = run.endMs() + 1500;
  }
  for (const device of run.devices) run.stream(device, Math.ceil(atMs / 150), { fromMs: run.settledMs, toMs: atMs });
  return run.finish();
}

async function runHere(plan: Plan): Promise<WorldRun> {
  const home = mkdtempSync(join(tmpdir(), "zerok-faults-"));
  try {
    const run = await runOn(plan, {
      backend: "local",
      relayCommand: [process.execPath, ZEROK, "relay"],
      agentCommand: [process.execPath, ZEROK, "agent"],
      folder: join(home, "run"),
    });
    if (!run.ok) throw new Error(JSON.stringify(run.error));
    return run.value;
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

function disk(host: string, fault: DiskFault): FaultSpec {
  return { do: "disk", host, disk: fault, forMs: 700 };
}

const WITHOUT = "(skipped without a build, whose code they run: `npm test` makes it)";

describe.skipIf(!existsSync(new URL("../../dist/harness/main.js", import.meta.url)))(
  `faults on real processes ${WITHOUT}`,
  () => {
    it.each<[string, readonly FaultSpec[]]>([
      [
        "links that are slow, cut and blocked one way",
        [
          toxic("up", { type: "latency", latencyMs: 50, jitterMs: 20 }),
          { do: "partition", left: ["a"], right: [RELAY], oneWay: true, forMs: 500 },
          toxic("both", { type: "loss", permille: 300, burst: 2 }),
          toxic("down", { type: "reset_peer", timeoutMs: 0 }),
        ],
      ],
      [
        "clocks that are off",
        [
          { do: "clock", host: "a", how: "skew", byMs: -3_600_000, forMs: 700 },
          { do: "clock", host: RELAY, how: "skew", byMs: 300_000, forMs: 700 },
          { do: "clock", host: "b", how: "step", byMs: 5000, forMs: 0 },
        ],
      ],
      [
        "disks that are full, slow and failing",
        [
          disk(RELAY, { type: "slow", syncMs: 40 }),
          disk(RELAY, { type: "write-error", permille: 500 }),
          disk(RELAY, { type: "full" }),
          disk("a", { type: "full" }),
          disk("b", { type: "lost-fsync" }),
        ],
      ],
      [
        "a power cut, a relay that is put back, and one that is wiped",
        [
          { do: "crash", host: RELAY, how: "power", downMs: 800 },
          { do: "rollback", host: RELAY, agoMs: 2000, downMs: 300 },
          { do: "crash", host: "a", how: "power", downMs: 500 },
          { do: "wipe", host: RELAY, downMs: 300 },
        ],
      ],
    ])(
      "%s are seen to act and to be gone, and the devices agree in the end",
      async (_what, faults) => {
        const plan = planWith(faults);
        const { verdict, history, faults: times } = await runHere(plan);
        expect(verdict).toMatchObject({ verdict: "valid", findings: [], unknowns: [] });
        const stages = history.flatMap((record) => (record.type === "fault" ? [`${record.step} ${record.stage}`] : []));
        expect(stages.toSorted()).toEqual(
          times.flatMap(({ step }) => [`${step} healed`, `${step} issued`, `${step} observed`]).toSorted(),
        );
        expect(times).toHaveLength(faults.length);
      },
      TIMEOUT_MS,
    );
  },
);

function toxic(stream: "up" | "down" | "both", spec: Extract<FaultSpec, { do: "toxic" }>["toxic"]): FaultSpec {
  return { do: "toxic", dialler: "a", listener: RELAY, stream, toxic: spec, forMs: 800 };
}
