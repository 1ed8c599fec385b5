/**
 * What a peer sent, from decoded arrays to messages: every type, length, range and relation that is visible in one
 * message is checked here, by hand, field by field, so that no machine asks again. What needs a memory (does the chain
 * fit, does a page skip a cursor) is the machines' to judge.
 *
 * A message or row has at least the elements known here; elements after them are ignored. That is the rule by which
 * later minors add fields. Called by `codec.ts` after the grammar check, which is why numbers need no test for sign,
 * fraction or safety here, and texts none for length. Byte fields are views into the frame.
 */
import { isEqualBytes } from "../bytes.ts";
import { KEY_BYTES, SIGNATURE_BYTES } from "../crypto/suite.ts";
import {
  BLOB_ID_BYTES,
  CHAIN_BYTES,
  DEVICE_ID_BYTES,
  EPOCH_BYTES,
  GENESIS,
  type BlobId,
  type Position,
} from "../ids.ts";
import {
  CURSOR_MAX,
  FRAME_BYTES_MAX,
  HELLO_VERSIONS_MAX,
  PAGE_BLOBS_MAX,
  PAGE_GONE_RANGES_MAX,
  PAYLOAD_BYTES_MAX,
  TTL_S_MAX,
} from "../limits.ts";
import { fail, ok } from "../result.ts";
import { bad, isBytes, isWithin, type Fields, type Layout, type Parsed } from "./fields.ts";
import type { GoneRange, MessageType, PulledBlob } from "./messages.ts";
import { MEMBERSHIP_LAYOUTS } from "./parse-membership.ts";
import { arrangeByTag, goneWhyOf, messageTypeOf } from "./tags.ts";

const VERSION_MAX = 255;
const CODE_MAX = 0xffff;
const RETRY_AFTER_MS_MAX = 0xffff_ffff;
const BLOB_ELEMENTS = 5;
const GONE_ELEMENTS = 4;

const LAYOUTS: Readonly<Record<MessageType, Layout>> = {
  Hello: { elements: 9, parse: parseHello },
  Welcome: { elements: 10, parse: parseWelcome },
  Push: { elements: 4, parse: parsePush },
  PushAck: { elements: 5, parse: parsePushAck },
  Pull: { elements: 4, parse: parsePull },
  PullResponse: { elements: 8, parse: parsePullResponse },
  Ack: { elements: 2, parse: parseAck },
  Notify: { elements: 2, parse: parseNotify },
  Error: { elements: 6, parse: parseError },
  Ping: { elements: 2, parse: parsePing },
  Pong: { elements: 2, parse: parsePong },
  Bye: { elements: 2, parse: parseBye },
  ...MEMBERSHIP_LAYOUTS,
};

const LAYOUTS_BY_TAG = arrangeByTag(LAYOUTS);

export function parseFields(fields: unknown): Parsed {
  if (!Array.isArray(fields)) return fail({ type: "NotAMessage" });
  const tag: unknown = fields[0];
  if (typeof tag !== "number") return fail({ type: "NotAMessage" });
  const layout = LAYOUTS_BY_TAG[tag];
  if (layout === undefined) return fail({ type: "UnknownMessage", tag });
  if (fields.length < layout.elements) return fail({ type: "MissingField", message: messageTypeOf(tag)! });
  return layout.parse(fields);
}

function parseHello(fields: Fields): Parsed {
  const [, versions, groupKey, signature, epoch] = fields;
  if (!isVersions(versions)) return bad("Hello", "versions");
  if (!isBytes(groupKey, KEY_BYTES)) return bad("Hello", "groupKey");
  if (!isBytes(signature, SIGNATURE_BYTES)) return bad("Hello", "signature");
  if (epoch !== null && !isBytes(epoch, EPOCH_BYTES)) return bad("Hello", "epoch");
  const contiguous = parsePosition(fields[5], fields[6]);
  if (contiguous === undefined) return bad("Hello", "contiguous");
  const highest = parsePosition(fields[7], fields[8]);
  if (highest === undefined || highest.cursor < contiguous.cursor) return bad("Hello", "highest");
  if (epoch === null && highest.cursor > 0) return bad("Hello", "highest");
  return ok({ type: "Hello", versions, groupKey, signature, epoch, contiguous, highest });
}

