/**
 * The wall clock of one container, moved by libfaketime in its image: it reads an offset from a file at every question,
 * and leaves the monotonic clock alone. Read back by asking another process of the same container what time it is.
 */
import { PassThrough } from "node:stream";
import type Docker from "dockerode";

export const CLOCK_FILE = "clock";
/** Where the image has it. */
export const FAKETIME_LIBRARY = "/usr/local/lib/libfaketime.so.1";

/** A question takes as long as a start of Node. */
const TOLERANCE_MS = 2000;

export function clockEnv(path: string): readonly string[] {
  return [
    `LD_PRELOAD=${FAKETIME_LIBRARY}`,
    `FAKETIME_TIMESTAMP_FILE=${path}`,
    "FAKETIME_NO_CACHE=1",
    "FAKETIME_DONT_FAKE_MONOTONIC=1",
  ];
}

/** As libfaketime reads it: seconds with a sign. */
export function renderOffset(offsetMs: number): string {
  return `${offsetMs < 0 ? "-" : "+"}${(Math.abs(offsetMs) / 1000).toFixed(3)}s\n`;
}

export async function isClockFollowed(docker: Docker, container: Docker.Container, offsetMs: number): Promise<boolean> {
  const exec = await container.exec({
    Cmd: ["node", "-p", "Date.now()"],
    AttachStdout: true,
    AttachStderr: true,
  });
  const stream = await exec.start({ hijack: false, stdin: false });
  const said = new PassThrough();
  const rest = new PassThrough().resume();
  docker.modem.demuxStream(stream, said, rest);
  let text = "";
  said.setEncoding("utf8").on("data", (piece: string) => (text += piece));
  await new Promise<void>((resolve) => stream.once("end", resolve).once("close", resolve).once("error", resolve));
  return Math.abs(Number.parseInt(text, 10) - (Date.now() + offsetMs)) <= TOLERANCE_MS;
}
