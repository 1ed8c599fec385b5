/**
 * The steps that the extras of a seed add to a plan (`swarm.ts` says which extras there are and when they may act).
 * What breaks something takes its turn after the scenario's own trouble, one thing at a time; with bystanders in the
 * group, a kill or a pause may also fall on one of them in the middle of it. Called once, by the workload's `finish`.
 */
import type { Draw } from "./draw.ts";
import { BESIDE_GROUP, MAIN_GROUP, RELAY } from "./names.ts";
import type { Span, Workload } from "./workload.ts";

/** Between one extra that breaks something and the next. */
const BREATH_MS = 500;

export function addExtras(run: Workload, calmMs: number): void {
  const { extras } = run;
  const whole: Span = { fromMs: run.settledMs, toMs: Math.max(calmMs, run.settledMs + 2000) };
  if (extras.has("beside")) addGroupBeside(run, whole);
  if (extras.has("late")) addLateDevice(run, whole);
  if (extras.has("jitter")) addJitter(run, whole);
  if (extras.has("slicer")) addSlicer(run, whole);

  let atMs = whole.toMs + BREATH_MS;
  if (extras.has("ttl")) atMs = addShortLived(run, atMs) + BREATH_MS;
  if (extras.has("pause")) atMs = addPause(run, whole, atMs) + BREATH_MS;
  if (extras.has("kill-device")) atMs = addDeviceKill(run, whole, atMs) + BREATH_MS;
  if (extras.has("kill-relay")) addRelayKill(run, atMs);
}

function addGroupBeside(run: Workload, span: Span): void {
  const count = run.draw.between("beside devices", 1, 2);
  for (const device of ["x", "y"].slice(0, count)) {
    run.addDevice(device, BESIDE_GROUP, true);
    run.stream(device, run.draw.between("beside pushes", 2, 6), span);
  }
}

function addLateDevice(run: Workload, span: Span): void {
  run.addDevice("late", MAIN_GROUP, false);
  const joinsMs = run.draw.between("late joins", span.fromMs, span.toMs);
  run.order("late", "connect", joinsMs);
  run.stream("late", run.draw.between("late pushes", 0, 2), { fromMs: joinsMs, toMs: joinsMs + 1500 });
}

function addJitter(run: Workload, span: Span): void {
  const { device, fromMs, toMs } = drawRoughLink(run, "jitter", span);
  const jitterMs = run.draw.between("jitter", 5, 80);
  run.toxic(device, { fromMs, toMs }, "both", { type: "latency", latencyMs: jitterMs, jitterMs });
}

function addSlicer(run: Workload, span: Span): void {
  const { device, fromMs, toMs } = drawRoughLink(run, "slicer", span);
  const stream = run.draw.pick("slicer stream", ["up", "down", "both"] as const);
  const averageBytes = run.draw.between("slice", 100, 800);
  run.toxic(device, { fromMs, toMs }, stream, {
    type: "slicer",
    averageBytes,
    delayMs: run.draw.between("slicer", 0, 1),
  });
}

/** A bystander's link all through the run, or anyone's once the trouble is over, with something to carry. */
function drawRoughLink(run: Workload, label: string, span: Span): Span & { readonly device: string } {
  if (run.bystanders.length > 0) return { device: pick(run.draw, label, run.bystanders), fromMs: 0, toMs: span.toMs };
  const device = pick(run.draw, label, run.devices);
  const after: Span = { fromMs: span.toMs, toMs: span.toMs + run.draw.between(`${label} for`, 1000, 4000) };
  run.stream(device, 2, after);
  return { device, ...after };
}

/** One device is away while others push what does not last; a sweep comes before it is back. */
function addShortLived(run: Workload, atMs: number): number {
  const [pusher, ...others] = run.devices;
  const away = others.length === 0 ? pusher : pick(run.draw, "ttl away", others);
  const backMs = atMs + run.draw.between("ttl away for", 4000, 7000);
  run.order(away, "disconnect", atMs);
  for (let i = run.draw.between("ttl pushes", 2, 4); i > 0; i--) {
    const short = run.draw.chance("ttl short", 2, 3);
    const pushMs = atMs + run.draw.between("ttl push", 100, 1000);
    run.push(pusher, pushMs, { ttlS: short ? run.draw.between("ttl", 1, 2) : 0 });
  }
  run.order(away, "connect", backMs);
  return backMs + 1000;
}

function addPause(run: Workload, whole: Span, atMs: number): number {
  const forMs = run.draw.between("pause for", 200, 3000);
  const { host, atMs: pauseMs } = drawVictim(run, "pause", whole, atMs);
  if (pauseMs === atMs) run.stream(host, 3, { fromMs: atMs - 50, toMs: atMs + 50 });
  run.fault(pauseMs, { do: "pause", host, forMs });
  return pauseMs === atMs ? atMs + forMs : atMs;
}

function addDeviceKill(run: Workload, whole: Span, atMs: number): number {
  const downMs = run.draw.between("kill down", 200, 3000);
  const { host, atMs: killMs } = drawVictim(run, "kill", whole, atMs);
  run.rush(host, 3, 5, killMs, 1);
  const how = run.draw.pick("kill how", ["kill", "power"] as const);
  run.fault(killMs, { do: "crash", host, how, downMs });
  return killMs === atMs ? atMs + downMs : atMs;
}

function addRelayKill(run: Workload, atMs: number): void {
  const downMs = run.draw.between("relay down", 200, 2000);
  const device = pick(run.draw, "relay kill pusher", run.devices);
  run.rush(device, 3, 5, atMs, 1);
  run.push(device, atMs + run.draw.between("relay kill push", 0, downMs));
  const how = run.draw.pick("relay kill how", ["kill", "power"] as const);
  run.fault(atMs, { do: "crash", host: RELAY, how, downMs });
}

/** A bystander in the middle of the run, or anyone after the trouble. */
function drawVictim(run: Workload, label: string, whole: Span, atMs: number): { host: string; atMs: number } {
  if (run.bystanders.length === 0) return { host: pick(run.draw, `${label} who`, run.devices), atMs };
  const host = pick(run.draw, `${label} who`, run.bystanders);
  return { host, atMs: run.draw.between(`${label} at`, whole.fromMs, whole.toMs) };
}

function pick(draw: Draw, label: string, from: readonly string[]): string {
  return draw.pick(label, from as [string, ...string[]]);
}
