import { EXIT, type ExitCode } from "./cli/exit-code.ts";

/** What a person got wrong, or what this machine lacks: one sentence that says what, where, and what to type next. */
export class UserError extends Error {
  override readonly name = "UserError";
  readonly exitCode: ExitCode;

  constructor(sentence: string, exitCode: ExitCode = EXIT.usage) {
    super(sentence);
    this.exitCode = exitCode;
  }
}
