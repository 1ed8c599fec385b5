/**
 * The command line, from words to an exit code. `runCli` is the whole of it and touches no global state but files, so
 * that a test calls it as a terminal would; `runProcess` gives it this process's words and streams.
 */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { CLIENT_COMMANDS } from "./cli/client-command-line.ts";
import { parseCommandLine, type Choice, type Later } from "./cli/command-line.ts";
import { EXIT, type ExitCode } from "./cli/exit-code.ts";
import { createProcessIo, type Io } from "./cli/io.ts";
import { laterCommand, laterOption } from "./cli/later.ts";
import { createPaint } from "./cli/paint.ts";
import type { Services } from "./cli/services.ts";
import { createProcessSurroundings, type Surroundings } from "./cli/surroundings.ts";
import { readPackageVersion } from "./results/code-version.ts";
import { printableLine } from "./printable-text.ts";
import { UserError } from "./user-error.ts";

export async function runCli(
  argv: readonly string[],
  io: Io,
  services?: Services,
  around: Surroundings = createProcessSurroundings(),
): Promise<ExitCode> {
  const isPlain = argv.includes("--no-color");
  let hasSpoken = false;
  const out = (text: string): void => {
    hasSpoken ||= text !== "";
    io.out(text);
  };
  const shown: Io = { ...io, out, hasColor: io.hasColor && !isPlain };
  try {
    return await runChoice(await parseCommandLine(argv, readPackageVersion(), shown.columns), shown, services, around);
  } catch (error) {
    const known = error instanceof UserError ? error : asMachineError(error);
    const { message, exitCode } = known ?? keepInternalError(error, argv, shown);
    // What came from a file or was typed may hold what a terminal obeys.
    const sentence = printableLine(message);
    shown.err(`${createPaint(shown.hasColor).red("zerok:")} ${sentence}\n`);
    // Who asked for a document gets one: there may be nobody who reads the other stream.
    if (argv.includes("--json") && !hasSpoken) {
      io.out(`${JSON.stringify({ error: { message: sentence }, exitCode }, undefined, 2)}\n`);
    }
    return exitCode;
  }
}

/** Each command is loaded when it is chosen: whoever pushes a line of text need not wait for a simulator. */
async function runChoice(choice: Choice, io: Io, given: Services | undefined, around: Surroundings): Promise<ExitCode> {
  const services = async (): Promise<Services> => given ?? (await import("./cli/services.ts")).createServices();
  switch (choice.command) {
    case "text":
      io.out(choice.text);
      return EXIT.valid;
    case "later":
      throw laterCommand(choice.name);
    case "client":
      return (await import("./cli/client-commands.ts")).runClientCommand(choice.choice, io, around);
    case "sim":
      assertSimulated(choice.later, "`zerok chaos`, or `zerok replay` with --on local or docker");
      if (choice.later.exhaustive === true) {
        const { runExhaustiveCommand } = await import("./cli/exhaustive-command.ts");
        return runExhaustiveCommand(choice.args, io, await services());
      }
      return (await import("./cli/sim-command.ts")).runSimCommand(choice.args, io, await services());
    case "replay":
      if (isReal(choice.later)) {
        const { runReplayOnCommand } = await import("./cli/replay-on-command.ts");
        const { on, build } = choice.later;
        return runReplayOnCommand({ ...choice.args, on, build }, io, await services());
      }
      assertSimulated(choice.later, "the real world: it goes with --on local or docker");
      return (await import("./cli/replay-command.ts")).runReplayCommand(choice.args, io, await services());
    case "shrink":
      return (await import("./cli/shrink-command.ts")).runShrinkCommand(choice.args, io, await services());
    case "chaos":
      return (await import("./cli/chaos-command.ts")).runChaosCommand(choice.args, io, await services());
    case "doctor":
      return (await import("./cli/doctor-command.ts")).runDoctorCommand(choice.args, io);
    case "scenarios":
      return (await import("./cli/scenarios-command.ts")).runScenariosCommand(choice.args, io, await services());
    case "bench":
      return (await import("./cli/bench-command.ts")).runBenchCommand(choice.args, io);
    case "mutants":
      return (await import("./cli/mutants-command.ts")).runMutantsCommand(choice.args, io);
    case "agent":
      return (await import("./cli/agent-command.ts")).runAgentCommand(choice.args);
    case "relay":
      return (await import("./cli/relay-command.ts")).runRelayCommand(choice.args, io);
  }
}

/** A backend in the real world is asked for. */
function isReal(later: Later): later is Later & { readonly on: string } {
  return later.on !== undefined && later.on !== "sim";
}

/** `place`: where --build belongs. */
function assertSimulated({ on, build }: Later, place: string): void {
  if (on === "live") throw laterOption("--on live");
  if (on !== undefined && on !== "sim") throw new UserError(`--on ${on} is for \`zerok chaos\` and \`zerok replay\`.`);
  if (build !== undefined) throw new UserError(`--build is for ${place}.`);
}

const LACKS: Readonly<Record<string, string>> = {
  ENOSPC: "no space is left: make room there",
  EDQUOT: "your quota is used up: make room there",
  EROFS: "it is read-only: name another place",
  EMFILE: "too many files are open: raise the limit (ulimit -n)",
  ENFILE: "the system has too many files open: end something else",
  ENOMEM: "there is no memory left: end something else",
  EIO: "the disk failed: name another place",
};

/** What the system refused wherever it was asked, if that is no mistake of ours. */
function asMachineError(error: unknown): UserError | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code = "", path, syscall } = error as NodeJS.ErrnoException;
  if (syscall === "uv_cwd")
    return new UserError("The folder that you are in is gone: cd to another one.", EXIT.machineCannot);
  const lack = LACKS[code];
  if (lack === undefined) return undefined;
  return new UserError(`${path ?? tmpdir()} cannot be used, ${lack}.`, EXIT.machineCannot);
}

/** A bug of ours: one sentence for the person, the details in a file for whoever mends it. */
function keepInternalError(error: unknown, argv: readonly string[], io: Io): UserError {
  const details = error instanceof Error ? (error.stack ?? error.message) : String(error);
  if (process.env["ZEROK_DEBUG"] === "1") io.err(`${details}\n`);
  let where = "could not be written down; ZEROK_DEBUG=1 shows them";
  try {
    const path = join(mkdtempSync(join(tmpdir(), "zerok-")), "internal-error.txt");
    writeFileSync(path, `zerok ${shownWords(argv)}\nNode ${process.version}, ${process.platform}\n\n${details}\n`);
    where = `are in ${path}`;
  } catch {
    // A full disk must not hide the first error.
  }
  const sentence = `internal error, which is a bug in zerok and nothing you did. The details ${where}.`;
  return new UserError(sentence, EXIT.internal);
}

/** What a person pushes, and an invite that is joined with, are nobody else's: of the client's commands only the options. */
function shownWords(argv: readonly string[]): string {
  if (!CLIENT_COMMANDS.some((name) => name === argv[0])) return argv.join(" ");
  return argv.map((word, at) => (at === 0 ? word : (/^--?[a-z-]+/.exec(word)?.[0] ?? "…"))).join(" ");
}

export async function runProcess(): Promise<void> {
  let isCut = false;
  const io = createProcessIo((why) => {
    isCut = true;
    process.exitCode = EXIT.machineCannot;
    process.stderr.write(`zerok: what there is to say cannot be written to stdout (${why}): send it somewhere else.\n`);
  });
  const code = await runCli(process.argv.slice(2), io);
  process.exitCode = isCut ? EXIT.machineCannot : code;
}
