import fc from "fast-check";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { Redacted } from "../redacted.ts";
import { encodeIdText } from "../wire/v1/ids.ts";
import { DEFAULT_PARAMETERS } from "./argon2-parameters.ts";
import { parseDeviceFile, renderDeviceFile, type DeviceFile } from "./device-file.ts";
import { parseGroupFile, renderGroupFile, type GroupFile } from "./group-file.ts";
import { renderFileError, type FileError } from "./json-file.ts";

type Json = Record<string, unknown>;

const SECRET_HEX = "5e".repeat(32);
const ADDRESS = `0k://${"01".repeat(32)}@relay.example:4433`;
const IROH = "ab".repeat(32);
const ID = encodeIdText(new Uint8Array(32).fill(3));

/** As upstream's command line writes it. */
const UPSTREAM: Json = {
  group_id: ID,
  relay_addresses: [IROH, "cd".repeat(32)],
  joined_at: "2026-02-08T10:00:00Z",
  cursors: { [IROH]: 12 },
  group_secret_hex: SECRET_HEX,
  salt_hex: "07".repeat(16),
};

const GROUP: GroupFile = {
  claimedGroupId: new Uint8Array(32).fill(3),
  name: "family",
  relays: [{ id: new Uint8Array(32).fill(1), endpoint: "relay.example:4433" }],
  undiallable: [IROH],
  joinedAt: 1_800_000_000,
  secret: new Redacted(new Uint8Array(32).fill(0x5e)),
  salt: new Uint8Array(16).fill(7),
  parameters: DEFAULT_PARAMETERS,
  cursors: new Map([[IROH, 12]]),
};

function parse(json: Json): GroupFile {
  const parsed = parseGroupFile(JSON.stringify(json));
  if (!parsed.ok) throw new Error(renderFileError("group.json", parsed.error));
  return parsed.value;
}

function errorOf(json: Json): FileError | undefined {
  const parsed = parseGroupFile(JSON.stringify(json));
  return parsed.ok ? undefined : parsed.error;
}

describe("group.json", () => {
  it("comes back as it was written", () => {
    const parsed = parseGroupFile(renderGroupFile(GROUP).expose());
    expect(parsed).toEqual({ ok: true, value: GROUP });
    expect(parsed.ok && parsed.value.secret.expose()).toEqual(GROUP.secret.expose());
    const least = { ...GROUP, claimedGroupId: null, name: null, joinedAt: null, salt: null, parameters: null };
    expect(parseGroupFile(renderGroupFile(least).expose())).toEqual({ ok: true, value: least });
  });

  it("of upstream is read: its relays cannot be dialled, its parameters depend on the machine", () => {
    const file = parse(UPSTREAM);
    expect(file).toMatchObject({
      relays: [],
      undiallable: [IROH, "cd".repeat(32)],
      parameters: null,
      joinedAt: "2026-02-08T10:00:00Z",
    });
    expect([...file.cursors]).toEqual([[IROH, 12]]);
  });

  it("with upstream's old keys is read: the relay comes first, and the cursor is its", () => {
    const { relay_addresses: _, cursors: __, ...rest } = UPSTREAM;
    const old = parse({ ...rest, relay_address: IROH, cursor: 7 });
    expect(old.undiallable).toEqual([IROH]);
    expect([...old.cursors]).toEqual([[IROH, 7]]);
    const both = parse({ ...UPSTREAM, relay_addresses: [ADDRESS, IROH], relay_address: IROH, cursor: 7 });
    expect(both).toMatchObject({ undiallable: [IROH], relays: [{ endpoint: "relay.example:4433" }] });
    expect([...both.cursors]).toEqual([[IROH, 12]]);
  });

  it("needs no more than the secret", () => {
    expect(parse({ group_secret_hex: SECRET_HEX })).toMatchObject({ relays: [], salt: null, name: null });
    expect(parse({ group_secret_hex: SECRET_HEX, salt_hex: null, later: 1 })).toMatchObject({ salt: null });
  });

  it.each([
    [{ group_secret_hex: undefined }, { type: "MissingKey", key: "group_secret_hex" }],
    [{ group_secret_hex: "5e" }, { type: "BadKey", key: "group_secret_hex" }],
    [{ group_secret_hex: SECRET_HEX.replace("5", "g") }, { type: "BadKey", key: "group_secret_hex" }],
    [{ group_id: "abc" }, { type: "BadKey", key: "group_id" }],
    [{ group_id: 5 }, { type: "BadKey", key: "group_id" }],
    [{ name: "" }, { type: "BadKey", key: "name" }],
    [{ name: "n".repeat(257) }, { type: "BadKey", key: "name" }],
    [{ relay_addresses: "x" }, { type: "BadKey", key: "relay_addresses" }],
    [{ relay_addresses: [1] }, { type: "BadKey", key: "relay_addresses" }],
    [{ relay_addresses: Array(65).fill(ADDRESS) }, { type: "BadKey", key: "relay_addresses" }],
    [{ relay_address: {} }, { type: "BadKey", key: "relay_address" }],
    [{ cursors: [1] }, { type: "BadKey", key: "cursors" }],
    [{ cursors: { [IROH]: -1 } }, { type: "BadKey", key: "cursors" }],
    [{ cursors: { [IROH]: 2 ** 53 } }, { type: "BadKey", key: "cursors" }],
    [{ cursor: "7" }, { type: "BadKey", key: "cursor" }],
    [{ joined_at: [] }, { type: "BadKey", key: "joined_at" }],
    [{ argon2: 5 }, { type: "BadKey", key: "argon2" }],
    [{ argon2: { memory_kib: 8, passes: 1, lanes: 1 } }, { type: "BadKey", key: "argon2" }],
  ] as const)("with %o is refused", (change, error) => {
    expect(errorOf({ ...UPSTREAM, ...change })).toMatchObject(error);
  });

  it("SC-002: with a salt that Argon2 would refuse is refused", () => {
    expect(errorOf({ ...UPSTREAM, salt_hex: "07".repeat(7) })).toMatchObject({ type: "BadKey", key: "salt_hex" });
    expect(errorOf({ ...UPSTREAM, salt_hex: "07".repeat(65) })).toMatchObject({ type: "BadKey", key: "salt_hex" });
    expect(errorOf({ ...UPSTREAM, salt_hex: "07".repeat(8) })).toBeUndefined();
  });

  it.each([
    ["", { type: "NotJson" }],
    ['{"group_secret_hex":', { type: "NotJson" }],
    ["[".repeat(60_000), { type: "NotJson" }],
    ["[]", { type: "NotAnObject" }],
    ["null", { type: "NotAnObject" }],
    ["5", { type: "NotAnObject" }],
    ["{}", { type: "MissingKey", key: "group_secret_hex" }],
    ['{"__proto__":{"group_secret_hex":"00"}}', { type: "MissingKey", key: "group_secret_hex" }],
    [" ".repeat(65_537), { type: "TooLong", length: 65_537, lengthMax: 65_536 }],
  ] as const)("%.30s is refused", (text, error) => {
    expect(parseGroupFile(text)).toEqual({ ok: false, error });
  });

  it("F-036: does not show its secret when it is printed", () => {
    const file = parse(UPSTREAM);
    const shown = `${inspect(file, { depth: 9 })}${JSON.stringify(file)}${String(renderGroupFile(file))}${inspect(renderGroupFile(file))}`;
    expect(shown).toContain("[REDACTED]");
    expect(shown).not.toMatch(/5e5e|94, ?94/);
    expect(renderGroupFile(file).expose()).toContain(SECRET_HEX);
  });

  it("is refused in one sentence that shows no value", () => {
    const text = SECRET_HEX.replace("5", "g");
    const errors = [
      errorOf({ ...UPSTREAM, group_secret_hex: text }),
      errorOf({}),
      { type: "NotJson" } as const,
      { type: "NotAnObject" } as const,
      { type: "TooLong", length: 2, lengthMax: 1 } as const,
    ];
    for (const error of errors) {
      const sentence = renderFileError("group.json", error!);
      expect(sentence).toMatch(/^group\.json[^.].*\.$/);
      expect(sentence).not.toContain(text);
    }
  });
});

