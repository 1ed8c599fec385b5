import { describe, expect, test } from "vitest";
import { DEFAULT_CLIENT_CONFIG } from "../core/client/config.ts";
import { DEFAULT_RELAY_CONFIG } from "../core/relay/config.ts";
import {
  PLAN_FORMAT,
  type Demand,
  type DiskFault,
  type Evidence,
  type Plan,
  type Step,
  type ToxicSpec,
} from "./plan.ts";
import { parsePlan } from "./plan-schema.ts";

const OP = "000102030405060708090a0b0c0d0e0f";

const TOXICS: readonly ToxicSpec[] = [
  { type: "latency", latencyMs: 1, jitterMs: 1 },
  { type: "bandwidth", bytesPerS: 1 },
  { type: "slow_close", delayMs: 1 },
  { type: "timeout", timeoutMs: 1 },
  { type: "reset_peer", timeoutMs: 1 },
  { type: "slicer", averageBytes: 1, delayMs: 1 },
  { type: "limit_data", bytes: 1 },
  { type: "down" },
  { type: "loss", permille: 1, burst: 1 },
  { type: "blocked" },
  { type: "tamper", how: "flip", skip: 0 },
];

const DISKS: readonly DiskFault[] = [
  { type: "full" },
  { type: "slow", syncMs: 1 },
  { type: "write-error", permille: 1 },
  { type: "bit-rot", bits: 1 },
  { type: "lost-fsync" },
];

const TROUBLE: readonly Evidence[] = [
  { see: "observed", step: 1 },
  { see: "open", step: 1, f: "push", device: "a" },
  { see: "open", step: 1, f: "pull" },
  { see: "overlap", devices: 2 },
  { see: "missed", device: "a", blobs: 1 },
  { see: "acked", blobs: 1 },
  { see: "polled" },
  { see: "renewed", step: 0 },
  { see: "regrown", step: 0 },
  { see: "refused", device: "a", code: 2002 },
  { see: "told-lost", device: "a" },
  { see: "landed", step: 1, relay: "relay" },
  { see: "copy-owed", step: 1, relay: "relay" },
  { see: "sooner", relay: "relay", than: "relay" },
  { see: "relays-failed", device: "a" },
  { see: "disconnected", step: 1, device: "a", whys: ["silent"] },
  { see: "waited", device: "a", ms: 1 },
  { see: "failed", device: "a" },
  { see: "crossed", pusher: "a", puller: "a" },
  { see: "quarantined", device: "a" },
];

const DEMANDS: readonly Demand[] = [
  { demand: "acked", devices: ["a"], fromMs: 1, toMs: 2, withinMs: 3 },
  { demand: "heard", device: "a", fromMs: 1, toMs: 2, withinMs: 3 },
  { demand: "noticed", step: 1, device: "a", whys: ["silent"], withinMs: 3 },
  { demand: "kept", devices: ["a"], fromMs: 1, toMs: 2 },
  { demand: "back", devices: ["a"], fromMs: 1, withinMs: 3 },
  { demand: "spread", fromMs: 1, windowMs: 2, dialsMax: 3 },
  { demand: "failed", devices: ["a"], most: 1 },
  { demand: "held", host: "relay", what: "sessions", most: 3 },
  { demand: "lean", device: "a", blobsMax: 3 },
];

/** One plan with every kind of step, toxic, disk fault and evidence. */
function everything(): Plan {
  const steps: Step[] = [];
  const place = () => ({ id: steps.length, atMs: 10 * steps.length });
  steps.push({ ...place(), do: "push", device: "a", op: OP, sizeBytes: 16, ttlS: 1 });
  for (const what of ["pull", "connect", "disconnect"] as const) steps.push({ ...place(), do: what, device: "a" });
  for (const toxic of TOXICS) {
    steps.push({ ...place(), do: "toxic", dialler: "a", listener: "relay", stream: "both", toxic, forMs: 1 });
  }
  steps.push({ ...place(), do: "partition", left: ["a"], right: ["relay"], oneWay: true, forMs: 1 });
  steps.push({ ...place(), do: "crash", host: "relay", how: "power", downMs: 1 });
  steps.push({ ...place(), do: "restart", host: "a", downMs: 1, groupBytesMax: 5 });
  steps.push({ ...place(), do: "pause", host: "a", forMs: 1 });
  steps.push({ ...place(), do: "wipe", host: "a", downMs: 1 });
  steps.push({ ...place(), do: "rollback", host: "a", agoMs: 1, downMs: 1 });
  steps.push({ ...place(), do: "clock", host: "a", how: "skew", byMs: -5, forMs: 1 });
  for (const disk of DISKS) steps.push({ ...place(), do: "disk", host: "relay", disk, forMs: 1 });
  return {
    format: PLAN_FORMAT,
    scenario: "T-LAT-01",
    seed: "0x2a",
    topology: {
      relays: [{ name: "relay", config: DEFAULT_RELAY_CONFIG }],
      groups: [{ name: "main" }],
      devices: [{ name: "a", group: "main", relays: ["relay"], config: DEFAULT_CLIENT_CONFIG, online: true }],
      link: { name: "lan", latencyMs: 1, jitterMs: 1 },
    },
    steps,
    healAtMs: 10_000,
    bound: { withinMs: 1, framesMax: 1 },
    trouble: TROUBLE,
    demands: DEMANDS,
    order: { fromMs: 1, picks: [0, 3] },
  };
}

