/** `zerok delete`: what this device pushed goes from the relay; devices that have it already keep it. */
import { UserError } from "../user-error.ts";
import {
  type ClientArguments,
  type ClientCall,
  requireGroup,
  say,
  sayJson,
  tryConnect,
  withClient,
} from "./client-call.ts";
import { EXIT, type ExitCode } from "./exit-code.ts";

export interface DeleteArguments extends ClientArguments {
  readonly blob: string;
}

export async function runDeleteCommand(args: DeleteArguments, call: ClientCall): Promise<ExitCode> {
  const blobId = args.blob.trim().toLowerCase();
  if (!/^[0-9a-f]{32}$/.test(blobId)) {
    throw new UserError(
      `"${args.blob.slice(0, 80)}" is not a blob id: that is the 32 hex digits that \`zerok push\` printed.`,
    );
  }
  const group = requireGroup(call);
  return withClient(call, "delete", group, async (client) => {
    const offline = await tryConnect(client);
    if (offline !== undefined) throw offline;
    const { cursor } = await client.delete(blobId);
    sayJson(call, { blobId, cursor });
    if (!call.isQuiet) {
      say(
        call,
        `${call.paint.green("Deleted")} from the relay (cursor ${cursor}). Devices that have it already keep it.\n`,
      );
    }
    return EXIT.valid;
  });
}
