import { encode as encodeAny } from "@msgpack/msgpack";
import fc from "fast-check";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { encodeHex, isEqualBytes, parseHex } from "../bytes.ts";
import { GENESIS, type Position } from "../ids.ts";
import {
  CURSOR_MAX,
  FRAME_BYTES_MAX,
  GROUP_DEVICES_MAX,
  HELLO_VERSIONS_MAX,
  INVITE_BYTES_MAX,
  INVITE_TTL_S_MAX,
  PAGE_BLOBS_MAX,
  PAGE_GONE_RANGES_MAX,
  PAYLOAD_BYTES_MAX,
  TEXT_BYTES_MAX,
  TTL_S_MAX,
} from "../limits.ts";
import { MessageCodec } from "./codec.ts";
import { encodeFields } from "./encode-message.ts";
import { checkGrammar } from "./grammar.ts";
import type { GoneRange, GoneWhy, Message, MessageType, PulledBlob, PullResponse, RevokeReason } from "./messages.ts";
import { createDecoder, createEncoder } from "./msgpack.ts";
import { TAGS } from "./tags.ts";

const codec = new MessageCodec();

function bytesOf(length: number): fc.Arbitrary<Uint8Array> {
  return fc.uint8Array({ minLength: length, maxLength: length });
}

const id = bytesOf(16);
const hash = bytesOf(32);
const payload = fc.uint8Array({ maxLength: 400 });
const cursor = fc.oneof(fc.nat(200), fc.maxSafeNat());
const position: fc.Arbitrary<Position> = fc
  .tuple(cursor, hash)
  .map(([at, chain]) => ({ cursor: at, chain: at === 0 ? GENESIS : chain }));
const sealed = fc.uint8Array({ minLength: 1, maxLength: 400 });
const inviteTtlS = fc.integer({ min: 1, max: INVITE_TTL_S_MAX });
const revokeReason = fc.constantFrom<RevokeReason>("lost", "decommissioned", "compromised");
const type = fc.constantFrom(...(Object.keys(TAGS) as MessageType[]));
const reason = fc
  .string({ unit: "binary", maxLength: 60 })
  .filter((text) => !text.startsWith("\uFEFF") && new TextEncoder().encode(text).length <= TEXT_BYTES_MAX);

/** A page: each step from `after` on is a blob, a gone range, or a cursor that the page says nothing of. */
const pullResponse: fc.Arbitrary<PullResponse> = fc
  .record({
    after: fc.oneof(fc.nat(200), fc.integer({ min: 0, max: CURSOR_MAX - 10_000 })),
    steps: fc.array(
      fc.record({
        what: fc.constantFrom("blob", "gone", "skip"),
        span: fc.integer({ min: 1, max: 50 }),
        why: fc.constantFrom<GoneWhy>("expired", "acknowledged", "deleted", "rotted"),
        blobId: id,
        sender: hash,
        payload,
        timestampMs: fc.maxSafeNat(),
      }),
      { maxLength: 30 },
    ),
    chain: hash,
    hasMore: fc.boolean(),
    beyond: fc.nat(1000),
  })
  .map(({ after, steps, chain, hasMore, beyond }) => {
    const blobs: PulledBlob[] = [];
    const gone: GoneRange[] = [];
    let through = after;
    for (const { what, span, why, blobId, sender, payload: bytes, timestampMs } of steps) {
      const from = through + 1;
      through += what === "blob" ? 1 : span;
      if (what === "blob") blobs.push({ cursor: through, blobId, sender, payload: bytes, timestampMs });
      if (what === "gone") gone.push({ from, to: through, why, chain: sender });
    }
    const max = through + beyond;
    return { type: "PullResponse", after, through, blobs, gone, chain: through === 0 ? GENESIS : chain, hasMore, max };
  });

