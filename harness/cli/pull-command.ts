/** `zerok pull`: what is new in the group, each entry shown once; with `--watch` what comes, until it is ended. */
import { parseItem } from "../client/item.ts";
import type { SyncClient } from "../client/sync-client.ts";
import { RevokedError, type SyncError } from "../client/sync-error.ts";
import type { InboxEntry } from "../client/sync-events.ts";
import {
  type ClientArguments,
  type ClientCall,
  isOffline,
  note,
  requireGroup,
  say,
  sayJson,
  tryConnect,
  withClient,
} from "./client-call.ts";
import { parseWaitOption } from "./client-values.ts";
import { EXIT, type ExitCode } from "./exit-code.ts";
import { entryJson, renderEntry } from "./item-text.ts";
import { parseCountOption } from "./option-values.ts";
import { prepareOut, saveEntry } from "./saved-file.ts";
import { noteConnections, noteTrouble } from "./trouble.ts";

export interface PullArguments extends ClientArguments {
  readonly after: string | undefined;
  readonly limit: string | undefined;
  readonly watch: boolean;
  readonly out: string | undefined;
  readonly wait: string;
}

interface Reading {
  readonly client: SyncClient;
  readonly call: ClientCall;
  readonly out: string | undefined;
  /** The last entry that was shown. */
  at: number;
  /** Entries that may still be shown. */
  left: number;
  /** Looking back with `--after` changes nothing about what is new. */
  readonly isMarked: boolean;
  readonly isWatch: boolean;
}

const BATCH_ENTRIES = 50;
const COUNT_MAX = Number.MAX_SAFE_INTEGER;

export async function runPullCommand(args: PullArguments, call: ClientCall): Promise<ExitCode> {
  const after = args.after === undefined ? undefined : parseCountOption("after", args.after, 0, COUNT_MAX);
  const limit = args.limit === undefined ? Infinity : parseCountOption("limit", args.limit, 1, COUNT_MAX);
  const waitMs = parseWaitOption(args.wait);
  const group = requireGroup(call);
  const out = args.out === undefined ? undefined : prepareOut(args.out);
  return withClient(call, args.watch ? "pull --watch" : "pull", group, async (client) => {
    const reading: Reading = {
      client,
      call,
      out,
      at: after ?? client.readMark,
      left: limit,
      isMarked: after === undefined,
      isWatch: args.watch,
    };
    if (args.watch) return call.around.untilStopped((stop) => watch(reading, stop));
    return pullOnce(reading, waitMs);
  });
}

async function pullOnce(reading: Reading, waitMs: number): Promise<ExitCode> {
  const { client, call } = reading;
  const trouble = noteTrouble(client, call);
  const offline = await catchUp(client, waitMs);
  const entries: object[] = [];
  let count = 0;
  let unsaved: InboxEntry | undefined;
  for await (const { entry, path } of take(reading)) {
    count += 1;
    if (path === undefined && parseItem(entry.data).type !== "text") unsaved ??= entry;
    if (call.isJson) entries.push(entryJson(entry, client.deviceId, path));
    else call.io.out(renderEntry(call.paint, entry, client.deviceId, path));
  }
  const unread = client.status().inbox - reading.at;
  sayJson(call, { entries, unread, isCaughtUp: offline === undefined, why: offline?.message ?? null, trouble });
  if (call.isJson) await mark(reading);
  if (!call.isJson && !call.isQuiet) {
    if (count === 0 && offline === undefined) say(call, "Nothing new.\n");
    if (unsaved !== undefined) {
      note(call, `To save files: ${call.next(`pull --after ${unsaved.index - 1} --out FOLDER`)}`);
    }
    const rest = reading.isMarked ? "pull" : `pull --after ${reading.at}`;
    if (unread > 0) note(call, `${unread} more: ${call.next(rest)}`);
  }
  if (offline === undefined) return EXIT.valid;
  note(call, `This is what was here already. ${offline.message} Try again: ${call.next("pull")}`);
  return EXIT.unknown;
}

/** Undefined when everything that the relay has is here; else why not. */
async function catchUp(client: SyncClient, waitMs: number): Promise<SyncError | undefined> {
  const offline = await tryConnect(client);
  if (offline !== undefined) return offline;
  try {
    await client.catchUp({ timeoutMs: waitMs });
    return undefined;
  } catch (error) {
    if (isOffline(error)) return error;
    throw error;
  }
}

/**
 * What has not been shown, as far as the limit goes and somebody takes it. It counts as shown when it was written: one
 * document is written when it is whole.
 */
async function* take(
  reading: Reading,
): AsyncGenerator<{ readonly entry: InboxEntry; readonly path: string | undefined }> {
  const { client, call, out } = reading;
  for (;;) {
    const batch = client.inbox({ after: reading.at, limit: Math.min(BATCH_ENTRIES, reading.left) });
    for (const entry of batch) {
      const path = out === undefined ? undefined : saveEntry(out, entry);
      yield { entry, path };
      reading.at = entry.index;
      reading.left -= 1;
    }
    if (batch.length === 0) return;
    const isOneDocument = call.isJson && !reading.isWatch;
    if (!isOneDocument && !(await mark(reading))) return;
    if (reading.left === 0) return;
  }
}

/** What was shown so far is not new any more. False when it was not taken: then it is. */
async function mark({ client, call, at, isMarked }: Reading): Promise<boolean> {
  if (!(await call.io.taken())) return false;
  if (isMarked && at > client.readMark) client.markRead(at);
  return true;
}

/** Until it is stopped, or as many entries were shown as may be. */
async function watch(reading: Reading, stop: AbortSignal): Promise<ExitCode> {
  const { client, call } = reading;
  const showNew = async (): Promise<void> => {
    for await (const { entry, path } of take(reading)) {
      call.io.out(
        call.isJson
          ? `${JSON.stringify(entryJson(entry, client.deviceId, path))}\n`
          : renderEntry(call.paint, entry, client.deviceId, path),
      );
    }
  };
  // One after the other: what came meanwhile is shown by the next.
  let shown = Promise.resolve();
  const show = (): Promise<void> => (shown = shown.then(showNew));
  let failure: unknown;
  const ended = new Promise<void>((resolve) => {
    const end = (error?: unknown): void => {
      failure = error;
      resolve();
    };
    stop.addEventListener("abort", () => end(), { once: true });
    client.on("blob", () => {
      show().then(async () => {
        if (reading.left === 0 || !(await call.io.taken())) end();
      }, end);
    });
    client.on("broken", end);
    client.on("disconnected", ({ why }) => {
      if (why === "revoked") end(new RevokedError());
    });
  });
  noteTrouble(client, call);
  noteConnections(client, call);
  await show();
  if (reading.left > 0 && !stop.aborted && (await call.io.taken())) {
    note(call, "Watching. Ctrl-C ends it.");
    const offline = await Promise.race([tryConnect(client), ended]);
    if (offline !== undefined) note(call, `${offline.message} Trying again until one answers.`);
    await ended;
  }
  await shown.catch(() => {});
  if (failure !== undefined) throw failure;
  return EXIT.valid;
}
