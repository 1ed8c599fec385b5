/**
 * The command line as data: what may be typed, what it says in `--help`, and which command was chosen. Parsing runs
 * nothing; `main.ts` runs the choice.
 */
import yargs from "yargs";
import { UserError } from "../user-error.ts";
import { addClientCommands, type ClientChoice, nameStdin } from "./client-command-line.ts";
import { LATER_COMMANDS } from "./later.ts";
import { describeMistake } from "./mistake-text.ts";
import { givenOnce, REPEATABLE } from "./repeatable.ts";
import type { SimArguments } from "./sim-command.ts";
import { PORTABLE_EVERY_DEFAULT, SEEDS_DEFAULT } from "./sim-defaults.ts";
import type { BenchArguments } from "./bench-command.ts";
import type { AgentArguments } from "./agent-command.ts";
import type { MutantsArguments } from "./mutants-command.ts";
import type { RelayArguments } from "./relay-command.ts";
import type { ReplayArguments } from "./replay-command.ts";
import type { ShrinkArguments } from "./shrink-command.ts";
import type { ChaosArguments } from "./chaos-command.ts";
import type { DoctorArguments } from "./doctor-command.ts";
import type { ScenariosArguments } from "./scenarios-command.ts";

export type Choice =
  | { readonly command: "sim"; readonly args: SimArguments; readonly later: Later }
  | { readonly command: "replay"; readonly args: ReplayArguments; readonly later: Later }
  | { readonly command: "shrink"; readonly args: ShrinkArguments; readonly later: Later }
  | { readonly command: "chaos"; readonly args: ChaosArguments; readonly later: Later }
  | { readonly command: "doctor"; readonly args: DoctorArguments; readonly later: Later }
  | { readonly command: "scenarios"; readonly args: ScenariosArguments; readonly later: Later }
  | { readonly command: "bench"; readonly args: BenchArguments; readonly later: Later }
  | { readonly command: "mutants"; readonly args: MutantsArguments; readonly later: Later }
  | { readonly command: "relay"; readonly args: RelayArguments; readonly later: Later }
  | { readonly command: "agent"; readonly args: AgentArguments; readonly later: Later }
  | { readonly command: "client"; readonly choice: ClientChoice }
  | { readonly command: "later"; readonly name: string }
  /** `--help` and `--version`. */
  | { readonly command: "text"; readonly text: string };

/** Options that the design names and that are not built: as typed. */
export interface Later {
  readonly on?: string | undefined;
  readonly build?: string | undefined;
  readonly exhaustive?: boolean | undefined;
}

const SIM_EXAMPLES = [
  ["$0 sim", "every scenario, a hundred seeds each"],
  ["$0 sim --time 60s --twice", "for a minute, each run repeated in another process"],
  ["$0 sim S-CONC-01 --seed 0x2a", "one run, with its folder"],
  ["$0 sim --exhaustive", "every interleaving of two devices and a relay, with each fault"],
  ["$0 sim --seeds 1000 --shard 2/4", "the second quarter of a large sweep"],
  ["$0 sim wild --guided --time 60s", "plans nobody thought of, made of those that reached something new"],
] as const;

const EPILOGUE = `Exit codes: 0 valid, 1 invalid, 2 unknown, 3 this machine cannot run it, 64 usage, 70 internal.
Commands marked "later" are named by the design and not built yet.`;

