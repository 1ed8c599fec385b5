/**
 * Plans of family MR: every device has two relays and prefers the first; one of them dies, or both, or is slow. Nobody
 * tells the relays of each other, so that everything that is equal in the end was carried there by devices. Called by
 * `several-relays.ts`.
 */
import type { Draw } from "../draw.ts";
import { EVERYDAY_LINKS, quickestMs, slowestMs, STEADY_LINKS } from "../link-profile.ts";
import { RELAY, SPARE_RELAY } from "../names.ts";
import type { Plan } from "../plan.ts";
import { createWorkload, type Workload } from "../workload.ts";

const RELAYS = [RELAY, SPARE_RELAY] as const;

/** The preferred relay dies under pushes and stays away for a while; what is pushed meanwhile lands on the other. */
export function planPrimaryKill(draw: Draw): Plan {
  const link = draw.pick("link", STEADY_LINKS);
  const devices = draw.between("devices", 2, 3);
  const run = createWorkload(draw, { scenario: "MR-1", devices, link, relays: RELAYS });
  const killMs = run.settledMs + draw.between("kill at", 300, 5000);
  const downMs = draw.between("down", 6000, 20_000);
  for (const device of run.devices) {
    run.rush(device, draw.between(`${device} rush`, 2, 6), everyMs(run), killMs, leadMs(run));
    run.stream(device, draw.between(`${device} down`, 2, 6), { fromMs: killMs, toMs: killMs + downMs - 2000 });
    run.stream(device, draw.between(`${device} after`, 0, 3), afterwards(killMs + downMs));
  }
  const how = draw.pick("how", ["kill", "power"] as const);
  const step = run.fault(killMs, { do: "crash", host: RELAY, how, downMs });
  run.see({ see: "open", step, f: "push" });
  run.see({ see: "landed", step, relay: SPARE_RELAY });
  return run.finish();
}

/** The other relay dies when the preferred one has acknowledged, before its copy has come. */
export function planSecondaryKill(draw: Draw): Plan {
  const link = draw.pick("link", STEADY_LINKS);
  const devices = draw.between("devices", 2, 3);
  const visitMs = draw.between("rare visit", 20_000, 30_000);
  const run = createWorkload(draw, { scenario: "MR-2", devices, link, relays: RELAYS, client: { visitMs } });
  let killMs = run.settledMs + draw.between("kill at", 4000, 6000);
  for (let kill = draw.between("kills", 1, 2); kill > 0; kill--) {
    const downMs = draw.between("down", 1000, 10_000);
    // The visits of before are over; a new one takes more ways than an answer of the relay that is connected.
    const lead = 2 * slowestMs(link) + 20;
    for (const device of run.devices) {
      run.rush(device, draw.between(`${device} rush`, 1, 3), 1, killMs, lead + draw.between(`${device} lead`, 0, 10));
      run.stream(device, draw.between(`${device} down`, 1, 4), { fromMs: killMs, toMs: killMs + downMs });
    }
    const how = draw.pick("how", ["kill", "power"] as const);
    const step = run.fault(killMs, { do: "crash", host: SPARE_RELAY, how, downMs });
    run.see({ see: "observed", step });
    run.see({ see: "copy-owed", step, relay: SPARE_RELAY });
    // Whatever wait its backoff has come to, and the visit after it.
    killMs += downMs + draw.between("kill again", 15_000, 20_000);
  }
  return run.finish();
}

