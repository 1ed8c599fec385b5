/**
 * `zerok pair`: makes a group or another invite into it, joins one, or withdraws the invite. The group's secret is only
 * in the invite; a passphrase, when there is one, never comes from the command line, where others could read it.
 */
import { readFileSync } from "node:fs";
import type { RelayAddress } from "../../core/ids.ts";
import type { DeviceFile } from "../../core/pairing/device-file.ts";
import type { GroupFile } from "../../core/pairing/group-file.ts";
import type { Invite } from "../../core/pairing/invite.ts";
import { INVITE_RELAYS_MAX, INVITE_TTL_S } from "../../core/pairing/invite.ts";
import { describeFileError } from "../client/data-folder.ts";
import { createGroupFile, groupIdText, readGroup, replaceGroupFile } from "../client/group-store.ts";
import { createGroup, createInvite, invitePayload, sealForCode } from "../client/pairing.ts";
import { forgetPendingInvite, readPendingInvite, writePendingInvite } from "../client/pending-invite.ts";
import { RelayList, requireRelayAddress } from "../client/relay-list.ts";
import type { SyncClient } from "../client/sync-client.ts";
import { SyncError, shortRelay } from "../client/sync-error.ts";
import { UserError } from "../user-error.ts";
import {
  type ClientArguments,
  type ClientCall,
  isOffline,
  note,
  requireDevice,
  requireGroup,
  say,
  sayJson,
  tryConnect,
  withClient,
} from "./client-call.ts";
import { EXIT, type ExitCode } from "./exit-code.ts";
import { joinGroup } from "./pair-join.ts";
import { renderInvite } from "./pair-text.ts";

export interface PairArguments extends ClientArguments {
  readonly create: boolean;
  /** A payload, a short code, or - for standard input. */
  readonly join: string | undefined;
  readonly cancel: boolean;
  readonly relay: readonly string[];
  readonly passphraseFile: string | undefined;
}

/** A file that is larger is no passphrase. */
const PASSPHRASE_BYTES_MAX = 16 * 1024;

export async function runPairCommand(args: PairArguments, call: ClientCall): Promise<ExitCode> {
  const ways = [args.create, args.join !== undefined, args.cancel].filter(Boolean).length;
  if (ways !== 1) {
    throw new UserError(
      `Pairing has two sides: \`${call.next("pair --create --relay ADDRESS")}\` on the first device, \`${call.next("pair --join CODE")}\` on the other; --cancel withdraws a code.`,
    );
  }
  if (!args.create && args.passphraseFile !== undefined) {
    throw new UserError("--passphrase-file goes with --create: an invite brings all that a joining device needs.");
  }
  const device = requireDevice(call);
  if (args.cancel) return cancel(call);
  if (args.join !== undefined) return joinGroup(args.join, args.relay, call);
  return create(args, call, device);
}

async function create(args: PairArguments, call: ClientCall, device: DeviceFile): Promise<ExitCode> {
  const group = await groupFor(args, call);
  const invite = createInvite(group, device.deviceId, Date.now());
  const payload = invitePayload(invite).expose();
  const coded = await withClient(call, "pair", group, (client) => leaveAtRelay(call, client, invite));
  const expiresAt = new Date(invite.expiresAtS * 1000).toISOString();
  const { code, relay, why } = coded;
  sayJson(call, { groupId: groupIdText(group), payload, shortCode: code, relay, expiresAt, why });
  say(call, renderInvite(call, group, payload, coded));
  return EXIT.valid;
}

/** The group of this folder, made now when there is none. */
async function groupFor(args: PairArguments, call: ClientCall): Promise<GroupFile> {
  const relays = requireRelays(args.relay);
  const known = readGroup(call.folder);
  if (known !== undefined) {
    if (args.passphraseFile !== undefined) {
      throw new UserError(
        "This device is in a group already, and a group's passphrase cannot be changed: leave out --passphrase-file.",
      );
    }
    if (relays.length === 0) return requireGroup(call);
    const moved = { ...known, relays, undiallable: [] };
    replaceGroupFile(call.folder, moved);
    note(call, `The group's relays are now: ${args.relay.map((text) => shortRelay(text.trim())).join(", ")}.`);
    return moved;
  }
  if (relays.length === 0) {
    throw new UserError(
      `A new group needs a relay: \`${call.next("pair --create --relay 0k://…@HOST:PORT")}\`; \`npx zerok serve\` starts one for trying and prints its address.`,
    );
  }
  return make(args, call, relays);
}

