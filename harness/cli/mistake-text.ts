/** What a command line that cannot be understood is told: one sentence that ends with what to type. */
import { CLIENT_COMMANDS } from "./client-command-line.ts";

/** yargs says what was wrong; what to type next is ours to say. */
export function describeMistake(error: unknown, argv: readonly string[]): string {
  const typed = argv[0];
  const what = (error instanceof Error ? error.message : String(error))
    .trim()
    .replace(/\s*\n\s*/g, " ")
    .replace(/^(Unknown arguments?):/, "$1");
  const command = [
    "sim",
    "chaos",
    "doctor",
    "replay",
    "shrink",
    "scenarios",
    "bench",
    "mutants",
    "relay",
    "agent",
    ...CLIENT_COMMANDS,
  ].find((name) => name === typed);
  if (command === undefined && typed !== undefined && !typed.startsWith("-")) {
    return `There is no command "${typed}": npx zerok --help lists them.`;
  }
  return `${what}: npx zerok ${command === undefined ? "" : `${command} `}--help shows what can be typed.`;
}