/** One arbitrary for each type: the compiler asks for a new one. */
const arbitraries: { readonly [Type in MessageType]: fc.Arbitrary<Extract<Message, { type: Type }>> } = {
  Hello: fc
    .record({
      type: fc.constant("Hello" as const),
      versions: fc.array(fc.integer({ min: 1, max: 255 }), { minLength: 1, maxLength: HELLO_VERSIONS_MAX }),
      groupKey: hash,
      signature: bytesOf(64),
      epoch: fc.option(id),
      contiguous: position,
      highest: position,
    })
    .map((hello) => {
      const start = { cursor: 0, chain: GENESIS };
      if (hello.epoch === null) return { ...hello, contiguous: start, highest: start };
      const { contiguous: one, highest: other } = hello;
      return one.cursor <= other.cursor ? hello : { ...hello, contiguous: other, highest: one };
    }),
  Welcome: fc
    .record({
      type: fc.constant("Welcome" as const),
      version: fc.integer({ min: 1, max: 255 }),
      epoch: id,
      max: position.filter((at) => at.cursor < CURSOR_MAX),
      floor: fc.maxSafeNat(),
      pending: fc.maxSafeNat(),
      frameBytesMax: fc.nat(FRAME_BYTES_MAX),
      payloadBytesMax: fc.nat(PAYLOAD_BYTES_MAX),
      quotaLeftBytes: fc.maxSafeNat(),
    })
    .map((welcome) => {
      const most = welcome.max.cursor + 1;
      return { ...welcome, floor: 1 + (welcome.floor % most), pending: welcome.pending % most };
    }),
  Push: fc.record({ type: fc.constant("Push"), blobId: id, payload, ttlS: fc.nat(TTL_S_MAX) }),
  PushAck: fc.record({
    type: fc.constant("PushAck"),
    blobId: id,
    cursor: fc.integer({ min: 1, max: CURSOR_MAX }),
    chain: hash,
    epoch: id,
  }),
  Pull: fc.record({
    type: fc.constant("Pull"),
    after: cursor,
    limit: fc.integer({ min: 1, max: PAGE_BLOBS_MAX }),
    bytesMax: fc.maxSafeNat(),
  }),
  PullResponse: pullResponse,
  Ack: fc.record({ type: fc.constant("Ack"), cursor }),
  Notify: fc.record({ type: fc.constant("Notify"), latest: cursor }),
  Error: fc.record({
    type: fc.constant("Error"),
    code: fc.nat(0xffff),
    retryable: fc.boolean(),
    retryAfterMs: fc.nat(1_000_000),
    subject: fc.record({ message: fc.option(type), blobId: fc.option(id) }),
  }),
  Ping: fc.record({ type: fc.constant("Ping"), token: fc.maxSafeNat() }),
  Pong: fc.record({ type: fc.constant("Pong"), token: fc.maxSafeNat() }),
  Bye: fc.record({ type: fc.constant("Bye"), reason }),
  InvitePut: fc.record({ type: fc.constant("InvitePut"), lookup: id, sealed, ttlS: inviteTtlS }),
  InviteKept: fc.record({ type: fc.constant("InviteKept"), lookup: id, ttlS: inviteTtlS }),
  InviteClaim: fc.record({ type: fc.constant("InviteClaim"), lookup: id }),
  InviteGiven: fc.record({ type: fc.constant("InviteGiven"), lookup: id, sealed }),
  InviteCancel: fc.record({ type: fc.constant("InviteCancel"), lookup: id }),
  InviteCancelled: fc.record({ type: fc.constant("InviteCancelled"), lookup: id }),
  Delete: fc.record({ type: fc.constant("Delete"), blobId: id }),
  Deleted: fc.record({ type: fc.constant("Deleted"), blobId: id, cursor: fc.integer({ min: 1, max: CURSOR_MAX }) }),
  ListDevices: fc.record({ type: fc.constant("ListDevices") }),
  Devices: fc.record({
    type: fc.constant("Devices"),
    devices: fc.array(
      fc.record({
        device: hash,
        acknowledged: cursor,
        lastSeenMs: fc.maxSafeNat(),
        isOnline: fc.boolean(),
        isRevoked: fc.boolean(),
      }),
      { maxLength: 20 },
    ),
  }),
  RevokeDevice: fc.record({ type: fc.constant("RevokeDevice"), device: hash, reason: revokeReason }),
  DeviceRevoked: fc.record({
    type: fc.constant("DeviceRevoked"),
    device: hash,
    by: hash,
    reason: revokeReason,
    timestampMs: fc.maxSafeNat(),
  }),
};

