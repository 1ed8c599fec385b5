/**
 * The events of a device's machine that make history, as JSON: what an agent tells its controller, word for word. The
 * others are hints; what is durable is read after each commit (`disk-reader.ts`). The table of fields is typed as
 * total, so that the compiler asks for every field that an event gets.
 */
import type { ClientEvent, DisconnectWhy, PushError } from "../core/client/events.ts";
import type { PageError } from "../core/client/page-check.ts";
import type { Position } from "../core/ids.ts";
import type { GoneRange } from "../core/wire/messages.ts";
import { bytes, count, encodeFields, flag, isJsonObject, listOf, oneOf, orNull } from "./field-codec.ts";
import { type FieldCodec, type FieldCodecs, type JsonObject, parseFields, record, text } from "./field-codec.ts";

type ToldType =
  | "connecting"
  | "connected"
  | "disconnected"
  | "all-relays-failed"
  | "queued"
  | "push-failed"
  | "acked"
  | "refused"
  | "gave-up"
  | "notified"
  | "pulling"
  | "pulled"
  | "pull-failed"
  | "page-refused"
  | "accused";

/** An event that opens, closes or settles an operation of the history, or is recorded as it is. */
export type ToldEvent = Extract<ClientEvent, { readonly type: ToldType }>;

const WHYS = {
  "closed-by-application": true,
  "visit-over": true,
  refused: true,
  "connect-timeout": true,
  closed: true,
  silent: true,
  "handshake-failed": true,
  "wrong-relay": true,
  "invalid-message": true,
  "page-refused": true,
  dishonest: true,
  replaced: true,
  "relay-shutdown": true,
  "epoch-changed": true,
  "store-failed": true,
  rejected: true,
  overloaded: true,
  revoked: true,
} satisfies { readonly [W in DisconnectWhy]: true };

const why: FieldCodec<DisconnectWhy> = {
  encode: (value) => value,
  parse: (value) =>
    typeof value === "string" && Object.hasOwn(WHYS, value) ? (value as keyof typeof WHYS) : undefined,
};

const queueFull = record<Extract<PushError, { type: "QueueFull" }>>({
  type: oneOf("QueueFull"),
  rows: count,
  bytes: count,
  rowsMax: count,
  bytesMax: count,
});

const pushError: FieldCodec<PushError> = {
  encode: (value) => value,
  parse(value) {
    if (!isJsonObject(value)) return undefined;
    if (value["type"] === "QueueFull") return queueFull.parse(value);
    const { type, bytesMax, ttlSMax } = value;
    const fields = Object.keys(value).length;
    if (type === "TooLarge" && fields === 2) {
      const parsed = count.parse(bytesMax);
      return parsed === undefined ? undefined : { type, bytesMax: parsed };
    }
    if (type === "InvalidTtl" && fields === 2) {
      const parsed = count.parse(ttlSMax);
      return parsed === undefined ? undefined : { type, ttlSMax: parsed };
    }
    return (type === "StorageFull" || type === "StorageFailed") && fields === 1 ? { type } : undefined;
  },
};

const pageError: FieldCodec<PageError> = {
  encode: (value) => value,
  parse(value) {
    if (!isJsonObject(value)) return undefined;
    const { type } = value;
    const fields = Object.keys(value).length;
    if (type === "WrongMore") return fields === 1 ? { type } : undefined;
    if (fields !== 2) return undefined;
    if (type === "WrongAfter") {
      const after = count.parse(value["after"]);
      return after === undefined ? undefined : { type, after };
    }
    const cursor = count.parse(value["cursor"]);
    return (type === "Hole" || type === "WrongChain") && cursor !== undefined ? { type, cursor } : undefined;
  },
};

const position = record<Position>({ cursor: count, chain: bytes });
const goneWhy = oneOf("expired", "acknowledged", "deleted", "rotted");
const gone = record<GoneRange>({ from: count, to: count, why: goneWhy, chain: bytes });

const FIELDS: { readonly [T in ToldType]: FieldCodecs<Extract<ToldEvent, { readonly type: T }>> } = {
  connecting: { relay: text },
  connected: { relay: text, epoch: bytes, max: count },
  disconnected: { relay: text, why, retryInMs: orNull(count) },
  "all-relays-failed": { retryInMs: count },
  queued: { ref: count, blobId: bytes, sequence: count },
  "push-failed": { ref: count, error: pushError },
  acked: { relay: text, blobId: bytes, epoch: bytes, position },
  refused: { relay: text, blobId: bytes, code: count, retryable: flag, isFinal: flag },
  "gave-up": { blobId: bytes, wasSent: flag },
  notified: { relay: text, by: oneOf("Notify", "PushAck", "Welcome"), cursor: count },
  pulling: { relay: text, after: count },
  pulled: { relay: text, through: count, max: count, blobs: count, hasMore: flag, gone: listOf(gone) },
  "pull-failed": { relay: text, why: text },
  "page-refused": { relay: text, error: pageError },
  accused: {
    relay: text,
    what: oneOf("rolled-back", "forked", "replayed", "cloned"),
    cursor: count,
    sender: orNull(bytes),
  },
};

function fieldsOf(type: ToldType): { readonly [field: string]: FieldCodec<unknown> } {
  // Each codec is asked only for the field that it was made for.
  return FIELDS[type] as { readonly [field: string]: FieldCodec<unknown> };
}

/** Whether the event makes history. */
export function isTold(event: ClientEvent): event is ToldEvent {
  return Object.hasOwn(FIELDS, event.type);
}

export function encodeToldEvent(event: ToldEvent): JsonObject {
  return { type: event.type, ...encodeFields(fieldsOf(event.type), event as unknown as JsonObject) };
}

/** `undefined` for anything else: a field missing, of the wrong shape or unknown. */
export function parseToldEvent(value: unknown): ToldEvent | undefined {
  if (!isJsonObject(value)) return undefined;
  const { type } = value;
  if (typeof type !== "string" || !Object.hasOwn(FIELDS, type)) return undefined;
  const fields = parseFields(fieldsOf(type as ToldType), value, "type").value;
  // Every field was parsed by its own codec.
  return fields === undefined ? undefined : ({ type, ...fields } as ToldEvent);
}
