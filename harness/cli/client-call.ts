/** What every command of the reference client has in hand: the device's folder, where to write, and how to open the device. */
import type { DeviceFile } from "../../core/pairing/device-file.ts";
import { encodeRelayAddress } from "../../core/ids.ts";
import type { GroupFile } from "../../core/pairing/group-file.ts";
import { type DataFolder, dataFolder, defaultDataFolder } from "../client/data-folder.ts";
import { readDevice, readGroup } from "../client/group-store.ts";
import { SyncClient } from "../client/sync-client.ts";
import { SyncError, type SyncErrorCode } from "../client/sync-error.ts";
import { quoted } from "./short-path.ts";
import { UserError } from "../user-error.ts";
import { EXIT, type ExitCode } from "./exit-code.ts";
import type { Io } from "./io.ts";
import { createPaint, type Paint } from "./paint.ts";
import type { Surroundings } from "./surroundings.ts";

/** Options that all of them have. */
export interface ClientArguments {
  readonly dataDir: string | undefined;
  readonly json: boolean;
  readonly quiet: boolean;
}

export interface ClientCall {
  readonly folder: DataFolder;
  readonly io: Io;
  readonly around: Surroundings;
  readonly paint: Paint;
  readonly isJson: boolean;
  readonly isQuiet: boolean;
  /** A command to type next, for this folder. */
  next(words: string): string;
}

export function createClientCall(args: ClientArguments, io: Io, around: Surroundings): ClientCall {
  const { dataDir } = args;
  const folder = dataFolder(dataDir ?? around.env["ZEROK_DATA_DIR"] ?? defaultDataFolder(around.env, around.platform));
  const where = dataDir === undefined ? "" : ` --data-dir ${quoted(dataDir)}`;
  return {
    folder,
    io,
    around,
    paint: createPaint(io.hasColor),
    isJson: args.json,
    isQuiet: args.quiet,
    next: (words) => `npx zerok ${words}${where}`,
  };
}

/** The result, for a person: nothing with `--json`. */
export function say(call: ClientCall, text: string): void {
  if (!call.isJson) call.io.out(text);
}

/** The result, for a program: only with `--json`. */
export function sayJson(call: ClientCall, value: unknown): void {
  if (call.isJson) call.io.out(`${JSON.stringify(value, undefined, 2)}\n`);
}

/** About the way there: not with `--quiet`. */
export function note(call: ClientCall, text: string): void {
  if (!call.isQuiet) call.io.err(`${text}\n`);
}

export function requireDevice(call: ClientCall): DeviceFile {
  const device = readDevice(call.folder);
  if (device !== undefined) return device;
  throw new UserError(
    `There is no device in ${call.folder.path} yet: make one with \`${call.next("init --name NAME")}\`.`,
  );
}

export function requireGroup(call: ClientCall): GroupFile {
  requireDevice(call);
  const group = readGroup(call.folder);
  if (group === undefined) {
    throw new UserError(
      `This device is in no group yet: make one with \`${call.next("pair --create --relay ADDRESS")}\`, or join one with \`${call.next("pair --join CODE")}\`.`,
    );
  }
  if (group.relays.length > 0) return group;
  throw new UserError(
    `${call.folder.group} names no relay that can be reached from here: name one with \`${call.next("pair --create --relay ADDRESS")}\`.`,
  );
}

/** A relay that does not answer within this is told as such; in the background it is tried on. */
const CONNECT_TIMEOUT_MS = 5000;
/** Another command on the same folder is mostly just about to end. */
const FOLDER_WAIT_MS = 2000;

/** Opens the device, does the work, and closes it whatever happens. */
export async function withClient<T>(
  call: ClientCall,
  command: string,
  group: GroupFile,
  work: (client: SyncClient) => Promise<T>,
  waitForFolderMs = FOLDER_WAIT_MS,
): Promise<T> {
  const client = await SyncClient.open({
    dataDir: call.folder.path,
    relays: group.relays.map(encodeRelayAddress),
    groupSecret: group.secret,
    purpose: `zerok ${command}`,
    waitForFolderMs,
    config: { connectTimeoutMs: CONNECT_TIMEOUT_MS },
  });
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

/** Undefined when a relay is connected; why not, when none can be reached now. Anything else is thrown. */
export async function tryConnect(client: SyncClient): Promise<SyncError | undefined> {
  const relays = client.status().relays.length;
  try {
    await client.connect({ timeoutMs: CONNECT_TIMEOUT_MS * relays + 1000 });
    return undefined;
  } catch (error) {
    if (isOffline(error)) return error;
    throw error;
  }
}

/** It could not be done now, and may be later. */
export function isOffline(error: unknown): error is SyncError {
  if (!(error instanceof SyncError)) return false;
  return error.code === "all-relays-failed" || error.code === "not-connected" || error.code === "timeout";
}

const EXITS: Readonly<Record<SyncErrorCode, ExitCode>> = {
  "invalid-options": EXIT.usage,
  "too-large": EXIT.usage,
  // The answer is no.
  refused: EXIT.invalid,
  expired: EXIT.invalid,
  revoked: EXIT.invalid,
  "invalid-invite": EXIT.invalid,
  // There is no answer.
  "not-connected": EXIT.unknown,
  "all-relays-failed": EXIT.unknown,
  timeout: EXIT.unknown,
  "folder-in-use": EXIT.machineCannot,
  storage: EXIT.machineCannot,
  "queue-full": EXIT.machineCannot,
  closed: EXIT.internal,
  broken: EXIT.internal,
};

/** What the client could not do, as the command line tells it; other errors as they are. */
export function asUserError(error: unknown): unknown {
  return error instanceof SyncError ? new UserError(error.message, EXITS[error.code]) : error;
}