function filled(length: number, byte: number): Uint8Array {
  return new Uint8Array(length).fill(byte);
}

const page: PullResponse = {
  type: "PullResponse",
  after: 2,
  through: 9,
  blobs: [
    { cursor: 3, blobId: filled(16, 1), sender: filled(32, 2), payload: filled(20, 3), timestampMs: 1_700_000_000_000 },
    { cursor: 7, blobId: filled(16, 4), sender: filled(32, 5), payload: filled(0, 0), timestampMs: 5 },
  ],
  gone: [
    { from: 4, to: 6, why: "expired", chain: filled(32, 6) },
    { from: 8, to: 9, why: "deleted", chain: filled(32, 7) },
  ],
  chain: filled(32, 8),
  hasMore: true,
  max: 20,
};

/** Fields that are small enough to try every change of every byte. */
const samples: { readonly [Type in MessageType]: Extract<Message, { type: Type }> } = {
  Hello: {
    type: "Hello",
    versions: [2, 200],
    groupKey: filled(32, 1),
    signature: filled(64, 2),
    epoch: filled(16, 3),
    contiguous: { cursor: 300, chain: filled(32, 4) },
    highest: { cursor: 70_000, chain: filled(32, 5) },
  },
  Welcome: {
    type: "Welcome",
    version: 2,
    epoch: filled(16, 1),
    max: { cursor: 2 ** 40, chain: filled(32, 2) },
    floor: 3,
    pending: 4,
    frameBytesMax: FRAME_BYTES_MAX,
    payloadBytesMax: PAYLOAD_BYTES_MAX,
    quotaLeftBytes: 1_000_000,
  },
  Push: { type: "Push", blobId: filled(16, 1), payload: filled(40, 2), ttlS: 3600 },
  PushAck: { type: "PushAck", blobId: filled(16, 1), cursor: 128, chain: filled(32, 2), epoch: filled(16, 3) },
  Pull: { type: "Pull", after: 5, limit: 100, bytesMax: 1_000_000 },
  PullResponse: page,
  Ack: { type: "Ack", cursor: 255 },
  Notify: { type: "Notify", latest: 65_536 },
  Error: {
    type: "Error",
    code: 2002,
    retryable: true,
    retryAfterMs: 30_000,
    subject: { message: "Push", blobId: filled(16, 1) },
  },
  Ping: { type: "Ping", token: 2 ** 33 },
  Pong: { type: "Pong", token: 0 },
  Bye: { type: "Bye", reason: "replaced – später" },
  InvitePut: { type: "InvitePut", lookup: filled(16, 1), sealed: filled(30, 2), ttlS: 300 },
  InviteKept: { type: "InviteKept", lookup: filled(16, 1), ttlS: INVITE_TTL_S_MAX },
  InviteClaim: { type: "InviteClaim", lookup: filled(16, 1) },
  InviteGiven: { type: "InviteGiven", lookup: filled(16, 1), sealed: filled(30, 2) },
  InviteCancel: { type: "InviteCancel", lookup: filled(16, 1) },
  InviteCancelled: { type: "InviteCancelled", lookup: filled(16, 1) },
  Delete: { type: "Delete", blobId: filled(16, 1) },
  Deleted: { type: "Deleted", blobId: filled(16, 1), cursor: 300 },
  ListDevices: { type: "ListDevices" },
  Devices: {
    type: "Devices",
    devices: [
      { device: filled(32, 1), acknowledged: 7, lastSeenMs: 1_700_000_000_000, isOnline: true, isRevoked: false },
      { device: filled(32, 2), acknowledged: 0, lastSeenMs: 0, isOnline: false, isRevoked: true },
    ],
  },
  RevokeDevice: { type: "RevokeDevice", device: filled(32, 1), reason: "compromised" },
  DeviceRevoked: {
    type: "DeviceRevoked",
    device: filled(32, 1),
    by: filled(32, 2),
    reason: "lost",
    timestampMs: 2 ** 40,
  },
};