/** Before anything is written: each an address, each once, and not more than an invite can carry. */
function requireRelays(typed: readonly string[]): readonly RelayAddress[] {
  if (typed.length === 0) return [];
  if (typed.length > INVITE_RELAYS_MAX) {
    throw new UserError(`A group has at most ${INVITE_RELAYS_MAX} relays, and these are ${typed.length}.`);
  }
  return new RelayList(typed.map(requireRelayAddress)).addresses;
}

async function make(args: PairArguments, call: ClientCall, relays: readonly RelayAddress[]): Promise<GroupFile> {
  const passphrase = await readPassphrase(args, call);
  const group = await createGroup(relays, passphrase);
  if (createGroupFile(call.folder, group)) return group;
  throw new UserError(
    "Another command has just put this device into a group: run this one again for an invite into it.",
  );
}

export interface CodedResult {
  /** Null when the relay does not keep the invite. */
  readonly code: string | null;
  /** Where it waits. */
  readonly relay: string | null;
  /** Why there is no code. */
  readonly why: string | null;
}

/** An earlier code is withdrawn: one invite at a time. */
async function leaveAtRelay(call: ClientCall, client: SyncClient, invite: Invite): Promise<CodedResult> {
  // Argon2id takes about a second, and so may the way to the relay.
  const [offline, coded] = await Promise.all([tryConnect(client), sealForCode(invite)]);
  if (offline !== undefined) return { code: null, relay: null, why: offline.message };
  try {
    const earlier = readPendingInvite(call.folder.invite, Date.now());
    if (earlier !== undefined) {
      await client.cancelInvite(earlier.lookup);
      note(call, "The short code that was made before opens nothing any more: a device has one at a time.");
    }
    await client.putInvite(coded.lookup, coded.sealed, INVITE_TTL_S);
    writePendingInvite(call.folder.invite, { lookup: coded.lookup, expiresAtS: invite.expiresAtS });
    return { code: coded.code.expose(), relay: client.activeRelay, why: null };
  } catch (error) {
    if (isOffline(error) || (error instanceof SyncError && error.code === "refused")) {
      return { code: null, relay: null, why: error.message };
    }
    throw error;
  }
}

async function cancel(call: ClientCall): Promise<ExitCode> {
  const group = requireGroup(call);
  const pending = readPendingInvite(call.folder.invite, Date.now());
  if (pending === undefined) {
    sayJson(call, { cancelled: false });
    if (!call.isQuiet)
      say(
        call,
        "No short code of this device is waiting: none was made, it was withdrawn, or its ten minutes are over.\n",
      );
    return EXIT.valid;
  }
  await withClient(call, "pair --cancel", group, async (client) => {
    const offline = await tryConnect(client);
    if (offline !== undefined) throw offline;
    await client.cancelInvite(pending.lookup);
  });
  forgetPendingInvite(call.folder.invite);
  sayJson(call, { cancelled: true });
  if (!call.isQuiet)
    say(call, "Withdrawn: the short code opens nothing any more. The QR code and its payload cannot be taken back.\n");
  return EXIT.valid;
}

/** From a file, the environment, or a person; undefined for none. */
async function readPassphrase(args: PairArguments, call: ClientCall): Promise<string | undefined> {
  const { around } = call;
  if (args.passphraseFile !== undefined) return readPassphraseFile(args.passphraseFile);
  const given = around.env["ZEROK_PASSPHRASE"];
  if (given !== undefined) return given;
  if (!around.isInteractive) return undefined;
  const typed = await around.askHidden(
    "Passphrase for the new group, at least 8 characters (Enter for a random secret): ",
  );
  if (typed === "") return undefined;
  if ((await around.askHidden("The same again: ")) === typed) return typed;
  throw new UserError("The two passphrases differ: nothing was made, run the command again.");
}

function readPassphraseFile(path: string): string {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new UserError(`--passphrase-file ${path} cannot be read: ${describeFileError(error)}.`);
  }
  if (text.length > PASSPHRASE_BYTES_MAX)
    throw new UserError(`--passphrase-file ${path} is too long for a passphrase.`);
  return text.replace(/\r?\n$/, "");
}
