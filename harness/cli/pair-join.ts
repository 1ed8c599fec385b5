/** `zerok pair --join`: into the group of an invite, by its payload or its short code. */
import { encodeRelayAddress } from "../../core/ids.ts";
import type { GroupFile } from "../../core/pairing/group-file.ts";
import { createGroupFile, groupIdText, readGroup } from "../client/group-store.ts";
import { type InviteTexts, resolveInvite } from "../client/invite.ts";
import { readShortCode } from "../client/pairing.ts";
import { shortRelay } from "../client/sync-error.ts";
import { UserError } from "../user-error.ts";
import { type ClientCall, note, say, sayJson, tryConnect, withClient } from "./client-call.ts";
import { EXIT, type ExitCode } from "./exit-code.ts";

const TYPED_BYTES_MAX = 16 * 1024;

export async function joinGroup(typed: string, relays: readonly string[], call: ClientCall): Promise<ExitCode> {
  const known = readGroup(call.folder);
  if (known !== undefined) {
    throw new UserError(
      `This device is in group ${groupIdText(known).slice(0, 16)}… already: for another group make a device in another folder, \`npx zerok init --name NAME --data-dir FOLDER\`.`,
    );
  }
  const text = typed === "-" ? await readTyped(call) : typed;
  const group = await resolveInvite(textsOf(text, relays, call));
  if (!createGroupFile(call.folder, group)) {
    throw new UserError("Another command has just put this device into a group: nothing was changed.");
  }
  return meet(call, group);
}

/** From standard input, or from a person without an echo: neither the screen nor the shell's history keeps it. */
async function readTyped(call: ClientCall): Promise<string> {
  const { around } = call;
  if (around.isInteractive) return (await around.askHidden("Payload or short code: ")).trim();
  const bytes = await around.readInput(TYPED_BYTES_MAX);
  return bytes === undefined ? "" : new TextDecoder().decode(bytes).trim();
}

function textsOf(text: string, relays: readonly string[], call: ClientCall): InviteTexts {
  if (readShortCode(text) === undefined) return { payload: text, relays };
  const [relay, ...rest] = relays;
  if (relay !== undefined && rest.length === 0) return { shortCode: text, relay };
  throw new UserError(
    `A short code waits at one relay, which has to be named: \`${call.next("pair --join CODE --relay HOST:PORT")}\`.`,
  );
}

/**
 * Says Hello at once: from then on the relay keeps for this device what is pushed. The group is joined also when no
 * relay answers.
 */
async function meet(call: ClientCall, group: GroupFile): Promise<ExitCode> {
  const relays = group.relays.map(encodeRelayAddress);
  const met = await withClient(call, "pair --join", group, async (client) => {
    const offline = await tryConnect(client);
    return { relay: client.activeRelay, why: offline?.message ?? null };
  });
  sayJson(call, { groupId: groupIdText(group), relays, relay: met.relay, why: met.why });
  if (!call.isQuiet) {
    const where = met.relay === null ? "" : `, connected to ${shortRelay(met.relay)}`;
    say(call, `${call.paint.green("Joined")} group ${groupIdText(group).slice(0, 16)}…${where}.\n\n`);
    say(call, `What is there already:  ${call.next("pull")}\nPush something:         ${call.next('push "hello"')}\n`);
  }
  if (met.why !== null) {
    note(
      call,
      `${met.why} The relay keeps things for this device from its first connection on, so connect soon: ${call.next("sync")}`,
    );
  }
  return EXIT.valid;
}
