/**
 * A toy protocol: the smallest program that uses everything a host offers, and an example of how a protocol of your own
 * gets into the simulated world.
 *
 * Its machine does what commands tell it, writes down every input as a line of text and, if asked to, echoes bytes. Its
 * store appends to one file. The kernel's tests are dialogues between such programs; nothing else uses it.
 */
import type { Entropy, Input, Machine, Now, Output } from "../../core/machine.ts";
import type { Cause } from "./choices.ts";
import type { Disk } from "./disk.ts";
import type { Program, RunningProgram, StagedStore } from "./program.ts";

export type ToyCommand =
  | { readonly type: "dial"; readonly connection: number; readonly address: string }
  | { readonly type: "send"; readonly connection: number; readonly text: string }
  | { readonly type: "close"; readonly connection: number }
  | { readonly type: "write"; readonly text: string }
  /** A store operation that writes nothing. */
  | { readonly type: "look"; readonly text: string }
  | { readonly type: "wake"; readonly atMs: number | undefined }
  | { readonly type: "throw" };

export type ToyOperation = { readonly isWrite: boolean; readonly text: string };

export interface ToyOptions {
  /** Sends back whatever comes. */
  readonly echoes?: boolean;
  /** Text that this machine writes to its store for every connection that is opened. */
  readonly writesAtOpen?: string;
  /** Each `wake` asks for the same time again. */
  readonly isStubborn?: boolean;
}

/** One file, "log". Answers are the texts of the operations. */
class ToyStore implements StagedStore<ToyOperation, string> {
  private readonly disk: Disk;
  private readonly lines: string[];
  private staged: readonly ToyOperation[] = [];

  constructor(disk: Disk, lines: string[]) {
    this.disk = disk;
    this.lines = lines;
  }

  stage(operations: readonly ToyOperation[], now: Now): boolean {
    this.staged = operations;
    this.lines.push(`${now.monoMs} stage ${operations.map((operation) => operation.text).join("+")}`);
    const written = operations.filter((operation) => operation.isWrite);
    for (const { text } of written) this.disk.append("log", bytesOf(text));
    return written.length > 0;
  }

  commit(): readonly string[] {
    if (this.staged.some((operation) => operation.isWrite)) this.disk.sync("log");
    return this.staged.map((operation) => operation.text);
  }
}

class ToyMachine implements Machine<ToyCommand, string, ToyOperation, string> {
  private readonly lines: string[];
  private readonly options: ToyOptions;
  private outputs: Output<ToyOperation, string>[] = [];
  private wakeMs: number | undefined;

  constructor(lines: string[], options: ToyOptions) {
    this.lines = lines;
    this.options = options;
  }

  handle(input: Input<ToyCommand, string>, now: Now): void {
    if (input.type !== "command") this.lines.push(`${now.monoMs} ${describe(input)}`);
    switch (input.type) {
      case "bytes":
        if (this.options.echoes === true) this.put({ type: "send", connection: input.connection, bytes: input.bytes });
        break;
      case "opened":
        if (this.options.writesAtOpen !== undefined) this.store(true, this.options.writesAtOpen);
        break;
      case "deadline":
        if (this.options.isStubborn !== true) this.wakeMs = undefined;
        break;
      case "stored":
        this.put({ type: "event", event: input.answer });
        break;
      case "command":
        this.obey(input.command);
        break;
      default:
    }
  }

  poll(): Output<ToyOperation, string> | undefined {
    return this.outputs.shift();
  }

  deadline(): number | undefined {
    return this.wakeMs;
  }

  private obey(command: ToyCommand): void {
    switch (command.type) {
      case "send":
        this.put({ type: "send", connection: command.connection, bytes: bytesOf(command.text) });
        break;
      case "write":
      case "look":
        this.store(command.type === "write", command.text);
        break;
      case "wake":
        this.wakeMs = command.atMs;
        break;
      case "throw":
        throw new Error("the toy is broken");
      default:
        this.put(command);
    }
  }

  private store(isWrite: boolean, text: string): void {
    this.put({ type: "store", operation: { isWrite, text } });
  }

  private put(output: Output<ToyOperation, string>): void {
    this.outputs.push(output);
  }
}

export class ToyProgram implements Program<ToyCommand, string, ToyOperation, string> {
  /** Every input of all incarnations, and the store's and the kernel's calls: "<ms> <what>". */
  readonly lines: string[] = [];
  /** Of the incarnation that runs. */
  entropy: Entropy | undefined;
  /** Called with each answer that the machine passes on. */
  onAnswer: ((answer: string, cause: Cause) => void) | undefined;
  private readonly options: ToyOptions;

  constructor(options: ToyOptions = {}) {
    this.options = options;
  }

  start(incarnation: number, disk: Disk, entropy: Entropy): RunningProgram<ToyCommand, string, ToyOperation, string> {
    this.entropy = entropy;
    this.lines.push(`start ${incarnation} ${textOf(disk.read("log"))}`);
    return { machine: new ToyMachine(this.lines, this.options), store: new ToyStore(disk, this.lines) };
  }

  onEvent(event: string, _now: Now, cause: Cause): void {
    this.onAnswer?.(event, cause);
  }

  onCommit(now: Now): void {
    this.lines.push(`${now.monoMs} committed`);
  }
}

export function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

export function textOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}

function describe(input: Exclude<Input<ToyCommand, string>, { readonly type: "command" }>): string {
  switch (input.type) {
    case "opened":
      return `opened ${input.connection} ${input.address}`;
    case "bytes":
      return `bytes ${input.connection} ${textOf(input.bytes)}`;
    case "closed":
    case "refused":
      return `${input.type} ${input.connection}`;
    case "stored":
      return `stored ${input.answer}`;
    case "deadline":
      return "deadline";
  }
}