export async function parseCommandLine(argv: readonly string[], version: string, columns: number): Promise<Choice> {
  let choice: Choice | undefined;
  const suite = {
    choices: ["toy", "portable"] as const,
    requiresArg: true,
    describe: "cryptography: made for speed, or the real one",
  };
  const out = { type: "string", default: "runs", requiresArg: true, describe: "where run folders go" } as const;
  const on = {
    type: "string",
    requiresArg: true,
    describe: "where: sim, local (processes of this machine) or docker (containers)",
  } as const;
  const build = {
    type: "string",
    requiresArg: true,
    describe: "with --on: relays and agents of another build (zerok mutants --plant)",
  } as const;
  const text = (describe: string) => ({ type: "string", requiresArg: true, describe }) as const;
  const flag = (describe: string) => ({ type: "boolean", default: false, describe }) as const;

  const parser = yargs()
    .scriptName("zerok")
    .locale("en")
    .parserConfiguration({
      "boolean-negation": false,
      "dot-notation": false,
      "parse-numbers": false,
      "parse-positional-numbers": false,
      "duplicate-arguments-array": false,
    })
    .usage(
      "$0 <command>\n\nRuns a sync protocol: in a simulated world from a seed to a verdict, and for real, as a relay and its devices.",
    )
    .option("json", { ...flag("one JSON document on stdout, nothing else there"), global: true })
    .option("quiet", { ...flag("say only what matters"), global: true })
    .option("no-color", { ...flag("no colours"), global: true })
    .command(
      "sim [ids..]",
      "sweep scenarios in the simulator",
      (command) =>
        command
          .parserConfiguration(REPEATABLE)
          .check(givenOnce("ids"))
          .positional("ids", {
            type: "string",
            array: true,
            default: [],
            describe: "scenario ids; none = all that are built",
          })
          .option("seeds", text(`seeds of each scenario (default ${SEEDS_DEFAULT})`))
          .option("seed", text("this seed alone; with --seeds, the first one"))
          .option("time", text("sweep upwards for so long, such as 60s"))
          .option("jobs", text("workers (default: all cores)"))
          .option("shard", text("only this part of the seeds, such as 1/4"))
          .option("twice", flag("repeat every run in another process and compare"))
          .option("out", out)
          .option("fail-fast", flag("stop at the first failure"))
          .option("keep-first", flag("leave a folder for the first run of each id too"))
          .option("no-shrink", flag("do not shrink the first failure"))
          .option("guided", flag("with wild: make new plans of those that reached something new"))
          .option("marks", flag("list the rare things that runs can hit, and how many did"))
          .option("suite", { ...suite, default: "toy" as const })
          .option(
            "portable-every",
            text(`compare one seed in so many with the portable suite; 0 = none (default ${PORTABLE_EVERY_DEFAULT})`),
          )
          .option("exhaustive", flag("all orders of small worlds; W-05, W-09 or W-10 alone: every case once"))
          // Understood, so that whoever types them hears where they belong.
          .option("on", { ...on, hidden: true })
          .option("build", { ...build, hidden: true })
          .example(SIM_EXAMPLES.map(([command, what]): [string, string] => [command, what])),
      (args) => void (choice = { command: "sim", args, later: args }),
    )
    .command(
      "replay <what>",
      "run a capsule, a run folder or a seed again",
      (command) =>
        command
          .parserConfiguration(REPEATABLE)
          .check(givenOnce())
          .positional("what", {
            type: "string",
            demandOption: true,
            describe: "capsule.json, run folder, or seed with --scenario",
          })
          .option("scenario", text("the scenario of a seed"))
          .option("edited", flag("take a capsule that was edited by hand"))
          .option("trace", flag("write every event to trace.jsonl.gz in the run folder"))
          .option("twice", flag("repeat the run in another process and compare"))
          .option("out", out)
          .option("suite", { ...suite, defaultDescription: "as in the capsule" })
          .option("on", on)
          .option("build", build)
          .example("$0 replay runs/latest", "the newest run folder")
          .example("$0 replay 0x2a --scenario S-CONC-01 --trace", "a seed, with all its events"),
      (args) =>
        void (choice = {
          command: "replay",
          args: { ...args, scenario: args.scenario, suite: args.suite },
          later: args,
        }),
    )
    .command(
      "shrink <what>",
      "the smallest plan that still breaks the same checker",
      (command) =>
        command
          .parserConfiguration(REPEATABLE)
          .check(givenOnce())
          .positional("what", {
            type: "string",
            demandOption: true,
            describe: "capsule.json, run folder, or seed with --scenario",
          })
          .option("scenario", text("the scenario of a seed"))
          .option("checker", text("shrink what this checker found (default: the first finding)"))
          .option("time", text("take the smallest so far after this long (default 30s)"))
          .option("edited", flag("take a capsule that was edited by hand"))
          .option("out", out)
          .option("suite", { ...suite, defaultDescription: "as in the capsule" })
          .example("$0 shrink runs/latest", "of the newest run folder")
          .example("$0 shrink 0x80 --scenario wild", "of a seed"),
      (args) =>
        void (choice = {
          command: "shrink",
          args: { ...args, scenario: args.scenario, checker: args.checker, time: args.time, suite: args.suite },
          later: {},
        }),
    )
    .command(
      "chaos [ids..]",
      "the same scenarios in the real world: processes, containers",
      (command) =>
        command
          .parserConfiguration(REPEATABLE)
          .check(givenOnce("ids"))
          .positional("ids", {
            type: "string",
            array: true,
            default: [],
            describe: "scenario ids; none = all whose row has this backend",
          })
          .option("on", {
            type: "string",
            requiresArg: true,
            default: "local",
            describe: "local (processes of this machine) or docker (containers)",
          })
          .option("seed", text("the first seed (default 0x1)"))
          .option("repeat", text("so many seeds of each scenario, one after the other (default 1)"))
          .option("jobs", text("so many runs at once (default 1; more of them delay each other's faults)"))
          .option("build", build)
          .option("heal", flag("take away what killed runs left behind, and end"))
          .option("out", out)
          .example("$0 chaos S-CONC-01 E-HS-01", "on processes of this machine, with fault proxies between them")
          .example("$0 chaos T-LOSS-02 --on docker --repeat 3", "three seeds, on containers behind Toxiproxy")
          .example("$0 chaos --heal --on docker", "containers, networks and proxies of runs that were killed"),
      (args) =>
        void (choice = {
          command: "chaos",
          args: { ...args, seed: args.seed, repeat: args.repeat, jobs: args.jobs, build: args.build },
          later: {},
        }),
    )
    .command(
      "doctor",
      "what this machine can run, and how to get the rest",
      (command) => command.example("$0 doctor", "Node, SQLite, Docker, Toxiproxy, Pumba, and what each is for"),
      (args) => void (choice = { command: "doctor", args, later: {} }),
    )
    .command(
      "scenarios [id]",
      "list the catalogue, or one scenario in full",
      (command) =>
        command
          .positional("id", { type: "string", describe: "one scenario" })
          .example("$0 scenarios S-CONC-01", "what it must hold, where it comes from"),
      (args) => void (choice = { command: "scenarios", args: { ...args, id: args.id }, later: {} }),
    )
    .command(
      "bench [part]",
      "figures as ratios to ceilings measured in the same run",
      (command) =>
        command
          .positional("part", {
            type: "string",
            default: "sim",
            describe: "sim, relay or checkers; report comes later",
          })
          .option("rounds", text("interleaved rounds (default, and at least: sim 7, relay and checkers 5)"))
          .option("heap", flag("sim: also compare the heap after 1,000 and 10,000 seeds"))
          .option("idle", text("relay: idle sessions to weigh (default 10000)"))
          .example("$0 bench sim --heap --json", "everything, for a machine to read")
          .example("$0 bench relay", "the relay beside raw sockets and raw SQLite")
          .example("$0 bench checkers", "a history of a million operations, judged"),
      (args) =>
        void (choice = { command: "bench", args: { ...args, rounds: args.rounds, idle: args.idle }, later: {} }),
    );
  parser.command(
    "mutants [ids..]",
    "plant known bugs and report which are caught",
    (command) =>
      command
        .parserConfiguration(REPEATABLE)
        .check(givenOnce("ids"))
        .usage(
          "$0 mutants [ids..]\n\nPlants one bug after the other into the sources, in memory, and runs seeds until a checker accuses it and has nothing to say about the correct core on the same seed. Needs a checkout: a package has no sources.",
        )
        .positional("ids", { type: "string", array: true, default: [], describe: "mutants; none = all" })
        .option("budget", text("time for all together, such as 60s (default: until each is caught or all is tried)"))
        .option(
          "file",
          text("mutants of your own instead: a JSON list of { id, title, edits: [{ file, find, replace }] }"),
        )
        .option("seed", text("base seed to hunt from (default 1)"))
        .option("repeat", text("hunt from so many base seeds (default 1)"))
        .option("jobs", text("threads (default: all cores)"))
        .option("shrink", flag("shrink the plan that each was caught by, after the hunt and outside of --budget"))
        .option(
          "compare-hand",
          flag("shrink each catch and compare it with the plan that a person wrote (--repeat 20 by default)"),
        )
        .option("markdown", flag("the table and the totals as Markdown, for the README"))
        .option("plant", text("write a relay and an agent with this mutant, to --bundle"))
        .option("bundle", text("folder for --plant"))
        .option("compare", {
          ...text("two ways of wild plans in equal time: a swarm of faults or all of them; guided or random"),
          choices: ["swarm", "guided"] as const,
        })
        .example("$0 mutants --budget 60s", "as many as can be caught in a minute")
        .example("$0 mutants M01 M18 --repeat 20", "how many seeds two of them take")
        .example("$0 mutants --compare-hand", "how much larger shrunk plans are than hand-written ones")
        .example("$0 mutants --plant M01 --bundle build/M01", "a relay and an agent with the bug, for --build"),
    (args) =>
      void (choice = {
        command: "mutants",
        args: {
          ...args,
          budget: args.budget,
          file: args.file,
          seed: args.seed,
          repeat: args.repeat,
          jobs: args.jobs,
          plant: args.plant,
          bundle: args.bundle,
        },
        later: {},
      }),
  );
  parser.command(
    "relay",
    "the relay daemon",
    (command) =>
      command
        .usage(
          "$0 relay [options]\n\nRuns a relay until it is told to stop (Ctrl-C or SIGTERM). When it is ready it prints its address, 0k://<relay id>@host:port, which is what devices want to know. Its log goes to stderr, one JSON line for each event. Everything else can be set in relay.toml (--print-config shows all of it) or in the environment, as in ZEROK_LIMITS_MESSAGES_PER_MINUTE=600; the environment overrides the file, and options override both.",
        )
        .option("config", text("settings file (default: relay.toml here, if there is one)"))
        .option("listen", text("where devices connect, host:port (default 0.0.0.0:4433; port 0 = any free one)"))
        .option("http", text('where /health, /ready and /metrics are (default 127.0.0.1:8080), or "off"'))
        .option("data-dir", text("folder for its key and data (default relay-data; made when it is not there)"))
        .option("log-level", text("silent, fatal, error, warn, info (default), debug or trace"))
        .option("print-config", flag("show all settings as they would be, as a relay.toml, and end"))
        .example("$0 relay", "on port 4433 of all addresses, data in ./relay-data")
        .example("$0 relay --listen 127.0.0.1:0 --http off", "for trying things: any free port, this machine only")
        .example("$0 relay --print-config > relay.toml", "a settings file to begin with"),
    (args) =>
      void (choice = {
        command: "relay",
        args: {
          ...args,
          config: args.config,
          listen: args.listen,
          http: args.http,
          dataDir: args.dataDir,
          logLevel: args.logLevel,
          printConfig: args.printConfig,
        },
        later: {},
      }),
  );
  parser.command(
    "agent",
    "a device that takes its orders from a controller",
    (command) =>
      command
        .usage(
          "$0 agent --config FILE\n\nA device for tests: a controller writes the file, gives orders on stdin and reads reports on stdout, one JSON message a line. It ends with its stdin. Use the other commands for a device of your own.",
        )
        .option("config", { ...text("what the controller wrote for this device"), demandOption: true as const }),
    (args) => void (choice = { command: "agent", args, later: {} }),
  );
  addClientCommands(parser, (client) => void (choice = { command: "client", choice: client }));
  for (const [name, what] of Object.entries(LATER_COMMANDS)) {
    parser.command(
      `${name} [rest..]`,
      `${what} (later)`,
      (command) => command.strict(false),
      () => void (choice = { command: "later", name }),
    );
  }
  parser
    .demandCommand(1, "No command given")
    .strict()
    .help("help", "show this")
    .alias("h", "help")
    .version("version", "show the version", version)
    .epilogue(EPILOGUE)
    .wrap(Math.min(columns, 110))
    .exitProcess(false)
    .showHelpOnFail(false)
    .fail(false);

  // The parser would pass over the words behind it.
  if (argv[0] !== "push" && argv.includes("--")) {
    throw new UserError("Only a push takes words behind --: leave out the -- here.");
  }
  let shown = "";
  try {
    await parser.parseAsync(
      nameStdin(argv),
      {},
      (_error: unknown, _args: unknown, output: string) => void (shown = output),
    );
  } catch (error) {
    throw new UserError(describeMistake(error, argv));
  }
  if (shown !== "") return { command: "text", text: `${shown}\n` };
  if (choice === undefined) throw new UserError("No command given: npx zerok --help lists them.");
  return choice;
}
