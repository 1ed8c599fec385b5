/** `zerok sync`: sends what is queued, and takes what is new without showing it. */
import type { SyncClient } from "../client/sync-client.ts";
import { type SyncError, shortRelay } from "../client/sync-error.ts";
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
import { noteTrouble } from "./trouble.ts";

export interface SyncArguments extends ClientArguments {
  readonly wait: string;
}

/** Copies for the other relays: so much longer than the relay that is connected. */
const COPIES_MS = 3000;

export async function runSyncCommand(args: SyncArguments, call: ClientCall): Promise<ExitCode> {
  const waitMs = parseWaitOption(args.wait);
  const group = requireGroup(call);
  return withClient(call, "sync", group, async (client) => {
    const trouble = noteTrouble(client, call);
    const before = client.status();
    const sent = new Set<string>();
    let refused = 0;
    client.on("acked", ({ blobId }) => sent.add(blobId));
    client.on("refused", ({ isFinal }) => void (refused += isFinal ? 1 : 0));
    client.on("expired", () => void (refused += 1));
    const failure = await exchange(client, waitMs);
    const { inbox, unread, queued } = client.status();
    const received = inbox - before.inbox;
    const relay = client.activeRelay;
    const isComplete = failure === undefined && queued === 0;
    sayJson(call, {
      sent: sent.size,
      refused,
      queued,
      received,
      unread,
      relay,
      isComplete,
      why: failure?.message ?? null,
      trouble,
    });
    if (!call.isQuiet) {
      const where = relay === null ? "" : ` (${shortRelay(relay)})`;
      say(call, `Sent ${sent.size}, received ${received}${where}.\n`);
      if (unread > 0) say(call, `${unread} not shown yet: ${call.next("pull")}\n`);
    }
    if (queued > 0) note(call, `${queued} still queued, safe on this disk.`);
    if (failure !== undefined) note(call, failure.message);
    if (refused > 0) return EXIT.invalid;
    return failure === undefined ? EXIT.valid : EXIT.unknown;
  });
}

/** Undefined when both ways are done with the relay that is connected. */
async function exchange(client: SyncClient, waitMs: number): Promise<SyncError | undefined> {
  const offline = await tryConnect(client);
  if (offline !== undefined) return offline;
  try {
    await client.flush({ timeoutMs: waitMs });
    await client.catchUp({ timeoutMs: waitMs });
  } catch (error) {
    if (isOffline(error)) return error;
    throw error;
  }
  try {
    await client.flush({ everywhere: true, timeoutMs: COPIES_MS });
  } catch (error) {
    // A relay that is away gets its copies later: `queued` tells.
    if (!isOffline(error)) throw error;
  }
  return undefined;
}
