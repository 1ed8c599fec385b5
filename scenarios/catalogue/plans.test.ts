import { describe, expect, test } from "vitest";
import { seedAfter } from "../draw.ts";
import { quickestMs } from "../link-profile.ts";
import { MAIN_GROUP } from "../names.ts";
import { isFault, type Plan, type Step } from "../plan.ts";
import { downSpan, faultEndMs, findPlanFlaw } from "../plan-rules.ts";
import { parsePlan } from "../plan-schema.ts";
import { builtScenarios, findScenario } from "../registry.ts";

const SEEDS = Array.from({ length: 200 }, (_, i) => seedAfter("0x5eed", i * 7919));

function planOf(id: string, seed: string): Plan {
  return findScenario(id)!.plan!(seed);
}

function pushesOf(plan: Plan) {
  return plan.steps.filter((step): step is Extract<Step, { do: "push" }> => step.do === "push");
}

/** Rows that are about much or long: what they may have at most, and how many of their plans are looked at. */
const LARGE: {
  readonly [id: string]: Partial<{ pushes: number; healMs: number; devices: number; boundMs: number; seeds: number }>;
} = {
  "S-CONC-04": { pushes: 1030 },
  "S-CONV-03": { healMs: 330_000 },
  "S-BLOB-02": { pushes: 10_050, seeds: 6 },
  "E-ENC-04": { pushes: 1350, seeds: 20 },
  "X-PLAT-02": { healMs: 720_000 },
  "W-14": { devices: 200, boundMs: 700_000, seeds: 8 },
  "W-21": { pushes: 120 },
  "W-25": { healMs: 366 * 24 * 3_600_000, boundMs: 20 * 24 * 3_600_000 },
};

const built = builtScenarios().map(({ id, plan }) => {
  const seeds = SEEDS.slice(0, LARGE[id]?.seeds ?? SEEDS.length);
  return { id, seeds, plans: seeds.map((seed) => plan(seed)) };
});

describe.each(built)("$id, up to 200 seeds", ({ id, seeds, plans }) => {
  test("is whole: ids, order, hosts, operations, everything over by the time it heals", () => {
    for (const plan of plans) {
      expect(findPlanFlaw(plan)).toBeUndefined();
      expect(plan.scenario).toBe(id);
      // Once more by hand, so that one mistake in the rules does not hide another.
      const hosts = new Set([...plan.topology.relays, ...plan.topology.devices].map(({ name }) => name));
      expect(new Set(plan.steps.map((step) => step.id)).size).toBe(plan.steps.length);
      // The same content twice is what one row is about.
      const contents = pushesOf(plan).map(({ op, device }) => (id === "S-BLOB-03" ? `${op} ${device}` : op));
      expect(new Set(contents).size).toBe(contents.length);
      const bad = plan.steps.filter((step, i) => {
        const isLate = (isFault(step) ? faultEndMs(step) : step.atMs) > plan.healAtMs;
        const isEarly = i > 0 && step.atMs < plan.steps[i - 1]!.atMs;
        return isLate || isEarly || (!isFault(step) && !hosts.has(step.device));
      });
      expect(bad).toEqual([]);
    }
  });

  test("is data, and nothing but data", () => {
    for (const plan of plans) {
      expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
      expect(parsePlan(JSON.parse(JSON.stringify(plan)))).toEqual({ ok: true, value: plan });
    }
  });

  test("is the same for the same seed and another for another", () => {
    for (const [i, seed] of seeds.entries()) expect(planOf(id, seed)).toEqual(plans[i]);
    const seen = new Set(plans.map((plan) => JSON.stringify({ ...plan, seed: "" })));
    expect(seen.size).toBe(plans.length);
  });

  test("says how its trouble is known, by steps that are there and devices that exist", () => {
    for (const { trouble, steps, topology } of plans) {
      expect(trouble.length).toBeGreaterThan(0);
      for (const evidence of trouble) {
        if ("step" in evidence) {
          const step = steps.find((candidate) => candidate.id === evidence.step);
          expect(step !== undefined && isFault(step)).toBe(true);
        }
        if ("device" in evidence) expect(topology.devices.map(({ name }) => name)).toContain(evidence.device);
      }
    }
  });

  test("a push in flight was made less than one way before the fault, and not by the dead", () => {
    for (const plan of plans) {
      for (const evidence of plan.trouble) {
        if (evidence.see !== "open" || evidence.f !== "push") continue;
        const fault = plan.steps.find(({ id: step }) => step === evidence.step)!;
        const inFlight = pushesOf(plan).some(
          ({ device, atMs, ttlS }) =>
            (evidence.device === undefined || device === evidence.device) &&
            ttlS === 0 &&
            atMs < fault.atMs &&
            fault.atMs - atMs <= quickestMs(plan.topology.link),
        );
        expect(inFlight).toBe(true);
      }
    }
  });

  test("no application acts while its host is dead", () => {
    for (const { steps } of plans) {
      const deaths = steps.flatMap((step) => downSpan(step) ?? []);
      const ghosts = steps.filter(
        (step) =>
          !isFault(step) && deaths.some((d) => d.host === step.device && step.atMs >= d.fromMs && step.atMs < d.toMs),
      );
      expect(ghosts).toEqual([]);
    }
  });

  test("stays small", () => {
    for (const plan of plans) {
      const pushes = pushesOf(plan).length;
      expect(pushes).toBeGreaterThanOrEqual(2);
      const large = LARGE[id] ?? {};
      expect(pushes).toBeLessThanOrEqual(large.pushes ?? 110);
      expect(plan.healAtMs).toBeLessThanOrEqual(large.healMs ?? 120_000);
      expect(plan.topology.devices.length).toBeLessThanOrEqual(large.devices ?? 9);
      expect(plan.bound.withinMs).toBeGreaterThan(60_000);
      expect(plan.bound.withinMs).toBeLessThan(large.boundMs ?? 600_000);
      const group = plan.topology.devices.length;
      const relays = plan.topology.relays.length;
      expect(plan.bound.framesMax).toBeLessThan(relays * (600 * group + 3 * pushes + 4 * pushes * group));
    }
  });
});

