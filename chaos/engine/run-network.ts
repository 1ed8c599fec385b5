/**
 * A bridge network of one run, with a subnet that is nobody's on this engine, so that every host has an address of its
 * own that survives being unplugged.
 */
import type Docker from "dockerode";
import { EnvironmentError } from "../world/environment-error.ts";
import { engineAnswer } from "./engine.ts";

export interface RunNetwork {
  readonly name: string;
  readonly id: string;
  /** The next address that nobody of the run has. */
  nextAddress(): string;
}

/** Private, and seldom used by routers, offices or Docker itself. */
const FIRST_OCTETS = "10.213";
const SUBNETS = 256;
/** The first is the bridge's own. */
const FIRST_HOST = 10;
const LAST_HOST = 250;

export async function createRunNetwork(
  docker: Docker,
  name: string,
  labels: Readonly<Record<string, string>>,
): Promise<RunNetwork> {
  const start = Math.floor(Math.random() * SUBNETS);
  let refusal = "";
  for (let i = 0; i < SUBNETS; i++) {
    const prefix = `${FIRST_OCTETS}.${(start + i) % SUBNETS}`;
    try {
      const { id } = await docker.createNetwork({
        Name: name,
        Driver: "bridge",
        Labels: { ...labels },
        IPAM: { Driver: "default", Config: [{ Subnet: `${prefix}.0/24` }] },
      });
      let last = FIRST_HOST - 1;
      return {
        name,
        id,
        nextAddress() {
          last += 1;
          if (last > LAST_HOST) throw new EnvironmentError(`a run has room for ${LAST_HOST - FIRST_HOST + 1} hosts`);
          return `${prefix}.${last}`;
        },
      };
    } catch (error) {
      // Taken, by a network of the engine or of the machine: the next one.
      const answer = engineAnswer(error);
      if (answer === undefined) throw error;
      refusal = answer.message;
      if (!/overlap|conflict|in use/i.test(refusal)) break;
    }
  }
  throw new EnvironmentError(`the engine made no network for the run: ${refusal}`);
}
