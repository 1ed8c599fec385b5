/**
 * What a checker may still expect of a host whose disk was lost. A relay that was rolled back goes on in its old epoch
 * until a member shows it a cursor or a chain that it does not hold: nothing that was true of that epoch before need
 * be true after. A device that was wiped begins again. So each such event starts a new *life* of the host: checkers
 * note the life in which they first saw a log or a device and compare only within it. A relay's *wipe* starts none: it
 * lost its epochs as well, and an old one that comes back with other content is a finding.
 */
import type { FaultRecord } from "../history.ts";
import type { Plan } from "../plan.ts";
import type { PlanFaults } from "./plan-faults.ts";

/** `rotten`: single rows may be unreadable. `lost`: commits are missing. */
export type Damage = "none" | "rotten" | "lost";

export interface DiskLives {
  note(record: FaultRecord): void;
  /** Counts the lives of this host's disk, from 0. */
  of(host: string): number;
  /** The worst that was done to this host's disk so far. */
  damage(host: string): Damage;
}

export function trackDiskLives(plan: Plan, faults: PlanFaults): DiskLives {
  const relays = new Set(plan.topology.relays.map((relay) => relay.name));
  const lives = new Map<string, number>();
  const damages = new Map<string, Damage>();
  /** Disks that do not keep what they promised: each later stop of the host may lose something. */
  const lossy = new Set<string>();

  function begin(host: string): void {
    lives.set(host, (lives.get(host) ?? 0) + 1);
  }

  return {
    note(record) {
      const step = faults.at(record.step);
      if (step === undefined || record.stage === "unsupported" || !("host" in step)) return;
      const { host } = step;
      if (step.do === "wipe" || step.do === "rollback") {
        damages.set(host, "lost");
        // A device may be read back once before and once after its disk is replaced; a relay is told by its epoch.
        if (!relays.has(host)) begin(host);
        else if (step.do === "rollback" && record.stage === "issued") begin(host);
      } else if (step.do === "disk" && (step.disk.type === "lost-fsync" || step.disk.type === "bit-rot")) {
        if (step.disk.type === "lost-fsync") damages.set(host, "lost");
        else if (damages.get(host) === undefined) damages.set(host, "rotten");
        lossy.add(host);
        begin(host);
      } else if (lossy.has(host) && (step.do === "crash" || step.do === "restart")) {
        begin(host);
      }
    },
    of: (host) => (lives.size === 0 ? 0 : (lives.get(host) ?? 0)),
    damage: (host) => damages.get(host) ?? "none",
  };
}