describe("the swarm", () => {
  const troubled = built.filter(({ id }) => id !== "S-CONV-04").flatMap(({ plans }) => plans);
  const share = (what: (plan: Plan) => boolean) => troubled.filter(what).length / troubled.length;

  test("each extra is there in some seeds and not in others", () => {
    const extras: { readonly [name: string]: (plan: Plan) => boolean } = {
      "group beside": ({ topology }) => topology.groups.length === 2,
      "late device": ({ topology }) => topology.devices.some(({ name }) => name === "late"),
      slicer: ({ steps }) => steps.some((step) => step.do === "toxic" && step.toxic.type === "slicer"),
      jitter: ({ steps }) => steps.some((s) => s.do === "toxic" && s.toxic.type === "latency" && s.toxic.jitterMs > 0),
      "small pages": ({ topology }) =>
        topology.devices.some(
          ({ name, config }) => name !== "b" && (config.pullLimit <= 5 || config.pullBytesMax <= 3000),
        ),
      "small window": ({ topology }) => topology.devices.some(({ config }) => config.pushWindow <= 4),
      rekey: ({ topology }) => topology.relays.every(({ config }) => config.rekeyAfterMessages <= 40),
      pause: ({ steps }) => steps.some((step) => step.do === "pause"),
      "short ttl": ({ steps }) => steps.some((step) => step.do === "push" && step.ttlS > 0),
    };
    for (const [name, has] of Object.entries(extras)) {
      expect(share(has), name).toBeGreaterThan(0.08);
      expect(share(has), name).toBeLessThan(0.4);
    }
  });

  test("both ends of a connection rekey after the same number of messages", () => {
    for (const { topology } of troubled) {
      const intervals = [...topology.relays, ...topology.devices].map(({ config }) => config.rekeyAfterMessages);
      expect(new Set(intervals).size).toBe(1);
    }
  });

  test("no healthy session is silent for longer than the relay waits", () => {
    for (const { topology } of troubled) {
      for (const { config } of topology.devices) {
        const silenceMs = config.keepAliveMs + config.answerTimeoutMs;
        for (const relay of topology.relays) expect(relay.config.idleTimeoutMs).toBeGreaterThan(silenceMs);
      }
    }
  });
});

describe("S-CONV-04", () => {
  test("is two devices with fifty pushes each and no trouble at all", () => {
    for (const plan of built.find(({ id }) => id === "S-CONV-04")!.plans) {
      expect(plan.steps.every((step) => step.do === "push")).toBe(true);
      expect(plan.steps.length).toBe(100);
      expect(plan.topology.devices.map(({ name, group }) => [name, group])).toEqual([
        ["a", MAIN_GROUP],
        ["b", MAIN_GROUP],
      ]);
      for (const { name } of plan.topology.devices) {
        expect(pushesOf(plan).filter(({ device }) => device === name).length).toBe(50);
      }
      expect(plan.trouble).toEqual([{ see: "acked", blobs: 100 }]);
    }
  });
});

