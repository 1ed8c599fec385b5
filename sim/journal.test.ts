import { describe, expect, it } from "vitest";
import { DEVICE_ENTRIES, type DeviceEntry } from "./device-entries.ts";
import { readEntries, type EntryFormat } from "./journal.ts";
import { endOfRecord } from "./record-reader.ts";
import { RecordWriter } from "./record-writer.ts";
import { IDENTITY_ENTRIES, RELAY_ENTRIES, type RelayEntry } from "./relay-entries.ts";

/** Every value of a test is another one: two that changed places are seen. */
let made = 0;
const number = (): number => 2 ** 33 + ++made;
const bytes = (length = 32): Uint8Array => new Uint8Array(length).fill(++made);
const position = () => ({ cursor: number(), chain: bytes() });

const DEVICE: readonly DeviceEntry[] = [
  { type: "identity", identity: bytes() },
  {
    type: "stage",
    row: {
      sequence: number(),
      blobId: bytes(16),
      payload: bytes(301),
      payloadHash: bytes(),
      ttlS: number(),
      expiresAtMs: number(),
    },
    announced: 7,
  },
  { type: "acked", relay: "r1", epoch: bytes(16), sequence: number(), position: position() },
  { type: "give-up", sequence: number() },
  { type: "rebase", relay: "r2", epoch: bytes(16) },
  {
    type: "taken",
    relay: "r3",
    epoch: bytes(16),
    through: position(),
    deliver: [
      { cursor: number(), blobId: bytes(16), content: { sender: bytes(), sequence: number(), body: bytes(5) } },
      { cursor: number(), blobId: bytes(16), content: { sender: bytes(), sequence: number(), body: bytes(0) } },
    ],
    quarantine: [{ cursor: number(), blobId: bytes(16), payload: bytes(33), why: "tag" }],
    lost: [{ from: number(), to: number(), why: "expired" }],
  },
];

const RELAY: readonly RelayEntry[] = [
  {
    type: "head",
    group: bytes(),
    head: { epoch: bytes(16), max: position(), trimmed: position(), floor: number(), heldBytes: number() },
  },
  {
    type: "row",
    group: bytes(),
    row: {
      cursor: number(),
      chain: bytes(),
      blobId: bytes(16),
      payloadHash: bytes(),
      sender: bytes(),
      timestampMs: number(),
      expiresAtMs: number(),
      sizeBytes: 77,
      payload: bytes(77),
      gone: null,
    },
  },
  { type: "gone", group: bytes(), cursor: number(), why: "deleted" },
  { type: "member", group: bytes(), device: bytes(), acknowledged: number(), lastSeenMs: number() },
  { type: "renewed", group: bytes() },
  {
    type: "revoked",
    group: bytes(),
    device: bytes(),
    revocation: { by: bytes(), reason: "compromised", timestampMs: number() },
  },
  {
    type: "invite",
    lookup: bytes(16),
    invite: { group: bytes(), device: bytes(), sealed: bytes(90), expiresAtMs: number() },
  },
  { type: "uninvite", lookup: bytes(16) },
];

function written<Entry>(writer: RecordWriter, format: EntryFormat<Entry>, entries: readonly Entry[]): Uint8Array {
  writer.begin(entries.length);
  for (const entry of entries) format.write(entry, writer);
  return writer.end();
}

function describeFormat<Entry>(name: string, format: EntryFormat<Entry>, entries: readonly Entry[]): void {
  describe(`${name} journal`, () => {
    const record = written(new RecordWriter(), format, entries);

    it("reads each kind of entry as it was written", () => {
      expect(endOfRecord(record, 0)).toBe(record.length);
      expect(readEntries(format, record, 0)).toEqual(entries);
    });

    it("takes no record for whole that is torn, or in which a bit turned over", () => {
      for (let length = 0; length < record.length; length++) {
        expect(endOfRecord(record.subarray(0, length), 0)).toBeUndefined();
      }
      for (let bit = 0; bit < 8 * record.length; bit++) {
        const spoilt = record.slice();
        spoilt[bit >> 3]! ^= 1 << (bit & 7);
        expect([bit, endOfRecord(spoilt, 0)]).toEqual([bit, undefined]);
      }
    });
  });
}

describeFormat("a device's", DEVICE_ENTRIES, DEVICE);
describeFormat("a relay's", RELAY_ENTRIES, RELAY);
describeFormat("an identity's", IDENTITY_ENTRIES, [bytes()]);

it("a record that was begun and never ended is written over, and harms none after it", () => {
  const writer = new RecordWriter();
  const before = written(writer, DEVICE_ENTRIES, DEVICE);
  writer.begin(1);
  writer.text("abc");
  const after = written(writer, RELAY_ENTRIES, RELAY);
  expect(endOfRecord(after, 0)).toBe(after.length);
  expect([readEntries(DEVICE_ENTRIES, before, 0), readEntries(RELAY_ENTRIES, after, 0)]).toEqual([DEVICE, RELAY]);
});