/** What the peer hears when elements of a message are others than the sender of `message` would write. */
function parseWith(message: Message, change: (fields: unknown[]) => void): unknown {
  const fields = structuredClone(encodeFields(message)) as unknown[];
  change(fields);
  const parsed = codec.parse(encodeAny(fields));
  return parsed.ok ? parsed.value : parsed.error;
}

function badField(message: MessageType, field: string): object {
  return { type: "BadField", message, field };
}

describe.each(Object.keys(TAGS) as MessageType[])("%s", (messageType) => {
  const sample: Message = samples[messageType];

  it("comes back as it was sent, and is the only one with its bytes", () => {
    fc.assert(
      fc.property(arbitraries[messageType] as fc.Arbitrary<Message>, (message) => {
        const bytes = codec.encode(message).slice();
        const parsed = codec.parse(bytes);
        expect(parsed).toEqual({ ok: true, value: message });
        expect(parsed.ok && encodeHex(codec.encode(parsed.value))).toBe(encodeHex(bytes));
      }),
    );
  });

  it("begins with its tag", () => {
    expect(codec.encode(sample)[1]).toBe(TAGS[messageType]);
  });

  it("is an error wherever it is cut", () => {
    const bytes = codec.encode(sample).slice();
    for (let length = 0; length < bytes.length; length++) {
      expect(codec.parse(bytes.subarray(0, length))).toEqual({ ok: false, error: { type: "Truncated", at: length } });
    }
  });

  it("becomes an error or another message by any change of any byte", () => {
    const bytes = codec.encode(sample).slice();
    for (let at = 0; at < bytes.length; at++) {
      const original = bytes[at]!;
      for (let change = 1; change < 256; change++) {
        bytes[at] = original ^ change;
        const parsed = codec.parse(bytes);
        // Under another tag, fields may be left over. Otherwise what is admitted is written in exactly these bytes.
        if (!parsed.ok || parsed.value.type !== messageType) continue;
        if (encodeHex(codec.encode(parsed.value)) !== encodeHex(bytes)) {
          expect.fail(`byte ${at} as ${bytes[at]!.toString(16)} is another form of ${JSON.stringify(parsed.value)}`);
        }
      }
      bytes[at] = original;
    }
    expect(codec.parse(bytes)).toEqual({ ok: true, value: sample });
  });

  it("may have elements that a later minor adds, and lacks none", () => {
    expect(parseWith(sample, (fields) => fields.push(7, [1, [2]], null, "new"))).toEqual(sample);
    const lacking = parseWith(sample, (fields) => fields.pop());
    const isTagAlone = encodeFields(sample).length === 1;
    expect(lacking).toEqual(isTagAlone ? { type: "NotAMessage" } : { type: "MissingField", message: messageType });
  });

  it("is an error with any field of another type", () => {
    const count = encodeFields(sample).length;
    for (let at = 1; at < count; at++) {
      for (const other of [null, true, 7, "text", filled(5, 1), [[]]]) {
        const heard = parseWith(sample, (fields) => (fields[at] = other)) as { type: string };
        if (heard.type === messageType) {
          const parsed = heard as Message;
          expect(encodeFields(parsed)[at]).toEqual(other);
        } else {
          expect(heard.type).toBe("BadField");
        }
      }
    }
  });
});

