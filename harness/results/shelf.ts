/**
 * Where the runs of one command are put down. A place that fails (a full disk, a file in the way) costs no verdict: the
 * run gets no folder, the command tells what it knows all the same, and says at its end what is missing.
 */
import { EXIT, type ExitCode } from "../cli/exit-code.ts";
import { UserError } from "../user-error.ts";

/** One sentence about a place that cannot be written to, with what to do. */
export class NotWritten extends UserError {
  constructor(sentence: string) {
    super(sentence, EXIT.machineCannot);
  }
}

export class Shelf {
  readonly out: string;
  #trouble: string | undefined;

  constructor(out: string) {
    this.out = out;
  }

  /** Something could not be written. */
  get isBroken(): boolean {
    return this.#trouble !== undefined;
  }

  /** What `write` gives; undefined when it cannot write, or could not before. */
  put<T>(write: (out: string) => T): T | undefined {
    if (this.#trouble !== undefined) return undefined;
    try {
      return write(this.out);
    } catch (error) {
      if (!(error instanceof NotWritten)) throw error;
      this.#trouble = error.message;
      return undefined;
    }
  }

  /** At the end of the command: tells what could not be written. A run that is valid is not all that was asked for then. */
  end(io: { err(text: string): void }, code: ExitCode): ExitCode {
    if (this.#trouble === undefined) return code;
    io.err(`zerok: ${this.#trouble}\n`);
    return code === EXIT.valid ? EXIT.machineCannot : code;
  }
}