function parseWelcome(fields: Fields): Parsed {
  const [, version, epoch] = fields;
  const [, , , , , floor, pending, frameBytesMax, payloadBytesMax, quotaLeftBytes] = fields;
  if (!isWithin(version, 1, VERSION_MAX)) return bad("Welcome", "version");
  if (!isBytes(epoch, EPOCH_BYTES)) return bad("Welcome", "epoch");
  const max = parsePosition(fields[3], fields[4]);
  if (max === undefined) return bad("Welcome", "max");
  if (!isWithin(floor, 1, max.cursor + 1)) return bad("Welcome", "floor");
  if (!isWithin(pending, 0, max.cursor)) return bad("Welcome", "pending");
  if (!isWithin(frameBytesMax, 0, FRAME_BYTES_MAX)) return bad("Welcome", "frameBytesMax");
  if (!isWithin(payloadBytesMax, 0, PAYLOAD_BYTES_MAX)) return bad("Welcome", "payloadBytesMax");
  if (!isWithin(quotaLeftBytes, 0, CURSOR_MAX)) return bad("Welcome", "quotaLeftBytes");
  return ok({ type: "Welcome", version, epoch, max, floor, pending, frameBytesMax, payloadBytesMax, quotaLeftBytes });
}

function parsePush(fields: Fields): Parsed {
  const blobId = fields[1];
  const payload = fields[2];
  const ttlS = fields[3];
  if (!isBytes(blobId, BLOB_ID_BYTES)) return bad("Push", "blobId");
  if (!isPayload(payload)) return bad("Push", "payload");
  if (!isWithin(ttlS, 0, TTL_S_MAX)) return bad("Push", "ttlS");
  return ok({ type: "Push", blobId, payload, ttlS });
}

function parsePushAck(fields: Fields): Parsed {
  const blobId = fields[1];
  const cursor = fields[2];
  const chain = fields[3];
  const epoch = fields[4];
  if (!isBytes(blobId, BLOB_ID_BYTES)) return bad("PushAck", "blobId");
  if (!isWithin(cursor, 1, CURSOR_MAX)) return bad("PushAck", "cursor");
  if (!isBytes(chain, CHAIN_BYTES)) return bad("PushAck", "chain");
  if (!isBytes(epoch, EPOCH_BYTES)) return bad("PushAck", "epoch");
  return ok({ type: "PushAck", blobId, cursor, chain, epoch });
}

function parsePull(fields: Fields): Parsed {
  const after = fields[1];
  const limit = fields[2];
  const bytesMax = fields[3];
  if (!isWithin(after, 0, CURSOR_MAX)) return bad("Pull", "after");
  if (!isWithin(limit, 1, PAGE_BLOBS_MAX)) return bad("Pull", "limit");
  if (!isWithin(bytesMax, 0, CURSOR_MAX)) return bad("Pull", "bytesMax");
  return ok({ type: "Pull", after, limit, bytesMax });
}

function parsePullResponse(fields: Fields): Parsed {
  const after = fields[1];
  const through = fields[2];
  const hasMore = fields[6];
  const max = fields[7];
  if (!isWithin(after, 0, CURSOR_MAX)) return bad("PullResponse", "after");
  if (!isWithin(through, after, CURSOR_MAX)) return bad("PullResponse", "through");
  const blobs = parseBlobs(fields[3], after, through);
  if (blobs === undefined) return bad("PullResponse", "blobs");
  const gone = parseGone(fields[4], after, through);
  if (gone === undefined || !isDisjoint(blobs, gone)) return bad("PullResponse", "gone");
  const position = parsePosition(through, fields[5]);
  if (position === undefined) return bad("PullResponse", "chain");
  if (typeof hasMore !== "boolean") return bad("PullResponse", "hasMore");
  if (!isWithin(max, through, CURSOR_MAX)) return bad("PullResponse", "max");
  return ok({ type: "PullResponse", after, through, blobs, gone, chain: position.chain, hasMore, max });
}

/** Strictly ascending inside (after, through]. */
function parseBlobs(rows: unknown, after: number, through: number): PulledBlob[] | undefined {
  if (!Array.isArray(rows) || rows.length > PAGE_BLOBS_MAX) return undefined;
  const blobs = rows.map(parseBlob);
  let before = after;
  for (const blob of blobs) {
    if (blob === undefined || !isWithin(blob.cursor, before + 1, through)) return undefined;
    before = blob.cursor;
  }
  return blobs as PulledBlob[];
}

