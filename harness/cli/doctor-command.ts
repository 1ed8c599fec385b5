/**
 * `zerok doctor`: what this machine can run, what is missing for the rest, and what to type to get it. Ends with 0 when
 * everything is there, with 3 when something is not.
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { createConnection } from "node:net";
import process from "node:process";
import { promisify } from "node:util";
import { probeTmpfs } from "../../chaos/local/small-disk.ts";
import { findTool, type ToolName } from "../../chaos/tools/tool.ts";
import { EXIT, type ExitCode } from "./exit-code.ts";
import type { Io } from "./io.ts";
import { createPaint, type Paint } from "./paint.ts";

export interface DoctorArguments {
  readonly json: boolean;
  /** Tells only of what is missing. */
  readonly quiet: boolean;
}

interface Examined {
  readonly what: string;
  readonly isThere: boolean;
  /** Version and place, or why not. */
  readonly found: string;
  /** What it is for. */
  readonly serves: string;
  /** What to type, where it is missing. */
  readonly remedy?: string;
}

const ASK_MS = 5000;
const REDIS_PORT = 6379;

export async function runDoctorCommand(args: DoctorArguments, io: Io): Promise<ExitCode> {
  const examined = [
    examineNode(),
    await examineSqlite(),
    examineTmpfs(),
    ...(await examineDocker()),
    await examineTool("toxiproxy-server", "docker's links, and the conformance suite of the fault proxy"),
    await examineTool("pumba", "docker's kills, stops and pauses; the engine does them without it"),
    await examineProgram(
      "tc",
      ["-V"],
      "standing delays in containers; Toxiproxy makes them without it",
      "apt-get install iproute2",
    ),
    await examineRedis(),
  ];
  const can = {
    sim: true,
    local: examined.find(({ what }) => what === "SQLite")!.isThere,
    docker: ["Docker engine", "images", "toxiproxy-server"].every(
      (name) => examined.find(({ what }) => what === name)?.isThere,
    ),
  };
  if (args.json) io.out(`${JSON.stringify({ can, examined }, undefined, 2)}\n`);
  else
    io.out(render(createPaint(io.hasColor), can, args.quiet ? examined.filter(({ isThere }) => !isThere) : examined));
  return can.sim && can.local && can.docker ? EXIT.valid : EXIT.machineCannot;
}

function examineNode(): Examined {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const isThere = major > 20 || (major === 20 && minor >= 19);
  return { what: "Node", isThere, found: process.versions.node, serves: "everything", remedy: "Node 20.19 or newer" };
}

async function examineSqlite(): Promise<Examined> {
  const serves = "relays, devices, and the backend local";
  try {
    const { default: Database } = await import("better-sqlite3");
    const database = new Database(":memory:");
    const { version } = database.prepare("select sqlite_version() as version").get() as { version: string };
    database.close();
    return { what: "SQLite", isThere: true, found: version, serves };
  } catch (error) {
    const found = (error as Error).message.split("\n")[0]!;
    return { what: "SQLite", isThere: false, found, serves, remedy: "npm rebuild better-sqlite3" };
  }
}

function examineTmpfs(): Examined {
  const { canMount, probe } = probeTmpfs();
  return {
    what: "small disks",
    isThere: canMount,
    found: probe,
    serves: "a disk that is really full, on local; without it commits are refused as if it were",
    remedy: "run as root, where tmpfs may be mounted",
  };
}

async function examineDocker(): Promise<readonly Examined[]> {
  const serves = "the backend docker";
  const { openEngine } = await import("../../chaos/engine/engine.ts");
  const engine = await openEngine();
  const remedy = "start Docker, or as root on Debian: sh chaos/images/start-engine.sh";
  if (!engine.ok) return [{ what: "Docker engine", isThere: false, found: engine.error.what, serves, remedy }];
  const { docker, version, apiVersion } = engine.value;
  const { checkImages, DEFAULT_TAG, imagesOf } = await import("../../chaos/engine/images.ts");
  const { codeHere } = await import("../../chaos/docker/open-docker.ts");
  const images = await checkImages(docker, imagesOf(process.env["ZEROK_TAG"] ?? DEFAULT_TAG), codeHere());
  return [
    { what: "Docker engine", isThere: true, found: `${version}, API ${apiVersion}`, serves },
    {
      what: "images",
      isThere: images.ok,
      found: images.ok ? Object.values(images.value).join(", ") : images.error.message,
      serves,
      remedy: "node chaos/images/build.mjs",
    },
  ];
}

async function examineTool(name: ToolName, serves: string): Promise<Examined> {
  const tool = await findTool(name);
  return tool.ok
    ? { what: name, isThere: true, found: `${tool.value.version}, ${tool.value.path} (${tool.value.where})`, serves }
    : { what: name, isThere: false, found: tool.error.why, serves, remedy: tool.error.install };
}

async function examineProgram(
  name: string,
  words: readonly string[],
  serves: string,
  remedy: string,
): Promise<Examined> {
  const path = [...(process.env["PATH"] ?? "").split(":"), "/usr/sbin", "/sbin"]
    .map((folder) => `${folder}/${name}`)
    .find((each) => existsSync(each));
  if (path === undefined) return { what: name, isThere: false, found: "not on the PATH", serves, remedy };
  try {
    const { stdout } = await promisify(execFile)(path, [...words], { timeout: ASK_MS });
    return { what: name, isThere: true, found: `${stdout.trim()}, ${path}`, serves };
  } catch (error) {
    return { what: name, isThere: false, found: (error as Error).message.split("\n")[0]!, serves, remedy };
  }
}

/** Nothing needs it yet; sweeps over several machines will. */
async function examineRedis(): Promise<Examined> {
  const isThere = await new Promise<boolean>((resolve) => {
    const socket = createConnection({ host: "127.0.0.1", port: REDIS_PORT, timeout: 500 });
    const end = (answer: boolean) => (): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", end(true)).once("error", end(false)).once("timeout", end(false));
  });
  const found = isThere ? `something answers on port ${REDIS_PORT}` : `nobody answers on port ${REDIS_PORT}`;
  return {
    what: "Redis",
    isThere,
    found,
    serves: "nothing yet: sweeps over several machines come later",
    remedy: "apt-get install redis",
  };
}

function render(paint: Paint, can: Readonly<Record<string, boolean>>, examined: readonly Examined[]): string {
  const width = Math.max(0, ...examined.map(({ what }) => what.length));
  const lines = examined.flatMap(({ what, isThere, found, serves, remedy }) => {
    const mark = isThere ? paint.green("✓") : paint.yellow("–");
    const line = `${mark} ${what.padEnd(width)}  ${found}`;
    return isThere
      ? [line]
      : [line, `  ${"".padEnd(width)}  ${paint.dim(`for ${serves}`)}`, `  ${"".padEnd(width)}  ${remedy ?? ""}`];
  });
  const works = Object.entries(can).map(([name, isGood]) =>
    isGood ? paint.green(`${name} works`) : paint.yellow(`${name} does not`),
  );
  return `${lines.length === 0 ? "" : `${lines.join("\n")}\n\n`}${works.join(", ")}.\n`;
}
