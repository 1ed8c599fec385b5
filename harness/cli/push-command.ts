/** `zerok push`: text, a file or standard input, sealed into the queue on disk and sent as soon as a relay is there. */
import { readFileSync, statSync } from "node:fs";
import { basename } from "node:path";
import { BODY_BYTES_MAX } from "../../core/blob/seal.ts";
import { describeFileError } from "../client/data-folder.ts";
import { encodeItem, parseItem } from "../client/item.ts";
import type { SyncClient } from "../client/sync-client.ts";
import { QueueFullError, RevokedError, shortRelay, TimeoutError } from "../client/sync-error.ts";
import type { Acked } from "../client/sync-events.ts";
import { UserError } from "../user-error.ts";
import {
  type ClientArguments,
  type ClientCall,
  isOffline,
  requireGroup,
  say,
  sayJson,
  tryConnect,
  withClient,
} from "./client-call.ts";
import { parseTtlOption, parseWaitOption } from "./client-values.ts";
import { EXIT, type ExitCode } from "./exit-code.ts";
import { renderCount } from "./figures.ts";
import { renderBytes } from "./item-text.ts";

export interface PushArguments extends ClientArguments {
  /** Words of the text. */
  readonly text: readonly string[];
  readonly file: string | undefined;
  /** `-`: what to push is on standard input. */
  readonly stdin: boolean;
  readonly ttl: string | undefined;
  readonly wait: string;
}

/** Copies for the other relays may take so much longer; what is left goes with the next command. */
const COPIES_MS = 3000;

export async function runPushCommand(args: PushArguments, call: ClientCall): Promise<ExitCode> {
  const ttlS = args.ttl === undefined ? 0 : parseTtlOption(args.ttl);
  const waitMs = parseWaitOption(args.wait);
  const group = requireGroup(call);
  const body = await readBody(args, call);
  return withClient(call, "push", group, async (client) => {
    const { blobId, acked } = await client.push(body, { ttlS }).catch((error: unknown) => {
      throw error instanceof QueueFullError ? queueFull(call, error) : error;
    });
    const sent = await send(client, acked, waitMs).catch((error: unknown) => {
      throw error instanceof RevokedError ? stillQueued(call, error) : error;
    });
    if ("cursor" in sent) {
      const { cursor, relay } = sent;
      sayJson(call, { blobId, state: "acknowledged", cursor, relay, bytes: body.length });
      say(call, call.isQuiet ? `${blobId} ${cursor}\n` : renderSent(call, blobId, body, sent));
      return EXIT.valid;
    }
    sayJson(call, { blobId, state: "queued", why: sent.why, bytes: body.length });
    say(call, call.isQuiet ? `${blobId} queued\n` : renderQueued(call, blobId, sent.why));
    return EXIT.valid;
  });
}

function queueFull(call: ClientCall, { queued, queuedBytes, queuedMax, queuedBytesMax }: QueueFullError): UserError {
  const [is, most] = [`${renderCount(queued)} pushes (${renderCount(queuedBytes)} bytes)`, renderCount(queuedMax)];
  return new UserError(
    `Nothing was queued: ${is} in ${call.folder.path} wait for a relay, and ${most} (${renderCount(queuedBytesMax)} bytes) are the most; send them with \`${call.next("sync")}\` where a relay can be reached, then push again.`,
    EXIT.machineCannot,
  );
}

/** It is safe, and that is all: no relay takes it from this device. */
function stillQueued(call: ClientCall, { message }: RevokedError): UserError {
  return new UserError(
    `${message} What was pushed is in the queue in ${call.folder.path}, and nobody else gets it.`,
    EXIT.invalid,
  );
}

/** The acknowledgement, or why there is none yet. A definite no is thrown. */
async function send(
  client: SyncClient,
  acked: Promise<Acked>,
  waitMs: number,
): Promise<Acked | { readonly why: string }> {
  const offline = await tryConnect(client);
  if (offline !== undefined) return { why: offline.message };
  try {
    const answer = await within(acked, waitMs);
    await client.flush({ everywhere: true, timeoutMs: COPIES_MS }).catch((error: unknown) => {
      // A relay that is away gets its copy later.
      if (!isOffline(error)) throw error;
    });
    return answer;
  } catch (error) {
    if (isOffline(error)) return { why: error.message };
    throw error;
  }
}

async function within<T>(promise: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new TimeoutError("The acknowledgement", timeoutMs)), timeoutMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

function renderSent(call: ClientCall, blobId: string, body: Uint8Array, { cursor, relay }: Acked): string {
  return `${call.paint.green("Pushed")} ${renderBytes(body)}.
  Blob ID: ${blobId}
  Cursor:  ${cursor} at ${shortRelay(relay)}
`;
}

function renderQueued(call: ClientCall, blobId: string, why: string): string {
  return `${call.paint.yellow("Queued, not sent yet.")} ${why}
  Blob ID: ${blobId}
It is safe on this disk, and goes out with the next command that reaches a relay, or with: ${call.next("sync")}
`;
}

async function readBody(args: PushArguments, call: ClientCall): Promise<Uint8Array> {
  const ways = [args.text.length > 0, args.file !== undefined, args.stdin].filter(Boolean).length;
  if (ways > 1) throw new UserError("A push has a text, or --file PATH, or - for standard input: one of the three.");
  if (args.file !== undefined) return readFileItem(args.file);
  if (args.stdin) return readStdin(call);
  const text = args.text.join(" ");
  if (text === "") {
    throw new UserError(
      `There is nothing to push: \`${call.next('push "some text"')}\`, \`${call.next("push --file PATH")}\`, or - for standard input.`,
    );
  }
  return fitting("The text", encodeItem({ type: "text", text }));
}

function readFileItem(path: string): Uint8Array {
  let bytes: Uint8Array;
  try {
    const stats = statSync(path);
    if (!stats.isFile() && !stats.isDirectory())
      throw new UserError(`${path} is no file, and --file takes one; - takes standard input.`);
    const { size } = stats;
    if (size > BODY_BYTES_MAX) throw tooLarge(path, size);
    bytes = readFileSync(path);
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${path} cannot be read: ${describeFileError(error)}.`);
  }
  return fitting(path, encodeItem({ type: "file", name: basename(path), bytes }));
}

async function readStdin(call: ClientCall): Promise<Uint8Array> {
  const bytes = await call.around.readInput(BODY_BYTES_MAX);
  if (bytes === undefined) throw tooLarge("Standard input", undefined);
  if (bytes.length === 0) throw new UserError("There is nothing to push: standard input was empty.");
  // What is no text is a file without a name: raw, it could be taken for one that has a name.
  if (parseItem(bytes).type === "text") return bytes;
  return fitting("Standard input", encodeItem({ type: "file", name: "stdin", bytes }));
}

function fitting(what: string, body: Uint8Array): Uint8Array {
  if (body.length > BODY_BYTES_MAX) throw tooLarge(what, body.length);
  return body;
}

function tooLarge(what: string, bytes: number | undefined): UserError {
  const size = bytes === undefined ? "more" : `${renderCount(bytes)} bytes`;
  return new UserError(
    `${what} is too large: one push carries at most ${renderCount(BODY_BYTES_MAX)} bytes, and this has ${size}; push it in parts.`,
  );
}