describe("what each is about", () => {
  const plansOf = (id: string) => built.find((scenario) => scenario.id === id)!.plans;
  const faultsOf = (plan: Plan) => plan.steps.filter(isFault);

  test("T-LOSS-04 blocks both ways for exactly 30 s, with pushes on both sides before, during and after", () => {
    for (const plan of plansOf("T-LOSS-04")) {
      const blocked = faultsOf(plan).filter((step) => step.do === "toxic" && step.toxic.type === "blocked");
      expect(blocked).toMatchObject([{ dialler: "a", stream: "both", forMs: 30_000 }]);
      const [fromMs, toMs] = [blocked[0]!.atMs, blocked[0]!.atMs + 30_000];
      for (const name of ["a", "b"]) {
        const times = pushesOf(plan)
          .filter(({ device }) => device === name)
          .map(({ atMs }) => atMs);
        expect(times.some((at) => at < fromMs)).toBe(true);
        expect(times.some((at) => at > fromMs && at < toMs)).toBe(true);
        expect(times.some((at) => at >= toMs)).toBe(true);
      }
    }
  });

  test("T-CONN-03 lasts until both sides have noticed", () => {
    for (const plan of plansOf("T-CONN-03")) {
      const partition = faultsOf(plan).find((step) => step.do === "partition")!;
      const { config } = plan.topology.devices[0]!;
      const forMs = faultEndMs(partition) - partition.atMs;
      expect(forMs).toBeGreaterThan(config.keepAliveMs + config.answerTimeoutMs);
      expect(forMs).toBeGreaterThan(plan.topology.relays[0]!.config.idleTimeoutMs);
      expect(partition).toMatchObject({ left: plan.topology.devices.map(({ name }) => name), right: ["relay"] });
    }
  });

  test("T-CONN-04 connects and disconnects ten times within five seconds, a push in each", () => {
    for (const plan of plansOf("T-CONN-04")) {
      const orders = plan.steps.filter((s) => !isFault(s) && s.device === "a" && s.atMs < plan.healAtMs);
      const connects = orders.filter(({ do: what }) => what === "connect").slice(0, 10);
      const disconnects = orders.filter(({ do: what }) => what === "disconnect").slice(0, 10);
      expect([connects.length, disconnects.length]).toEqual([10, 10]);
      expect(disconnects[9]!.atMs - connects[0]!.atMs).toBeLessThanOrEqual(5000);
      for (const [i, { atMs: fromMs }] of connects.entries()) {
        const toMs = disconnects[i]!.atMs;
        expect(fromMs).toBeLessThan(toMs);
        expect(pushesOf(plan).some(({ device, atMs }) => device === "a" && atMs >= fromMs && atMs < toMs)).toBe(true);
      }
    }
  });

  test("S-CONC-04 pushes a thousand times between the leaving and a second before the return", () => {
    for (const plan of plansOf("S-CONC-04")) {
      const partition = faultsOf(plan).find((step) => step.do === "partition");
      const leave = plan.steps.find((step) => step.do === "disconnect" && step.device === "b");
      const join = plan.steps.find((step) => step.do === "connect" && step.device === "b");
      const fromMs = partition?.atMs ?? leave!.atMs;
      const toMs = partition === undefined ? join!.atMs : faultEndMs(partition);
      const during = pushesOf(plan).filter(({ device, atMs }) => device === "a" && atMs > fromMs && atMs < toMs - 2000);
      expect(during.length).toBeGreaterThanOrEqual(1000);
      expect(during.slice(0, 1000).every(({ sizeBytes }) => sizeBytes <= 80)).toBe(true);
    }
  });

  test("S-SM-01 cuts in every way there is", () => {
    const ways = new Set<string>();
    for (const plan of plansOf("S-SM-01")) {
      const first = plan.trouble.find(({ see }) => see === "observed")!;
      const step = faultsOf(plan).find(({ id }) => "step" in first && id === first.step)!;
      ways.add(step.do === "toxic" ? step.toxic.type : step.do);
    }
    expect([...ways].toSorted()).toEqual(["down", "limit_data", "partition", "reset_peer", "timeout"]);
  });

  test("S-BLOB-04 has empty blobs on every device, and others", () => {
    for (const plan of plansOf("S-BLOB-04")) {
      const main = pushesOf(plan).filter(({ device }) => device === "a" || device === "b");
      expect(main.filter(({ sizeBytes }) => sizeBytes === 0).length).toBeGreaterThanOrEqual(6);
      expect(main.some(({ sizeBytes }) => sizeBytes > 0)).toBe(true);
    }
  });

  test("W-06 takes the relay's power several times, and in some seeds a device's", () => {
    let devices = 0;
    for (const plan of plansOf("W-06")) {
      const losses = faultsOf(plan).filter((step) => step.do === "crash" && step.how === "power");
      expect(losses.filter((step) => "host" in step && step.host === "relay").length).toBeGreaterThanOrEqual(2);
      if (plan.trouble.some((evidence) => "device" in evidence)) devices++;
    }
    expect(devices).toBeGreaterThan(30);
    expect(devices).toBeLessThan(120);
  });

  test("W-23 has a relay that tells nothing and a device that says nothing", () => {
    for (const plan of plansOf("W-23")) {
      expect(plan.topology.relays.map(({ config }) => config.notify)).toEqual([false]);
      const poll = plan.topology.devices[0]!.config.pollMs;
      const firstFault = Math.min(plan.healAtMs, ...faultsOf(plan).map(({ atMs }) => atMs || plan.healAtMs));
      const early = pushesOf(plan).filter(({ atMs }) => atMs < Math.max(firstFault, 3000 + poll));
      expect(early.some(({ device }) => device === "a")).toBe(true);
    }
  });
});
