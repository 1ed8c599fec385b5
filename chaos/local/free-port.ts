/** Ports of this machine that nobody has, below those that systems give to outgoing connections. */
import { createServer } from "node:net";
import { EnvironmentError } from "../world/environment-error.ts";

/** So that nobody takes it while its host is down. */
const PORT_FROM = 15_000;
const PORT_TO = 32_000;
const TRIES = 50;

export async function findFreePort(): Promise<number> {
  for (let i = 0; i < TRIES; i++) {
    const port = PORT_FROM + Math.floor(Math.random() * (PORT_TO - PORT_FROM));
    if (await isFree(port)) return port;
  }
  throw new EnvironmentError(`no free port between ${PORT_FROM} and ${PORT_TO} after ${TRIES} tries`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
