/**
 * The Docker engine of this machine, found and asked: at `DOCKER_HOST`, else at the usual socket. Everything that the
 * backend `docker` does to containers begins here. Knows neither plans nor hosts.
 */
import Docker from "dockerode";
import { within } from "../world/deadline.ts";
import { fail, ok, type Result } from "../../core/result.ts";

export interface Engine {
  readonly docker: Docker;
  readonly version: string;
  readonly apiVersion: string;
}

export interface EngineLack {
  readonly type: "NoEngine";
  /** What is missing, and where it was looked for. */
  readonly what: string;
  /** The same, and what to do. */
  readonly message: string;
}

/** A socket that nobody serves must not hold anything up. */
const ASK_TIMEOUT_MS = 5000;

export async function openEngine(
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<Result<Engine, EngineLack>> {
  const at = env["DOCKER_HOST"] ?? "unix:///var/run/docker.sock";
  const lack = (why: string): Result<Engine, EngineLack> => {
    const what = `no Docker engine answers at ${at} (${why})`;
    return fail({
      type: "NoEngine",
      what,
      message: `${what}: start Docker, or run chaos/images/start-engine.sh as root`,
    });
  };
  try {
    // dockerode reads DOCKER_HOST and its kin itself.
    const docker = at.startsWith("unix://") ? new Docker({ socketPath: at.slice("unix://".length) }) : new Docker();
    const answer = docker.version() as Promise<Docker.DockerVersion>;
    const { Version, ApiVersion, Os } = await within(ASK_TIMEOUT_MS, "it did not answer", answer);
    if (Os !== "linux") return lack(`it runs ${Os} containers, and Linux ones are needed`);
    return ok({ docker, version: Version, apiVersion: ApiVersion });
  } catch (error) {
    const { code, message } = error as { code?: string; message?: string };
    return lack(code ?? message ?? String(error));
  }
}

/** The status code of an answer of the engine, and what it said; `undefined` for any other error. */
export function engineAnswer(error: unknown): { readonly statusCode: number; readonly message: string } | undefined {
  if (!(error instanceof Error) || !("statusCode" in error)) return undefined;
  const { statusCode, json } = error as { statusCode?: unknown; json?: { message?: unknown } };
  if (typeof statusCode !== "number") return undefined;
  return { statusCode, message: typeof json?.message === "string" ? json.message : error.message };
}

/** Whether it is gone already, or is in the state that was asked for. */
export function isMoot(error: unknown): boolean {
  const code = engineAnswer(error)?.statusCode;
  return code === 304 || code === 404 || code === 409;
}
