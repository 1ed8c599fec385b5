/**
 * Runs a plan in the simulated world and gives its history and its trace hash. One simulator is made once and used for
 * seed after seed; a run depends on the plan alone, never on the runs before it.
 *
 * A run: the relays boot and tell their ids, the devices boot, the plan's zero comes, its steps happen, everything is
 * healed, the devices get their bound to converge, the applications leave, and what is left is read.
 */
import { encodeHex, parseHex } from "../core/bytes.ts";
import type { CryptoSuite } from "../core/crypto/suite.ts";
import { portableSuite } from "../core/crypto/portable.ts";
import { deriveGroupKeys } from "../core/keys.ts";
import { Redacted } from "../core/redacted.ts";
import { createDraw, seedHalves } from "../scenarios/draw.ts";
import { HeldRun } from "../scenarios/held-run.ts";
import type { HistoryRecord } from "../scenarios/history.ts";
import type { Moment, Plan } from "../scenarios/plan.ts";
import { RecordWriter } from "./record-writer.ts";
import { SeededChoices, type Choices } from "./kernel/choices.ts";
import { Kernel } from "./kernel/kernel.ts";
import { type Guide, OrderQueue } from "./kernel/order-queue.ts";
import { ReplayedChoices } from "./kernel/recorded-choices.ts";
import type { TraceCheckpoint, TraceDetail } from "./kernel/trace.ts";
import { PlannedOrder } from "./planned-order.ts";
import { WatchedChoices, type MadeChoice } from "./kernel/watched-choices.ts";
import { RunPool } from "./run-pool.ts";
import { toySuite } from "./toy-suite.ts";
import { World } from "./world.ts";

export interface SimOptions {
  readonly suite?: "toy" | "portable";
  /** The run is a `hang` when machines have handled so many inputs. */
  readonly eventBudget?: number;
  /** Shows the events of this range. */
  readonly detail?: TraceDetail;
  /** Instead of those that the seed makes: a recording, a replay. */
  readonly choices?: Choices;
  /** Told of every choice of the run, calm ones too. */
  readonly onChoice?: (choice: MadeChoice) => void;
  /** Told of every moment of the run that a fault could be bound to. */
  readonly onMoment?: (moment: Moment, atMs: number) => void;
  /** Chooses in the window of a plan with an order, instead of what the plan says. What it throws ends the run. */
  readonly guide?: Guide;
}

export interface SimRun {
  readonly history: HistoryRecord[];
  /** 32 hex digits over every event with its bytes. */
  readonly traceHash: string;
  /** The same with all bytes replaced by their length: equal for every suite. */
  readonly shapeHash: string;
  /** Calls of any machine's `handle`. */
  readonly events: number;
  /** Trace events: the `handle` calls and what the disks and links did beside. */
  readonly traced: number;
  readonly simulatedMs: number;
  readonly frames: number;
  readonly checkpoints: readonly TraceCheckpoint[];
  /** Coverage marks that were hit, in order of the first time. */
  readonly marks: readonly string[];
  /** Those of each life of each process. */
  readonly lives: readonly ReadonlySet<string>[];
}

export interface SimulatorOptions {
  /** Puts something between the machines and their suite, by host: to measure or to sabotage. */
  readonly wrapSuite?: (suite: CryptoSuite, host: string) => CryptoSuite;
}

/** 2026-01-01T00:00:00Z: hosts know what time it is, always the same. */
const START_WALL_MS = 1_767_225_600_000;
const EVENT_BUDGET = 2_000_000;

export class Simulator {
  readonly #options: SimulatorOptions;
  readonly #writer = new RecordWriter();
  readonly #pool = new RunPool();
  #kernel: Kernel | undefined;
  /** For its code alone. */
  readonly #held = new HeldRun<World>();

  constructor(options: SimulatorOptions = {}) {
    this.#options = options;
  }

  run(plan: Plan, options: SimOptions = {}): SimRun {
    const { order } = plan;
    const queue = order === undefined ? undefined : new OrderQueue(options.guide ?? new PlannedOrder(order));
    const kernel = this.#reset(plan, options, queue);
    this.#writer.reset();
    this.#pool.reset();
    const suite = options.suite === "portable" ? portableSuite : toySuite;
    const secrets = new Map(plan.topology.groups.map(({ name }) => [name, groupSecret(plan.seed, name)]));
    const world = new World(kernel, plan, {
      suiteFor: (host) => this.#options.wrapSuite?.(suite, host) ?? suite,
      secretOf: (group) => secrets.get(group)!,
      writer: this.#writer,
      onMoment: options.onMoment,
      pool: this.#pool,
      openWindow: queue === undefined ? undefined : () => queue.open(),
    });
    recordSecrets(world, secrets, suite);
    this.#held.offer(world);
    world.run();
    const { recorder } = world;
    return {
      history: recorder.history,
      traceHash: kernel.trace.hash(),
      shapeHash: kernel.trace.shapeHash(),
      events: kernel.handled,
      traced: kernel.trace.events,
      simulatedMs: kernel.nowMs,
      frames: recorder.frames,
      checkpoints: kernel.trace.checkpoints,
      marks: [...world.marks],
      lives: world.lives,
    };
  }

  #reset(plan: Plan, options: SimOptions, queue: OrderQueue | undefined): Kernel {
    const { hi, lo } = seedHalves(plan.seed);
    const kernelOptions = {
      seedLo: lo,
      seedHi: hi,
      startWallMs: START_WALL_MS,
      eventBudget: options.eventBudget ?? EVENT_BUDGET,
      ...choicesOf(plan, options),
      ...(queue === undefined ? {} : { queue }),
    };
    if (this.#kernel === undefined) this.#kernel = new Kernel(kernelOptions);
    else this.#kernel.reset(kernelOptions);
    this.#kernel.trace.detail = options.detail;
    return this.#kernel;
  }
}

/** A plan that carries its choices is calm in all others, whatever its seed would have chosen. */
function choicesOf(plan: Plan, options: SimOptions): { readonly choices?: Choices } {
  const given =
    options.choices ?? (plan.choices === undefined ? undefined : new ReplayedChoices(plan.choices, { exact: false }));
  if (options.onChoice === undefined) return given === undefined ? {} : { choices: given };
  const { hi, lo } = seedHalves(plan.seed);
  return { choices: new WatchedChoices(given ?? new SeededChoices(lo, hi), options.onChoice) };
}

/** Argon2id is far too slow for a seed: in the simulator the derived secret is given (design §13). */
function groupSecret(seed: string, group: string): Redacted<Uint8Array> {
  return new Redacted(parseHex(createDraw(seed).hex(`group-secret/${group}`, 32))!);
}

function recordSecrets(world: World, secrets: ReadonlyMap<string, Redacted<Uint8Array>>, suite: CryptoSuite): void {
  for (const [name, secret] of secrets) {
    const keys = deriveGroupKeys(suite, secret);
    const { recorder } = world;
    recorder.add({ type: "secret", at: recorder.at, what: `secret of ${name}`, value: encodeHex(secret.expose()) });
    recorder.add({
      type: "secret",
      at: recorder.at,
      what: `encryption key of ${name}`,
      value: encodeHex(keys.encryption.expose()),
    });
    recorder.add({
      type: "secret",
      at: recorder.at,
      what: `signing seed of ${name}`,
      value: encodeHex(keys.signingSeed.expose()),
    });
  }
}