/** Both die at about the same time, under pushes. */
export function planAllKilled(draw: Draw): Plan {
  const link = draw.pick("link", EVERYDAY_LINKS);
  const devices = draw.between("devices", 2, 3);
  const run = createWorkload(draw, { scenario: "MR-3", devices, link, relays: RELAYS });
  const killMs = run.settledMs + draw.between("kill at", 300, 4000);
  // A power cut is told to nobody: long enough for silence to be found out and for a dial to run into its time.
  const isPower = draw.chance("power", 1, 4);
  const bothMs = isPower ? draw.between("both dark", 55_000, 70_000) : draw.between("both down", 3000, 12_000);
  const lastMs = killMs + 1000;
  for (const [i, relay] of RELAYS.entries()) {
    const how = isPower ? "power" : "kill";
    const atMs = i === 0 ? killMs : killMs + draw.between("second at", 0, 1000);
    const upMs = lastMs + bothMs + draw.between(`${relay} up`, 0, 8000);
    const step = run.fault(atMs, { do: "crash", host: relay, how, downMs: upMs - atMs });
    run.see({ see: "observed", step });
  }
  for (const device of run.devices) {
    run.rush(device, draw.between(`${device} rush`, 1, 5), 5, killMs, draw.between(`${device} lead`, 1, 10));
    run.stream(device, draw.between(`${device} down`, 1, 5), { fromMs: killMs, toMs: lastMs + bothMs });
    run.stream(device, draw.between(`${device} after`, 0, 3), afterwards(run.endMs()));
    run.see({ see: "relays-failed", device });
  }
  return run.finish();
}

/** One of the two comes and goes, again and again, while everybody pushes. */
export function planFlappingRelay(draw: Draw): Plan {
  const link = draw.pick("link", EVERYDAY_LINKS);
  const devices = draw.between("devices", 2, 4);
  const run = createWorkload(draw, { scenario: "MR-4", devices, link, relays: RELAYS });
  const relay = draw.pick("relay", [RELAY, RELAY, SPARE_RELAY] as const);
  let atMs = run.settledMs + draw.between("flap at", 100, 2000);
  for (let flap = draw.between("flaps", 3, 6); flap > 0; flap--) {
    const downMs = draw.between("down", 200, 4000);
    const step = draw.chance("polite", 1, 3)
      ? run.fault(atMs, { do: "restart", host: relay, downMs })
      : run.fault(atMs, { do: "crash", host: relay, how: draw.pick("how", ["kill", "power"] as const), downMs });
    run.see({ see: "observed", step });
    atMs += downMs + draw.between("up", 200, 5000);
  }
  for (const device of run.devices) {
    run.stream(device, draw.between(`${device} pushes`, 6, 20), { fromMs: run.settledMs, toMs: atMs + 1000 });
  }
  return run.finish();
}

/** Five seconds more to the preferred relay, on every link: the other one has everything sooner. */
export function planSlowPrimary(draw: Draw): Plan {
  const link = draw.pick("link", EVERYDAY_LINKS);
  const run = createWorkload(draw, {
    scenario: "MR-5",
    devices: draw.between("devices", 2, 3),
    link,
    relays: RELAYS,
    // Slow is not silent.
    client: { answerTimeoutMs: draw.between("long answer", 12_000, 15_000), connectTimeoutMs: 30_000 },
  });
  const fromMs = run.settledMs + draw.between("slow at", 0, 1000);
  const span = { fromMs, toMs: fromMs + draw.between("slow for", 12_000, 25_000) };
  for (const device of run.devices) {
    const stream = draw.pick(`${device} stream`, ["up", "down"] as const);
    const step = run.toxic(device, span, stream, { type: "latency", latencyMs: 5000, jitterMs: 0 });
    run.see({ see: "observed", step });
    run.stream(device, draw.between(`${device} pushes`, 3, 8), { fromMs: fromMs + 100, toMs: span.toMs });
    run.stream(device, draw.between(`${device} after`, 0, 3), afterwards(span.toMs));
  }
  run.see({ see: "sooner", relay: SPARE_RELAY, than: RELAY });
  return run.finish();
}

function afterwards(fromMs: number): { readonly fromMs: number; readonly toMs: number } {
  return { fromMs, toMs: fromMs + 5000 };
}

/** Before the fault by less than one way takes: what is pushed then has no answer yet. */
function leadMs(run: Workload): number {
  return run.draw.between("lead", 1, quickestMs(run.link));
}

function everyMs(run: Workload): number {
  return run.draw.between("every", 1, quickestMs(run.link));
}