type Key = string | number;
type Tree = { [key: Key]: unknown };

/** The path of every value inside, containers too. */
function pathsOf(value: unknown, path: readonly Key[] = []): readonly (readonly Key[])[] {
  if (typeof value !== "object" || value === null) return [path];
  const isArray = Array.isArray(value);
  const inner = Object.entries(value).flatMap(([k, v]) => pathsOf(v, [...path, isArray ? Number(k) : k]));
  return path.length === 0 ? inner : [path, ...inner];
}

function render(path: readonly Key[]): string {
  return path.map((key, i) => (typeof key === "number" ? `[${key}]` : i === 0 ? key : `.${key}`)).join("");
}

function at(tree: unknown, path: readonly Key[]): Tree {
  return path.slice(0, -1).reduce((node, key) => node[key] as Tree, tree as Tree);
}

function refusal(value: unknown): { path: string; message: string } | undefined {
  const parsed = parsePlan(value);
  return parsed.ok ? undefined : parsed.error;
}

const PATHS = pathsOf(everything());

/** Limits that came later: plans without them are read as they were meant. */
const LATER_LIMITS: ReadonlySet<string | number> = new Set([
  "connectionsPerAddressPerMinute",
  "totalConnectionsPerSecond",
  "totalBytesMax",
  "devicesPerGroupMax",
  "invitesMax",
  "groupInvitesMax",
  "inviteClaimsPerMinute",
  "totalInviteClaimsPerMinute",
  "rateEntriesMax",
  "acknowledgedRetentionS",
  "payloadBytesMax",
  "queueRowsMax",
  "queueBytesMax",
]);

/** The device of "open" and the new quota of "restart" mean something else when they are missing. */
function mayLack(key: string | number, holder: { readonly [key: string]: unknown }): boolean {
  if (LATER_LIMITS.has(key) || key === "demands" || key === "order") return true;
  return (key === "device" && holder["see"] === "open") || (key === "groupBytesMax" && holder["do"] === "restart");
}

describe("a plan from a stranger", () => {
  test("with everything in it is taken as it is", () => {
    expect(parsePlan(everything())).toEqual({ ok: true, value: everything() });
  });

  test("is refused without any one of its fields, by name", () => {
    for (const path of PATHS) {
      const key = path.at(-1)!;
      // An element of a list may be left out.
      if (typeof key === "number") continue;
      const value = structuredClone(everything());
      const isOptional = mayLack(key, at(value, path));
      delete at(value, path)[key];
      expect([render(path), refusal(value)?.path]).toEqual([render(path), isOptional ? undefined : render(path)]);
    }
  });

  test("is refused with any one of its fields mistyped, by name", () => {
    for (const path of PATHS) {
      const value = structuredClone(everything());
      const holder = at(value, path);
      const key = path.at(-1)!;
      for (const wrong of wrongFor(holder[key])) {
        holder[key] = wrong;
        const error = refusal(value);
        expect([render(path), wrong, error?.path]).toEqual([render(path), wrong, render(path)]);
        expect(error?.message.startsWith(`${render(path)}: `)).toBe(true);
      }
    }
  });

  test("is refused with a number that no run can do with, by name", () => {
    for (const [key, wrong] of [
      ["bits", 4097],
      ["pullLimit", 1001],
      ["sweepMs", 0],
    ] as const) {
      const path = PATHS.find((each) => each.at(-1) === key)!;
      const value = structuredClone(everything());
      at(value, path)[key] = wrong;
      expect([key, refusal(value)?.path]).toEqual([key, render(path)]);
    }
  });

  test("is refused with a field that nobody knows, at any level", () => {
    for (const path of PATHS) {
      const value = structuredClone(everything());
      const inner = at(value, path)[path.at(-1)!];
      if (typeof inner !== "object" || inner === null || Array.isArray(inner)) continue;
      (inner as Tree)["surprise"] = 1;
      expect(refusal(value)?.path).toBe(`${render(path)}.surprise`);
    }
    expect(refusal({ ...everything(), surprise: 1 })?.path).toBe("surprise");
  });

  test("is not a plan at all", () => {
    for (const value of [undefined, null, 1, "plan", [], {}]) expect(refusal(value)).toBeDefined();
    expect(refusal(null)).toMatchObject({ path: "" });
  });
});

