import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeHex } from "../bytes.ts";
import type { InboxItem } from "./take.ts";
import { decideTake } from "./take.ts";

function item(cursor: number, blob: number, isOpened = true): InboxItem {
  const bytes = new Uint8Array(32).fill(blob);
  const content = { sender: bytes, sequence: cursor, previous: bytes, givenUp: [], body: bytes };
  return {
    cursor,
    blobId: new Uint8Array(16).fill(blob),
    timestampMs: 0,
    payload: bytes,
    content: isOpened ? content : null,
    why: isOpened ? null : "Refused",
  };
}

function take(items: readonly InboxItem[], delivered: readonly number[] = [], quarantined: readonly number[] = []) {
  const idsOf = (blobs: readonly number[]) => new Set(blobs.map((blob) => encodeHex(new Uint8Array(16).fill(blob))));
  const [inbox, waiting] = [idsOf(delivered), idsOf(quarantined)];
  const { deliver, quarantine } = decideTake(
    items,
    (blob) => inbox.has(encodeHex(blob)),
    (blob) => waiting.has(encodeHex(blob)),
  );
  return { deliver: deliver.map(({ cursor }) => cursor), quarantine: quarantine.map(({ cursor }) => cursor) };
}

describe("taking a page in", () => {
  it("delivers in cursor order what it has not seen", () => {
    expect(take([item(1, 1), item(2, 2), item(3, 3)])).toEqual({ deliver: [1, 2, 3], quarantine: [] });
    expect(take([])).toEqual({ deliver: [], quarantine: [] });
  });

  it("delivers no blob a second time, and puts none into quarantine that was delivered", () => {
    expect(take([item(7, 1), item(8, 2), item(9, 3, false)], [1, 3])).toEqual({ deliver: [8], quarantine: [] });
    expect(take([item(7, 1)], [1])).toEqual({ deliver: [], quarantine: [] });
  });

  it("puts what could not be opened into quarantine, and the others go on", () => {
    expect(take([item(1, 1), item(2, 2, false), item(3, 3)])).toEqual({ deliver: [1, 3], quarantine: [2] });
  });

  it("puts nothing into quarantine twice, but delivers it when its right bytes come", () => {
    expect(take([item(1, 1, false), item(2, 2, false)], [], [1])).toEqual({ deliver: [], quarantine: [2] });
    expect(take([item(5, 1)], [], [1])).toEqual({ deliver: [5], quarantine: [] });
  });

  it("delivers a blob once although a relay serves it under two cursors of one page", () => {
    expect(take([item(1, 1), item(2, 2), item(3, 1)])).toEqual({ deliver: [1, 2], quarantine: [] });
    expect(take([item(1, 1, false), item(2, 1, false)])).toEqual({ deliver: [], quarantine: [1] });
  });

  it("gives the same inbox and quarantine however a stream is cut into pages", () => {
    const blob = fc.record({ blob: fc.integer({ min: 1, max: 3 }), isOpened: fc.boolean() });
    fc.assert(
      fc.property(fc.array(blob, { maxLength: 6 }), (blobs) => {
        const items = blobs.map(({ blob: id, isOpened }, i) => item(i + 1, id, isOpened));
        const delivered: number[] = [];
        const quarantined: number[] = [];
        const oneByOne = { deliver: [] as number[], quarantine: [] as number[] };
        for (const [i, { blob: id }] of blobs.entries()) {
          const { deliver, quarantine } = take([items[i]!], delivered, quarantined);
          oneByOne.deliver.push(...deliver);
          oneByOne.quarantine.push(...quarantine);
          if (deliver.length > 0) delivered.push(id);
          if (quarantine.length > 0) quarantined.push(id);
        }
        expect(take(items)).toEqual(oneByOne);
      }),
    );
  });
});
