/** A command's surroundings as a test wants them: no person at the keyboard unless answers are given, an end when it says so. */
import type { Surroundings } from "./surroundings.ts";

export interface TestSurroundings extends Surroundings {
  readonly env: NodeJS.ProcessEnv;
  /** Questions that were asked. */
  readonly asked: string[];
  /** Ends what runs until it is stopped. */
  stop(): void;
}

export interface Given {
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: Uint8Array | string;
  /** A person who types these, one after the other. */
  readonly answers?: readonly string[];
}

export function createTestSurroundings({ env = {}, input = "", answers }: Given = {}): TestSurroundings {
  const controller = new AbortController();
  const left = [...(answers ?? [])];
  const asked: string[] = [];
  return {
    env,
    platform: "linux",
    isInteractive: answers !== undefined,
    asked,
    readInput: async (bytesMax) => {
      const bytes = typeof input === "string" ? new TextEncoder().encode(input) : input;
      return bytes.length > bytesMax ? undefined : bytes;
    },
    askHidden: async (question) => {
      asked.push(question);
      return left.shift() ?? "";
    },
    untilStopped: (work) => work(controller.signal),
    stop: () => controller.abort(),
  };
}
