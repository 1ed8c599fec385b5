/**
 * Pumba, where its program or its image is there: kills, stops and pauses containers of a run. It ends with exit code 0 also when it
 * found no container, and tells nobody when a fault acts, so what it did is read back from the engine's events; a deed
 * that the engine did not see is a fault that did not take. Packet loss stays with the kernel's own rules: Pumba's takes
 * no seed.
 */
import { spawn } from "node:child_process";
import type Docker from "dockerode";
import { FaultError } from "../world/fault-error.ts";
import type { Deed } from "./attached-process.ts";
import { isMoot } from "./engine.ts";
import type { EngineEvents } from "./events.ts";

/** As the engine calls what was done. */
const ACTIONS: { readonly [D in Deed]: string } = { kill: "die", stop: "kill", pause: "pause", unpause: "unpause" };
const SEEN_WITHIN_MS = 10_000;
const PAUSE_FOR = "24h";
const ENGINE_SOCKET = "/var/run/docker.sock";

/** Pumba under way: over when it has ended, told to end by SIGTERM. */
interface Launched {
  readonly closed: Promise<void>;
  end(): Promise<void>;
}

type Launch = (words: readonly string[]) => Launched;

export class Pumba {
  readonly #launch: Launch;
  /** It failed once: the fault did not take, and what follows is the engine's. */
  #hasFailed = false;

  private constructor(launch: Launch) {
    this.#launch = launch;
  }

  /** Its program on this machine, which talks to the engine that `DOCKER_HOST` names. */
  static program(path: string): Pumba {
    return new Pumba((words) => launchProgram(path, words));
  }

  /** Its image on the engine, which is handed the engine's own socket. */
  static image(docker: Docker, image: string, labels: Readonly<Record<string, string>>): Pumba {
    return new Pumba((words) => launchImage(docker, image, labels, words));
  }

  /** For one container of a run; what is done after the run's end is no fault of its plan, and the engine's. */
  deeds(container: Docker.Container, events: EngineEvents, signal: AbortSignal): (what: Deed) => Promise<boolean> {
    let pausing: { end(): Promise<void> } | undefined;
    return async (what) => {
      if (signal.aborted || this.#hasFailed) return false;
      const found = await container.inspect().catch((error: unknown) => {
        if (isMoot(error)) return undefined;
        throw error;
      });
      // What is gone is the engine's to say.
      if (found === undefined) return false;
      const { Name } = found;
      const name = Name.slice(1);
      const since = events.all.length;
      if (what === "unpause") {
        // It lets go of what it paused when it is told to end.
        if (pausing === undefined) return false;
        await pausing.end();
        pausing = undefined;
      } else if (what === "pause") pausing = this.#launch(["pause", "--duration", PAUSE_FOR, name]);
      else if (what === "kill") await this.#launch(["kill", "--signal", "SIGKILL", name]).closed;
      else await this.#launch(["kill", "--signal", "SIGTERM", name]).closed;
      if ((await events.waitFor(container.id, ACTIONS[what], since, SEEN_WITHIN_MS)) !== undefined) return true;
      this.#hasFailed = true;
      throw new FaultError(`Pumba was told to ${what} ${name}, and the engine saw nothing of it`);
    };
  }
}

function launchProgram(path: string, words: readonly string[]): Launched {
  const child = spawn(path, words, { stdio: "ignore" });
  const closed = new Promise<void>((resolve, reject) => {
    child.once("error", (error) => reject(new FaultError(`Pumba could not be started: ${error.message}`)));
    child.once("close", () => resolve());
  });
  closed.catch(() => {});
  return {
    closed,
    async end() {
      child.kill("SIGTERM");
      await closed;
    },
  };
}

function launchImage(
  docker: Docker,
  image: string,
  labels: Readonly<Record<string, string>>,
  words: readonly string[],
): Launched {
  const started = (async () => {
    const container = await docker.createContainer({
      Image: image,
      Cmd: [...words],
      Labels: { ...labels, "chaos.part": "pumba" },
      HostConfig: { Binds: [`${ENGINE_SOCKET}:${ENGINE_SOCKET}`], NetworkMode: "none" },
    });
    await container.start();
    return container;
  })();
  const closed = (async () => {
    const container = await started;
    await container.wait();
    await container.remove({ force: true });
  })();
  closed.catch(() => {});
  return {
    closed,
    async end() {
      await (await started).kill({ signal: "SIGTERM" });
      await closed;
    },
  };
}
