/**
 * Ports of this machine that nobody has, below those that systems give to outgoing connections, so that nobody takes one
 * while its host is down. Each controller has a stretch of its own, and gives no port twice: a host takes some time to
 * come up on it.
 */
import { createServer } from "node:net";
import process from "node:process";
import { EnvironmentError } from "../world/environment-error.ts";

const PORT_FROM = 16_000;
const STRETCHES = 160;
const STRETCH_PORTS = 100;

let next = 0;

export async function findFreePort(): Promise<number> {
  const from = PORT_FROM + (process.pid % STRETCHES) * STRETCH_PORTS;
  for (let tries = 0; tries < STRETCH_PORTS; tries++) {
    const port = from + (next++ % STRETCH_PORTS);
    if (await isFree(port)) return port;
  }
  throw new EnvironmentError(`no free port between ${from} and ${from + STRETCH_PORTS - 1}: end what listens there`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