function wrongFor(right: unknown): readonly unknown[] {
  if (typeof right === "number") return ["1", 1.5, Number.NaN, null, 2 ** 60];
  if (typeof right === "string") return [1, "No Such Thing", null];
  if (typeof right === "boolean") return [1, "true", null];
  return Array.isArray(right) ? [1, null, "x"] : [1, null, "x"];
}

describe("a plan that has the right fields but is not whole", () => {
  function refuse(change: (plan: Plan & { [key: string]: unknown }, steps: Tree[], topology: Tree) => void) {
    const plan = structuredClone(everything()) as unknown as Plan & { [key: string]: unknown };
    change(plan, plan.steps as unknown as Tree[], plan.topology as unknown as Tree);
    return refusal(plan)?.path;
  }

  test("two steps of one id, two pushes of one operation", () => {
    expect(refuse((_, steps) => void (steps[4]!["id"] = 2))).toBe("steps[4].id");
    expect(refuse((_, steps) => void (steps[1] = { ...steps[0], id: 1, atMs: 10 }))).toBe("steps[1].op");
  });

  test("steps out of order", () => {
    expect(refuse((_, steps) => void (steps[3]!["atMs"] = 19))).toBe("steps[3].atMs");
    expect(refuse((_, steps) => void Object.assign(steps[3]!, { atMs: 20, id: 1000 }))).toBeUndefined();
    expect(refuse((_, steps) => void Object.assign(steps[3]!, { atMs: 40, id: 1000 }))).toBe("steps[4].atMs");
  });

  test("hosts, groups and relays that are not there", () => {
    expect(refuse((_, steps) => void (steps[0]!["device"] = "b"))).toBe("steps[0].device");
    expect(refuse((_, steps) => void (steps[1]!["device"] = "relay"))).toBe("steps[1].device");
    expect(refuse((_, steps) => void (steps[4]!["dialler"] = "b"))).toBe("steps[4].dialler");
    expect(refuse((_, steps) => void (steps[4]!["listener"] = "a"))).toBe("steps[4].listener");
    expect(refuse((_, steps) => void (steps[15]!["left"] = ["a", "b"]))).toBe("steps[15].left[1]");
    expect(refuse((_, steps) => void (steps[15]!["right"] = ["b"]))).toBe("steps[15].right[0]");
    expect(refuse((_, steps) => void (steps[16]!["host"] = "b"))).toBe("steps[16].host");
    expect(refuse((_plan, _steps, topology) => void (topology["groups"] = []))).toBe("topology.devices[0].group");
    const device = (topology: Tree) => (topology["devices"] as Tree[])[0]!;
    expect(refuse((_plan, _steps, topology) => void (device(topology)["relays"] = ["other"]))).toBe(
      "topology.devices[0].relays[0]",
    );
    expect(refuse((_plan, _steps, topology) => void (device(topology)["relays"] = ["relay", "relay"]))).toBe(
      "topology.devices[0].relays[1]",
    );
    expect(refuse((_plan, _steps, topology) => void (device(topology)["name"] = "relay"))).toBe(
      "topology.devices[0].name",
    );
  });

  test("payloads that cannot carry their canary, or nobody could take", () => {
    expect(refuse((_, steps) => void (steps[0]!["sizeBytes"] = 0))).toBeUndefined();
    expect(refuse((_, steps) => void (steps[0]!["sizeBytes"] = 15))).toBe("steps[0].sizeBytes");
    expect(refuse((_, steps) => void (steps[0]!["sizeBytes"] = 2 ** 21))).toBe("steps[0].sizeBytes");
  });

  test("a scenario with the name of a link beside its folder", () => {
    expect(refuse((plan) => void ((plan as { scenario: string }).scenario = "latest"))).toBe("scenario");
  });

  test("a fault that outlives the healing", () => {
    expect(refuse((_, steps) => void (steps[4]!["forMs"] = 9960))).toBeUndefined();
    expect(refuse((_, steps) => void (steps[4]!["forMs"] = 9961))).toBe("steps[4]");
    expect(refuse((_, steps) => void (steps[16]!["downMs"] = 9999))).toBe("steps[16]");
  });

  test("evidence of a step that a shrinker took out is no reason to refuse", () => {
    expect(
      refuse((plan) => void ((plan as { trouble: unknown }).trouble = [{ see: "observed", step: 999 }])),
    ).toBeUndefined();
  });
});