function parseBlob(row: unknown): PulledBlob | undefined {
  if (!Array.isArray(row) || row.length < BLOB_ELEMENTS) return undefined;
  const [cursor, blobId, sender, payload, timestampMs] = row as Fields;
  if (!isWithin(cursor, 1, CURSOR_MAX) || !isBytes(blobId, BLOB_ID_BYTES)) return undefined;
  if (!isBytes(sender, DEVICE_ID_BYTES) || !isPayload(payload)) return undefined;
  if (!isWithin(timestampMs, 0, CURSOR_MAX)) return undefined;
  return { cursor, blobId, sender, payload, timestampMs };
}

/** Ascending, each behind the one before it, inside (after, through]. */
function parseGone(rows: unknown, after: number, through: number): GoneRange[] | undefined {
  if (!Array.isArray(rows) || rows.length > PAGE_GONE_RANGES_MAX) return undefined;
  const gone: GoneRange[] = [];
  let before = after;
  for (let i = 0; i < rows.length; i++) {
    const row: unknown = rows[i];
    if (!Array.isArray(row) || row.length < GONE_ELEMENTS) return undefined;
    const [from, to, whyNumber, chain] = row as Fields;
    if (!isWithin(from, before + 1, through) || !isWithin(to, from, through)) return undefined;
    const why = typeof whyNumber === "number" ? goneWhyOf(whyNumber) : undefined;
    if (why === undefined || !isBytes(chain, CHAIN_BYTES)) return undefined;
    gone.push({ from, to, why, chain });
    before = to;
  }
  return gone;
}

/** No cursor is both held and gone. Both lists are ascending. */
function isDisjoint(blobs: readonly PulledBlob[], gone: readonly GoneRange[]): boolean {
  let next = 0;
  for (const { cursor } of blobs) {
    while (next < gone.length && gone[next]!.to < cursor) next++;
    if (next < gone.length && gone[next]!.from <= cursor) return false;
  }
  return true;
}

function parseAck(fields: Fields): Parsed {
  const cursor = fields[1];
  return isWithin(cursor, 0, CURSOR_MAX) ? ok({ type: "Ack", cursor }) : bad("Ack", "cursor");
}

function parseNotify(fields: Fields): Parsed {
  const latest = fields[1];
  return isWithin(latest, 0, CURSOR_MAX) ? ok({ type: "Notify", latest }) : bad("Notify", "latest");
}

function parseError(fields: Fields): Parsed {
  const [, code, retryable, retryAfterMs, tag, blobId] = fields;
  if (!isWithin(code, 0, CODE_MAX)) return bad("Error", "code");
  if (typeof retryable !== "boolean") return bad("Error", "retryable");
  if (!isWithin(retryAfterMs, 0, RETRY_AFTER_MS_MAX)) return bad("Error", "retryAfterMs");
  // A peer answers only what we sent, so a tag that we do not know is a mistake and not a later minor.
  const message = typeof tag === "number" ? messageTypeOf(tag) : tag === null ? null : undefined;
  if (message === undefined) return bad("Error", "subject.message");
  if (!isBlobIdOrNull(blobId)) return bad("Error", "subject.blobId");
  return ok({ type: "Error", code, retryable, retryAfterMs, subject: { message, blobId } });
}

function parsePing(fields: Fields): Parsed {
  const token = fields[1];
  return isWithin(token, 0, CURSOR_MAX) ? ok({ type: "Ping", token }) : bad("Ping", "token");
}

function parsePong(fields: Fields): Parsed {
  const token = fields[1];
  return isWithin(token, 0, CURSOR_MAX) ? ok({ type: "Pong", token }) : bad("Pong", "token");
}

function parseBye(fields: Fields): Parsed {
  const reason = fields[1];
  return typeof reason === "string" ? ok({ type: "Bye", reason }) : bad("Bye", "reason");
}

/** Before the first cursor there is one chain only. */
function parsePosition(cursor: unknown, chain: unknown): Position | undefined {
  if (!isWithin(cursor, 0, CURSOR_MAX) || !isBytes(chain, CHAIN_BYTES)) return undefined;
  if (cursor === 0 && !isEqualBytes(chain, GENESIS)) return undefined;
  return { cursor, chain };
}

function isVersions(value: unknown): value is readonly number[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > HELLO_VERSIONS_MAX) return false;
  for (let i = 0; i < value.length; i++) if (!isWithin(value[i], 1, VERSION_MAX)) return false;
  return true;
}

function isPayload(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array && value.length <= PAYLOAD_BYTES_MAX;
}

function isBlobIdOrNull(value: unknown): value is BlobId | null {
  return value === null || isBytes(value, BLOB_ID_BYTES);
}
