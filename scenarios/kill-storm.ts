/**
 * Two long storms of T-CONN-01 and T-CONN-02 for real processes: the relay is killed again and again under the load of
 * eight devices, and devices are killed again and again while they push, half of them at a named moment. Made from a
 * seed; a kill is never spared, only what is under way when it comes differs.
 */
import { AGENT_MOMENTS, type AgentMoment } from "./agent-protocol.ts";
import type { Draw } from "./draw.ts";
import { LINKS } from "./link-profile.ts";
import { RELAY } from "./names.ts";
import type { Plan } from "./plan.ts";
import { createWorkload, type Workload } from "./workload.ts";

export const STORM_DEVICES = 8;

export interface KillStorm {
  readonly plan: Plan;
  /** Crash steps that hit a device at a moment instead of at a time. */
  readonly moments: ReadonlyMap<number, AgentMoment>;
}

/** From one kill to the next: the host is down, comes up, and works for a while. */
const RELAY_CYCLE_MS = 1500;
const DEVICE_CYCLE_MS = 1000;
/** When applications try to connect again, after the relay came up: their own waits grow with each kill. */
const KNOCKS_MS = [20, 250, 600] as const;
/** The last push before a kill is so close to it that it cannot be answered yet. */
const LEAD_MS = 1;

export function planRelayStorm(draw: Draw, kills: number): KillStorm {
  const run = createStorm(draw, "T-CONN-01");
  let killMs = run.settledMs + 1000;
  addLoad(run, { fromMs: run.settledMs, toMs: killMs });
  for (let kill = 0; kill < kills; kill++) {
    const downMs = draw.between("down", 50, 200);
    for (const device of run.devices) {
      run.rush(device, draw.between(`${device} rush`, 1, 4), draw.between("every", 1, 4), killMs, LEAD_MS);
    }
    const step = run.fault(killMs, { do: "crash", host: RELAY, how: "kill", downMs });
    run.see({ see: "observed", step });
    run.see({ see: "open", step, f: "push" });
    for (const knockMs of KNOCKS_MS) {
      for (const device of run.devices)
        run.order(device, "connect", killMs + downMs + knockMs + draw.between("knock", 0, 40));
    }
    addLoad(run, { fromMs: killMs, toMs: killMs + RELAY_CYCLE_MS });
    killMs += RELAY_CYCLE_MS;
  }
  return { plan: run.finish(), moments: new Map() };
}

export function planDeviceStorm(draw: Draw, kills: number): KillStorm {
  const run = createStorm(draw, "T-CONN-02");
  const moments = new Map<number, AgentMoment>();
  let killMs = run.settledMs + 1000;
  addLoad(run, { fromMs: run.settledMs, toMs: killMs });
  for (let kill = 0; kill < kills; kill++) {
    const victim = draw.pick("victim", run.devices);
    const downMs = draw.between("down", 50, 300);
    run.rush(victim, draw.between("rush", 2, 6), draw.between("every", 1, 3), killMs, LEAD_MS);
    const step = run.fault(killMs, { do: "crash", host: victim, how: "kill", downMs });
    run.see({ see: "observed", step });
    if (draw.chance("at a moment", 1, 2)) {
      moments.set(step, draw.pick("moment", AGENT_MOMENTS));
    } else {
      run.see({ see: "open", step, f: "push", device: victim });
    }
    addLoad(run, { fromMs: killMs, toMs: killMs + DEVICE_CYCLE_MS });
    killMs += DEVICE_CYCLE_MS;
  }
  return { plan: run.finish(), moments };
}

function createStorm(draw: Draw, scenario: string): Workload {
  return createWorkload(draw, {
    scenario,
    devices: STORM_DEVICES,
    link: LINKS.lan,
    extras: [],
    // Short, so that a session that died unheard is found out within the run.
    client: { pollMs: 5000, keepAliveMs: 3000, answerTimeoutMs: 3000, connectTimeoutMs: 5000 },
    relay: { idleTimeoutMs: 20_000 },
  });
}

/** Everybody pushes all the time, about eight times a second. */
function addLoad(run: Workload, span: { readonly fromMs: number; readonly toMs: number }): void {
  const count = Math.max(1, Math.round((span.toMs - span.fromMs) / 125));
  for (const device of run.devices) run.stream(device, count, span);
}
