/** What containers behind the real Toxiproxy can be made to suffer, and how truly. */
import type { DiskFault, FaultStep, ToxicSpec } from "../../scenarios/plan.ts";
import type { Fidelity } from "../world/backend.ts";
import { atItsTime } from "../world/moment-fidelity.ts";

const RATE_BYTES = 1000;
const EXACT: Fidelity = { how: "exact", reason: "" };

function approximate(reason: string, probe: string): Fidelity {
  return { how: "approximate", reason, probe };
}

function unsupported(reason: string, probe: string): Fidelity {
  return { how: "unsupported", reason, probe };
}

export function dockerFidelity(step: FaultStep): Fidelity {
  return atItsTime(step, fidelityOf(step));
}

function fidelityOf(step: FaultStep): Fidelity {
  switch (step.do) {
    case "crash":
      return step.how === "kill"
        ? EXACT
        : approximate(
            "the engine cannot cut a container's power: the kernel keeps the page cache of a killed process",
            "rows committed without a sync were still there after docker kill",
          );
    case "restart":
    case "pause":
    case "wipe":
    case "rollback":
    case "partition":
    // Linux has no namespace for the wall clock: the process adds the offset itself, and all of it follows.
    case "clock":
      return EXACT;
    case "toxic":
      return toxicFidelity(step.toxic);
    case "disk":
      return diskFidelity(step.disk);
    case "withhold":
      return unsupported(
        "a message is sealed from one machine to the other: nothing outside of the process can take it out",
        "a message that is missing ends the connection, as its successor's nonce does not fit",
      );
  }
}

function toxicFidelity(toxic: ToxicSpec): Fidelity {
  switch (toxic.type) {
    case "latency":
      return toxic.jitterMs === 0
        ? EXACT
        : approximate(
            "Toxiproxy's jitter takes no seed: the delay is drawn from the plan's seed each half second, not for each piece",
            "two runs of toxiproxy-server -seed 1 delayed differently",
          );
    case "bandwidth":
      return toxic.bytesPerS % RATE_BYTES === 0
        ? EXACT
        : approximate("Toxiproxy counts in thousands of bytes a second", "rate is a whole number of KB/s in its API");
    case "timeout":
      return approximate(
        "Toxiproxy starts its time-out anew with each piece, and closes the connections when the toxic is taken away",
        "GET /proxies and a connection that sends every 100 ms under timeout 500",
      );
    case "reset_peer":
      return approximate(
        "Toxiproxy resets only connections that were opened after the toxic was added; older ones are closed by FIN",
        "a connection of before got end of file, not ECONNRESET",
      );
    case "slow_close":
    case "slicer":
    case "limit_data":
    case "down":
    case "loss":
    case "blocked":
      return EXACT;
    case "tamper":
      return unsupported(
        "Toxiproxy has no toxic that changes bytes of our frames, and the kernel does not know where a frame begins",
        'POST …/toxics {"type":"tamper"} is answered 400 "invalid toxic type"',
      );
  }
}

function diskFidelity(disk: DiskFault): Fidelity {
  switch (disk.type) {
    case "full":
      return EXACT;
    case "slow":
    case "write-error":
    case "lost-fsync":
      return approximate(
        "the kernel is built without fault injection and dm-flakey: the process does it to itself at its commits",
        "CONFIG_FAULT_INJECTION and CONFIG_DM_FLAKEY are off",
      );
    case "bit-rot":
      return approximate(
        "bits are flipped in the volume, in stored content only; what the process has in memory stays right",
        "each flipped bit is read back from the file",
      );
  }
}