describe("what is not a message", () => {
  it.each<[string, unknown, object]>([
    ["a number", 3, { type: "NotAMessage" }],
    ["nil", null, { type: "NotAMessage" }],
    ["bytes", filled(3, 1), { type: "NotAMessage" }],
    ["an empty array", [], { type: "NotAMessage" }],
    ["an array without a tag", ["Push"], { type: "NotAMessage" }],
    ["tag 0", [0], { type: "UnknownMessage", tag: 0 }],
    ["a tag of a later minor", [25, 1, 2], { type: "UnknownMessage", tag: 25 }],
    ["a huge tag", [2 ** 50], { type: "UnknownMessage", tag: 2 ** 50 }],
  ])("%s is told as it is", (_what, value, error) => {
    expect(codec.parse(encodeAny(value))).toEqual({ ok: false, error });
  });

  it("never makes it throw", () => {
    const anyValue = fc.letrec((tie) => ({
      value: fc.oneof(fc.maxSafeNat(), fc.nat(20), fc.string(), fc.uint8Array(), fc.boolean(), tie("array")),
      array: fc.array(tie("value"), { maxLength: 12 }),
    })).array;
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(typeof codec.parse(bytes).ok).toBe("boolean");
      }),
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 24 }), anyValue, (tag, fields) => {
        expect(typeof codec.parse(encodeAny([tag, ...(fields as unknown[])])).ok).toBe("boolean");
      }),
      { numRuns: 1000 },
    );
  });

  it("refuses a frame full of array headers before anything is allocated for it", () => {
    const bomb = new Uint8Array(FRAME_BYTES_MAX);
    for (let at = 0; at + 3 <= bomb.length; at += 3) bomb.set([0xdc, 0xff, 0xff], at);
    const before = process.memoryUsage();
    for (let i = 0; i < 1000; i++) expect(codec.parse(bomb).ok).toBe(false);
    const after = process.memoryUsage();
    // The library alone would have taken half a megabyte for each of 349,525 headers.
    expect(after.heapUsed + after.external - before.heapUsed - before.external).toBeLessThan(64 * 1024 * 1024);
  });
});