describe("device.json", () => {
  const upstream: Json = { device_id: ID, device_name: "laptop", created_at: "2026-02-08T10:00:00Z" };
  const parseDevice = (json: Json) => parseDeviceFile(JSON.stringify(json));

  it("comes back as it was written, and hides its key", () => {
    fc.assert(
      fc.property(
        fc.record({
          deviceId: fc.uint8Array({ minLength: 32, maxLength: 32 }),
          deviceName: fc.string({ minLength: 1, maxLength: 256 }),
          createdAt: fc.oneof(fc.maxSafeNat(), fc.string({ minLength: 1, maxLength: 40 })),
          key: fc.option(fc.constant(new Redacted(new Uint8Array(32).fill(0x5e)))),
        }),
        (file: DeviceFile) => {
          expect(parseDeviceFile(renderDeviceFile(file).expose())).toEqual({ ok: true, value: file });
          // Without the id, whose random bytes may happen to look like the key.
          const { deviceId: _, ...shown } = file;
          expect(inspect(shown) + JSON.stringify(shown)).not.toContain("94, 94");
        },
      ),
    );
  });

  it("of upstream is read: it has no key", () => {
    expect(parseDevice(upstream)).toMatchObject({ ok: true, value: { deviceName: "laptop", key: null } });
  });

  it.each([
    [{ device_id: undefined }, { type: "MissingKey", key: "device_id" }],
    [{ device_name: undefined }, { type: "MissingKey", key: "device_name" }],
    [{ created_at: undefined }, { type: "MissingKey", key: "created_at" }],
    [{ device_name: "n".repeat(257) }, { type: "BadKey", key: "device_name" }],
    [{ created_at: {} }, { type: "BadKey", key: "created_at" }],
    [{ device_key_hex: "00" }, { type: "BadKey", key: "device_key_hex" }],
  ] as const)("with %o is refused", (change, error) => {
    expect(parseDevice({ ...upstream, ...change })).toMatchObject({ ok: false, error });
  });

  it("F-030: with an id of another length is refused, and nothing is cut from it", () => {
    for (const device_id of ["", "abc", ID.slice(1), `${ID}A`, "ä".repeat(43), 7]) {
      expect(parseDevice({ ...upstream, device_id })).toMatchObject({ error: { type: "BadKey", key: "device_id" } });
    }
  });
});
