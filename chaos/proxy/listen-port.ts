/**
 * Which port to listen on when any will do: one below the range from which the system gives ports to outgoing
 * connections, for a port of that range can be taken by one while the proxy is disabled, and then it cannot come back.
 */
import { randomInt } from "node:crypto";
import { readFileSync } from "node:fs";

const FIRST_PORT = 10_000;

/** Some ports to try, in this order, and at last 0: the system's choice. */
export function candidatePorts(count = 20): readonly number[] {
  const end = firstEphemeralPort();
  if (end - FIRST_PORT < 1000) return [0];
  return [...Array.from({ length: count }, () => randomInt(FIRST_PORT, end)), 0];
}

function firstEphemeralPort(): number {
  try {
    return Number.parseInt(readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8"), 10);
  } catch {
    return 32_768;
  }
}
