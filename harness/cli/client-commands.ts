/** Runs the command of the reference client that was chosen. Loaded only then: no other command needs SQLite and the like. */
import { asUserError, createClientCall } from "./client-call.ts";
import type { ClientChoice } from "./client-command-line.ts";
import { runDeleteCommand } from "./delete-command.ts";
import { runDevicesCommand } from "./devices-command.ts";
import type { ExitCode } from "./exit-code.ts";
import { runInitCommand } from "./init-command.ts";
import type { Io } from "./io.ts";
import { runPairCommand } from "./pair-command.ts";
import { runPullCommand } from "./pull-command.ts";
import { runPushCommand } from "./push-command.ts";
import { runServeCommand } from "./serve-command.ts";
import { runStatusCommand } from "./status-command.ts";
import type { Surroundings } from "./surroundings.ts";
import { runSyncCommand } from "./sync-command.ts";

export async function runClientCommand(choice: ClientChoice, io: Io, around: Surroundings): Promise<ExitCode> {
  try {
    return await run(choice, io, around);
  } catch (error) {
    throw asUserError(error);
  }
}

function run(choice: ClientChoice, io: Io, around: Surroundings): Promise<ExitCode> {
  if (choice.name === "serve") return runServeCommand(choice.args, io, around);
  const call = createClientCall(choice.args, io, around);
  switch (choice.name) {
    case "init":
      return runInitCommand(choice.args, call);
    case "pair":
      return runPairCommand(choice.args, call);
    case "push":
      return runPushCommand(choice.args, call);
    case "pull":
      return runPullCommand(choice.args, call);
    case "sync":
      return runSyncCommand(choice.args, call);
    case "status":
      return runStatusCommand(choice.args, call);
    case "devices":
      return runDevicesCommand(choice.args, call);
    case "delete":
      return runDeleteCommand(choice.args, call);
  }
}
