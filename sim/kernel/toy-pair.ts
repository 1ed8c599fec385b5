/**
 * Two toy hosts and the link between them: the stage for the network's tests.
 *
 * `a` dials and `b` listens; the tests give orders and read what either was told, as lines of a dialogue.
 */
import { createCause } from "./choices.ts";
import type { Choices } from "./choices.ts";
import { Kernel } from "./kernel.ts";
import { ReplayedChoices } from "./recorded-choices.ts";
import { ToyProgram } from "./toy-program.ts";
import type { ToyOptions } from "./toy-program.ts";

/** Every choice 0: a millisecond each way, and no jitter. */
export const calm = (): Choices => new ReplayedChoices([], { exact: true });

/** Two hosts, `a` dials and `b` listens on "b:1". Without `choices`, everything is calm. */
export function createPair(choices: Choices | undefined = calm(), options: ToyOptions = {}) {
  const base = { seedLo: 11, seedHi: 22, startWallMs: 0, eventBudget: 100_000 };
  const kernel = new Kernel({ ...base, choices });
  const [aProgram, bProgram] = [new ToyProgram(), new ToyProgram(options)];
  const a = kernel.addHost("a", aProgram);
  const b = kernel.addHost("b", bProgram, { listen: "b:1" });
  const cause = createCause(1);
  a.start(cause);
  b.start(cause);
  return {
    kernel,
    a,
    b,
    cause,
    link: kernel.network.link("a", "b"),
    dial: (connection = 1, address = "b:1") => a.command({ type: "dial", connection, address }, cause),
    send: (text: string, from = a, connection = from === a ? 1 : 2) =>
      from.command({ type: "send", connection, text }, cause),
    close: (from = a, connection = from === a ? 1 : 2) => from.command({ type: "close", connection }, cause),
    /** Runs to that time and answers what `a` and `b` were told since the last time. */
    until: (ms: number): { a: string[]; b: string[] } => {
      const end = kernel.run(ms);
      if (end !== "done") throw new Error(`the run ended with ${end}`, { cause: kernel.violation?.error });
      return { a: aProgram.lines.splice(0), b: bProgram.lines.splice(0) };
    },
  };
}

/** A pair with connection 1 of `a`, 2 of `b` open at 10 ms. */
export function createOpenPair(choices?: Choices, options?: ToyOptions) {
  const pair = createPair(choices, options);
  pair.dial();
  pair.until(10);
  return pair;
}

/** What came through, without times and cuts. */
export const received = (lines: readonly string[]): string =>
  lines
    .filter((line) => line.includes(" bytes "))
    .map((line) => line.split(" ").slice(3).join(" "))
    .join("");
export const times = (lines: readonly string[]): number[] => lines.map((line) => Number(line.split(" ")[0]));