describe("a field out of its range or against another field", () => {
  it.each<[string, Message, number, unknown, string]>([
    ["no version offered", samples.Hello, 1, [], "versions"],
    ["too many versions", samples.Hello, 1, Array.from({ length: HELLO_VERSIONS_MAX + 1 }, () => 2), "versions"],
    ["version 0", samples.Hello, 1, [0], "versions"],
    ["a short signature", samples.Hello, 3, filled(63, 1), "signature"],
    ["a short epoch", samples.Hello, 4, filled(15, 1), "epoch"],
    ["positions without an epoch", samples.Hello, 4, null, "highest"],
    ["a chain before the first cursor", samples.Hello, 5, 0, "contiguous"],
    ["a highest cursor below the contiguous one", samples.Hello, 7, 299, "highest"],
    ["a floor of 0", samples.Welcome, 5, 0, "floor"],
    ["a floor above max + 1", samples.Welcome, 5, 2 ** 40 + 2, "floor"],
    ["more pending than there are", samples.Welcome, 6, 2 ** 40 + 1, "pending"],
    ["a frame above the limit", samples.Welcome, 7, FRAME_BYTES_MAX + 1, "frameBytesMax"],
    ["a payload limit above the limit", samples.Welcome, 8, PAYLOAD_BYTES_MAX + 1, "payloadBytesMax"],
    ["a long blob id", samples.Push, 1, filled(17, 1), "blobId"],
    ["a payload above the limit", samples.Push, 2, filled(PAYLOAD_BYTES_MAX + 1, 1), "payload"],
    ["a ttl above a year", samples.Push, 3, TTL_S_MAX + 1, "ttlS"],
    ["an acknowledgement at cursor 0", samples.PushAck, 2, 0, "cursor"],
    ["a pull of nothing", samples.Pull, 2, 0, "limit"],
    ["a pull of too many", samples.Pull, 2, PAGE_BLOBS_MAX + 1, "limit"],
    ["a page that ends before it begins", page, 2, 1, "through"],
    ["a page that ends before its last blob", page, 2, 6, "blobs"],
    ["a page that ends inside a gone range", page, 2, 8, "gone"],
    ["a page that begins at its first blob", page, 1, 3, "blobs"],
    ["a short chain", page, 5, filled(31, 1), "chain"],
    ["a max below the page's end", page, 7, 8, "max"],
    ["an unknown tag in an error's subject", samples.Error, 4, 25, "subject.message"],
    ["a code above 16 bits", samples.Error, 1, 0x1_0000, "code"],
    ["a wait above 32 bits", samples.Error, 3, 2 ** 32, "retryAfterMs"],
    ["a short look-up", samples.InvitePut, 1, filled(15, 1), "lookup"],
    ["a long look-up of a claim", samples.InviteClaim, 1, filled(17, 1), "lookup"],
    ["an invite of nothing", samples.InvitePut, 2, filled(0, 1), "sealed"],
    ["an invite above the limit", samples.InvitePut, 2, filled(INVITE_BYTES_MAX + 1, 1), "sealed"],
    ["an invite above the limit, given", samples.InviteGiven, 2, filled(INVITE_BYTES_MAX + 1, 1), "sealed"],
    ["an invite for no time", samples.InvitePut, 3, 0, "ttlS"],
    ["an invite for more than ten minutes", samples.InvitePut, 3, INVITE_TTL_S_MAX + 1, "ttlS"],
    ["an invite kept for more than ten minutes", samples.InviteKept, 2, INVITE_TTL_S_MAX + 1, "ttlS"],
    ["a deletion at cursor 0", samples.Deleted, 2, 0, "cursor"],
    ["a revocation of a short id", samples.RevokeDevice, 1, filled(31, 1), "device"],
    ["a revocation without a known reason", samples.RevokeDevice, 2, 4, "reason"],
    ["a device revoked by a short id", samples.DeviceRevoked, 2, filled(31, 1), "by"],
  ])("%s", (_what, message, at, other, field) => {
    expect(parseWith(message, (fields) => (fields[at] = other))).toEqual(badField(message.type, field));
  });

  type Rows = unknown[][];

  it.each<[string, (blobs: Rows, gone: Rows) => void, string]>([
    ["blobs out of order", (blobs) => blobs.reverse(), "blobs"],
    ["a blob twice", (blobs) => (blobs[1]![0] = 3), "blobs"],
    ["a blob without its timestamp", (blobs) => blobs[0]!.pop(), "blobs"],
    ["a blob whose sender is short", (blobs) => (blobs[0]![2] = filled(31, 1)), "blobs"],
    ["a blob above the payload limit", (blobs) => (blobs[0]![3] = filled(PAYLOAD_BYTES_MAX + 1, 1)), "blobs"],
    ["a blob that is both held and gone", (blobs) => (blobs[1]![0] = 8), "gone"],
    ["a blob at the end of a gone range", (blobs) => (blobs[1]![0] = 6), "gone"],
    ["gone ranges out of order", (_blobs, gone) => gone.reverse(), "gone"],
    ["gone ranges that overlap", (_blobs, gone) => (gone[1]![0] = 6), "gone"],
    ["a gone range that ends before it begins", (_blobs, gone) => (gone[0]![1] = 3), "gone"],
    ["an unknown reason", (_blobs, gone) => (gone[0]![2] = 5), "gone"],
    ["a gone range without its chain", (_blobs, gone) => gone[0]!.pop(), "gone"],
  ])("a page with %s", (_what, change, field) => {
    const heard = parseWith(page, (fields) => change(fields[3] as Rows, fields[4] as Rows));
    expect(heard).toEqual(badField("PullResponse", field));
  });

  it("a page with elements of a later minor in its rows is read as before", () => {
    const heard = parseWith(page, (fields) =>
      [...(fields[3] as Rows), ...(fields[4] as Rows)].map((row) => row.push(1)),
    );
    expect(heard).toEqual(page);
  });

  it("a page with as many rows as are allowed, and with one more", () => {
    const blobs = Array.from({ length: PAGE_BLOBS_MAX + 1 }, (_, i) => ({ ...page.blobs[1]!, cursor: i + 1 }));
    const gone = Array.from({ length: PAGE_GONE_RANGES_MAX + 1 }, (_, i) => {
      return { ...page.gone[0]!, from: 2000 + i, to: 2000 + i };
    });
    const full = { ...page, after: 0, through: 3000, max: 3000, blobs: blobs.slice(1), gone: gone.slice(1) };
    expect(codec.parse(codec.encode(full))).toEqual({ ok: true, value: full });
    expect(codec.parse(codec.encode({ ...full, blobs }))).toEqual({ ok: false, error: badField(page.type, "blobs") });
    expect(codec.parse(codec.encode({ ...full, gone }))).toEqual({ ok: false, error: badField(page.type, "gone") });
  });

  it("a list of as many devices as a group may have fits into a frame, and one more is refused", () => {
    const known = { acknowledged: CURSOR_MAX, lastSeenMs: CURSOR_MAX, isOnline: true, isRevoked: false };
    const devices = Array.from({ length: GROUP_DEVICES_MAX + 1 }, () => ({ device: filled(32, 0xff), ...known }));
    const full: Message = { type: "Devices", devices: devices.slice(1) };
    expect(codec.encode(full).length).toBeLessThanOrEqual(FRAME_BYTES_MAX);
    expect(codec.parse(codec.encode(full).slice())).toEqual({ ok: true, value: full });
    expect(codec.parse(codec.encode({ ...full, devices }))).toEqual({
      ok: false,
      error: badField("Devices", "devices"),
    });
  });

  it.each<[string, (rows: Rows) => void]>([
    ["a short id", (rows) => (rows[0]![0] = filled(31, 1))],
    ["a cursor that is a text", (rows) => (rows[0]![1] = "1")],
    ["a time that is nil", (rows) => (rows[1]![2] = null)],
    ["a number for a yes", (rows) => (rows[1]![3] = 1)],
    ["an element too few", (rows) => rows[1]!.pop()],
  ])("a list of devices with %s", (_what, change) => {
    const heard = parseWith(samples.Devices, (fields) => change(fields[1] as Rows));
    expect(heard).toEqual(badField("Devices", "devices"));
  });

  it("the largest payload fits into a frame, alone and in a page", () => {
    const largest = filled(PAYLOAD_BYTES_MAX, 1);
    const push: Message = { ...samples.Push, payload: largest };
    const gone = Array.from({ length: PAGE_GONE_RANGES_MAX }, (_, i) => {
      return {
        from: CURSOR_MAX - 500 + 2 * i,
        to: CURSOR_MAX - 500 + 2 * i,
        why: "deleted" as const,
        chain: page.chain,
      };
    });
    const blobs = [{ ...page.blobs[0]!, cursor: CURSOR_MAX - 501, payload: largest, timestampMs: CURSOR_MAX }];
    const full: Message = { ...page, after: CURSOR_MAX - 502, through: CURSOR_MAX, max: CURSOR_MAX, blobs, gone };
    for (const message of [push, full]) {
      const bytes = codec.encode(message).slice();
      expect(bytes.length).toBeLessThanOrEqual(FRAME_BYTES_MAX);
      const parsed = codec.parse(bytes);
      expect(parsed.ok && isEqualBytes(codec.encode(parsed.value), bytes)).toBe(true);
    }
  });
});

describe("a message of our own that the peer would refuse", () => {
  it.each<[string, Message]>([
    ["a fraction", { type: "Ack", cursor: 1.5 }],
    ["a negative number", { type: "Ack", cursor: -1 }],
    ["an unsafe number", { type: "Ack", cursor: 2 ** 53 }],
    ["a long text", { type: "Bye", reason: "é".repeat(TEXT_BYTES_MAX / 2 + 1) }],
    ["half a character", { type: "Bye", reason: "\uD800" }],
  ])("is never sent: %s", (_what, message) => {
    expect(() => codec.encode(message)).toThrow("to send");
  });
});

describe("buffers", () => {
  it("encode gives a view that the next encode overwrites; parse gives views into what it was given", () => {
    const first = codec.encode(samples.Push);
    const bytes = first.slice();
    codec.encode(samples.PushAck);
    expect(encodeHex(first)).not.toBe(encodeHex(bytes));
    const parsed = codec.parse(bytes);
    expect(parsed.ok && parsed.value.type === "Push" && parsed.value.payload.buffer).toBe(bytes.buffer);
  });
});

/** kawanet/msgpack-test-suite: one value, then every way to write it. */
interface Vector {
  readonly nil?: null;
  readonly bool?: boolean;
  readonly binary?: string;
  readonly number?: number;
  readonly bignum?: string;
  readonly string?: string;
  readonly array?: readonly unknown[];
  readonly map?: object;
  readonly timestamp?: readonly number[];
  readonly ext?: readonly unknown[];
  readonly msgpack: readonly string[];
}

describe("the vectors of msgpack-test-suite", () => {
  const url = new URL("./vectors/msgpack-test-suite.json", import.meta.url);
  const suite = JSON.parse(readFileSync(url, "utf8")) as Record<string, readonly Vector[]>;
  const encoder = createEncoder(64);
  const decoder = createDecoder();

  function bytesFrom(text: string): Uint8Array {
    return parseHex(text.replaceAll("-", ""))!;
  }

  /** The value, where version 2 speaks its kind. */
  function spoken(vector: Vector): { readonly value: unknown } | undefined {
    if (vector.binary !== undefined) return { value: bytesFrom(vector.binary) };
    if (vector.nil !== undefined) return { value: null };
    if (vector.bool !== undefined) return { value: vector.bool };
    if (vector.string !== undefined) return { value: vector.string };
    if (vector.number !== undefined) {
      return Number.isSafeInteger(vector.number) && vector.number >= 0 ? { value: vector.number } : undefined;
    }
    if (vector.array !== undefined && !JSON.stringify(vector.array).includes("{")) return { value: vector.array };
    return undefined;
  }

  /** Heads of forms that version 2 has no use for, whatever they say: floats, maps, extensions, signed numbers. */
  function isForeign(head: number): boolean {
    const isMap = (head >= 0x80 && head <= 0x8f) || head >= 0xde;
    return isMap || (head >= 0xc7 && head <= 0xcb) || (head >= 0xd0 && head <= 0xd8);
  }

  it("are all there", () => {
    const encodings = Object.values(suite).flatMap((vectors) => vectors.flatMap((vector) => vector.msgpack));
    expect([Object.keys(suite).length, encodings.length]).toEqual([15, 233]);
  });

  for (const [file, vectors] of Object.entries(suite)) {
    it.each(vectors)(`${file} $#`, (vector) => {
      const kind = spoken(vector);
      for (const [index, text] of vector.msgpack.entries()) {
        const bytes = bytesFrom(text);
        const refused = checkGrammar(bytes);
        if (isForeign(bytes[0]!)) {
          expect(refused, text).toEqual({ type: "FormRefused", at: 0, head: bytes[0] });
        } else if (kind !== undefined && index === 0) {
          expect(refused, text).toBeUndefined();
          expect(decoder.decode(bytes), text).toEqual(kind.value);
          expect(encodeHex(encoder.encodeSharedRef(kind.value)), text).toBe(encodeHex(bytes));
        } else if (vector.bignum !== undefined && BigInt(vector.bignum) > CURSOR_MAX) {
          expect(refused, text).toEqual({ type: "IntegerTooLarge", at: 0 });
        } else if (index === 0) {
          // An admitted array around a map.
          expect(refused, text).toEqual({ type: "FormRefused", at: 1, head: 0x80 });
        } else {
          expect(refused, text).toEqual({ type: "NotMinimal", at: 0 });
        }
      }
    });
  }
});
