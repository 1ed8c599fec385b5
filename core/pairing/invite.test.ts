import { decode, encode } from "@msgpack/msgpack";
import { sha256 } from "@noble/hashes/sha2.js";
import fc from "fast-check";
import { readFileSync } from "node:fs";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { encodeBase64url, parseBase64url } from "../base64url.ts";
import { concatBytes, encodeHex } from "../bytes.ts";
import { portableSuite } from "../crypto/portable.ts";
import type { RelayAddress } from "../ids.ts";
import { INVITE_BYTES_MAX } from "../limits.ts";
import type { Entropy } from "../machine.ts";
import { Redacted } from "../redacted.ts";
import { encodeText } from "../text.ts";
import { createSalt, DEFAULT_PARAMETERS, isParameters } from "./argon2-parameters.ts";
import { renderInviteError, type InviteError } from "./invite-error.ts";
import { encodeInvite, INVITE_RELAYS_MAX, INVITE_TEXT_LENGTH_MAX, parseInvite, type Invite } from "./invite.ts";
import { encodeLegacyInvite } from "./legacy-invite.ts";
import { openInvite, sealInvite } from "./sealed-invite.ts";

const { invite_v2: LEGACY } = JSON.parse(
  readFileSync(new URL("../wire/v1/vectors/wire-v1.json", import.meta.url), "utf8"),
) as { invite_v2: { json: string; qr: string } };

const NOW_MS = 1_800_000_000_000;
const EXPIRES_AT_S = 1_800_000_600;

function filled(length: number, byte: number): Uint8Array {
  return new Uint8Array(length).fill(byte);
}

function relay(byte: number, endpoint: string): RelayAddress {
  return { id: filled(32, byte), endpoint };
}

const INVITE: Invite = {
  version: 4,
  relays: [relay(1, "relay.example:4433"), relay(2, "[2001:db8::1]:9")],
  secret: new Redacted(filled(32, 0x5e)),
  salt: filled(16, 7),
  parameters: DEFAULT_PARAMETERS,
  expiresAtS: EXPIRES_AT_S,
  creator: filled(32, 9),
};

const TEXT = encodeInvite(INVITE).expose();

function errorOf(text: string, wallMs = NOW_MS): InviteError | undefined {
  const parsed = parseInvite(text, wallMs);
  return parsed.ok ? undefined : parsed.error;
}

/** An invite of our version with other fields, and a checksum that fits. */
function textOf(fields: readonly unknown[]): string {
  const body = encode(fields);
  const checksum = sha256(concatBytes(encodeText("0k-sync invite 4"), body)).subarray(0, 4);
  return `0k4:${encodeBase64url(concatBytes(body, checksum))}`;
}

const FIELDS = decode(parseBase64url(TEXT.slice(4))!.subarray(0, -4)) as readonly unknown[];

function textWith(index: number, value: unknown): string {
  return textOf(FIELDS.with(index, value));
}

/** Secrets are compared by what they are. */
function exposed(value: unknown): unknown {
  return { ...(value as Invite), secret: encodeHex((value as Invite).secret.expose()) };
}

const bytesOf = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length });
const invites: fc.Arbitrary<Invite> = fc.record({
  version: fc.constant(4 as const),
  relays: fc.array(fc.record({ id: bytesOf(32), endpoint: fc.stringMatching(/^[a-z0-9.-]{1,60}:[0-9]{1,5}$/) }), {
    minLength: 1,
    maxLength: INVITE_RELAYS_MAX,
  }),
  secret: bytesOf(32).map((secret) => new Redacted(secret)),
  salt: bytesOf(16),
  parameters: fc.record({
    memoryKiB: fc.integer({ min: 19 * 1024, max: 256 * 1024 }),
    passes: fc.integer({ min: 1, max: 16 }),
    lanes: fc.integer({ min: 1, max: 16 }),
  }),
  expiresAtS: fc.integer({ min: EXPIRES_AT_S, max: Number.MAX_SAFE_INTEGER }),
  creator: bytesOf(32),
});

describe("an invite of ours", () => {
  it("comes back as it was made, from one text only, and fits where it waits", () => {
    fc.assert(
      fc.property(invites, bytesOf(24), (invite, nonce) => {
        const text = encodeInvite(invite).expose();
        const parsed = parseInvite(` ${text}\n`, NOW_MS);
        expect(parsed.ok && exposed(parsed.value)).toEqual(exposed(invite));
        expect(parsed.ok && encodeInvite(parsed.value as Invite).expose()).toBe(text);
        expect(text.length).toBeLessThanOrEqual(INVITE_TEXT_LENGTH_MAX);
        const sealed = sealInvite(portableSuite, new Redacted(filled(32, 3)), nonce, invite);
        expect(sealed.length).toBeLessThanOrEqual(INVITE_BYTES_MAX);
      }),
      { numRuns: 50 },
    );
  });

  it("with the longest addresses fits too", () => {
    const relays = Array.from({ length: INVITE_RELAYS_MAX }, (_, i) => relay(i, `${"h".repeat(180)}:65535`));
    const longest = { ...INVITE, relays };
    expect(parseInvite(encodeInvite(longest).expose(), NOW_MS).ok).toBe(true);
    expect(sealInvite(portableSuite, INVITE.secret, filled(24, 1), longest).length).toBeLessThan(INVITE_BYTES_MAX);
  });

  it("has no group id in it: the secret alone says which group it is", () => {
    expect(FIELDS.filter((field) => field instanceof Uint8Array && field.length === 32)).toEqual([
      INVITE.secret.expose(),
      INVITE.creator,
    ]);
  });

  it("F-026: a text that is too long is refused before anything of it is decoded", () => {
    const long = TEXT + "A".repeat(INVITE_TEXT_LENGTH_MAX);
    expect(errorOf(long)).toEqual({ type: "TooLong", length: long.length, lengthMax: INVITE_TEXT_LENGTH_MAX });
    const padded = " ".repeat(10_000_000);
    expect(errorOf(padded)).toEqual({ type: "TooLong", length: 10_000_000, lengthMax: INVITE_TEXT_LENGTH_MAX });
    expect(errorOf("A".repeat(INVITE_TEXT_LENGTH_MAX))).toEqual({ type: "NotAnInvite" });
  });

  it("is refused from the second on at which it expires, with both times", () => {
    expect(errorOf(TEXT, 1000 * EXPIRES_AT_S - 1)).toBeUndefined();
    expect(errorOf(TEXT, 1000 * EXPIRES_AT_S)).toEqual({
      type: "Expired",
      expiresAtS: EXPIRES_AT_S,
      nowS: EXPIRES_AT_S,
    });
  });

  it("with any one character changed or cut is damaged, and never another group", () => {
    for (let at = 4; at < TEXT.length; at++) {
      const other = TEXT[at] === "A" ? "B" : "A";
      expect(errorOf(TEXT.slice(0, at) + other + TEXT.slice(at + 1))?.type).toBe("Damaged");
      expect(errorOf(TEXT.slice(0, at))?.type).toBe("Damaged");
    }
  });

  it.each([
    ["0k5:AAAA", { type: "UnknownVersion", version: 5 }],
    ["0k12:", { type: "UnknownVersion", version: 12 }],
    ["0k4:", { type: "Damaged" }],
    ["0k4:====", { type: "Damaged" }],
    ["0k1234567890:", { type: "NotAnInvite" }],
    ["", { type: "NotAnInvite" }],
    ["join me", { type: "NotAnInvite" }],
    ["0k://aa@relay:1", { type: "NotAnInvite" }],
    ["ABCD-EFGH-JKMN-PQRS", { type: "NotAnInvite" }],
  ] as const)("%j is refused", (text, error) => {
    expect(errorOf(text)).toEqual(error);
  });

  it.each([
    ["secret", textWith(0, filled(31, 1))],
    ["salt", textWith(1, filled(15, 1))],
    ["parameters", textWith(2, 18 * 1024)],
    ["parameters", textWith(2, 2 ** 30)],
    ["parameters", textWith(3, 0)],
    ["parameters", textWith(4, 17)],
    ["expiry", textWith(5, "soon")],
    ["creator", textWith(6, null)],
    ["relays", textWith(7, [])],
    ["relays", textWith(7, Array(9).fill(FIELDS[7]).flat())],
    ["relays", textWith(7, ["relay.example:1"])],
    ["relays", textWith(7, [`0k://${"A".repeat(64)}@relay:1`])],
    ["body", textWith(7, { a: 1 })],
    ["body", textOf([...FIELDS, 1])],
    ["body", textOf(FIELDS.slice(1))],
    ["body", textWith(5, -1)],
  ] as const)("an impossible %s is refused", (field, text) => {
    expect(errorOf(text)).toEqual({ type: "BadField", field });
  });

  it("shows nothing of its secret or its text when it is printed", () => {
    const shown = `${inspect(INVITE, { depth: 9 })} ${JSON.stringify(INVITE)} ${String(encodeInvite(INVITE))} ${inspect(encodeInvite(INVITE))}`;
    expect(shown).not.toMatch(/94, ?94|5e5e|Xl5e/);
    expect(shown).toContain("[REDACTED]");
  });
});

/** Counts up, so that two draws differ. */
function createEntropy(): Entropy {
  let next = 1;
  return { fill: (_label, out) => void out.forEach((_, i) => (out[i] = next++)), below: () => 0 };
}

describe("the salt", () => {
  it("F-001: is drawn for each group, never a fixed one, and an invite without one is not made", () => {
    const entropy = createEntropy();
    const salts = [createSalt(entropy), createSalt(entropy)];
    expect(salts[0]).toHaveLength(16);
    expect(salts[0]).not.toEqual(salts[1]);
    expect(() => encodeInvite({ ...INVITE, salt: new Uint8Array(0) })).toThrow("16 bytes");
    // Upstream's join by endpoint id, which takes a salt that is in its source, is no invite here.
    expect(errorOf("ab".repeat(32))).toEqual({ type: "NotAnInvite" });
  });

  it("goes with parameters that no invite can use to take all of a machine", () => {
    expect(isParameters(DEFAULT_PARAMETERS)).toBe(true);
    expect(isParameters({ ...DEFAULT_PARAMETERS, memoryKiB: 1024 * 1024, passes: 5 })).toBe(false);
    expect(isParameters({ ...DEFAULT_PARAMETERS, memoryKiB: 1.5 * 2 ** 15 + 0.5 })).toBe(false);
  });
});

const LEGACY_MS = 1_705_000_000_000;
type Json = Record<string, unknown>;

function legacyText(change: (json: Json) => Json): string {
  return encodeBase64url(encodeText(JSON.stringify(change(JSON.parse(LEGACY.json) as Json))));
}

describe("upstream's invites", () => {
  const node = filled(32, 171);

  it("version 2 is upstream's bytes, both ways, and says which relays cannot be dialled", () => {
    const parsed = parseInvite(LEGACY.qr, LEGACY_MS);
    expect(parsed.ok && exposed(parsed.value)).toEqual({
      version: 2,
      relays: [],
      undiallable: ["ab".repeat(32)],
      secret: "42".repeat(32),
      salt: encodeText("test-salt-00000!"),
      createdAtS: 1_705_000_000,
      expiresAtS: 1_705_000_600,
    });
    const options = {
      relayNodeIds: [node],
      secret: new Redacted(filled(32, 0x42)),
      salt: encodeText("test-salt-00000!"),
    };
    const times = { createdAtS: 1_705_000_000, expiresAtS: 1_705_000_600 };
    const text = encodeLegacyInvite({ version: 2, ...options, ...times });
    expect(text.expose()).toBe(LEGACY.qr);
    expect(new TextDecoder().decode(parseBase64url(text.expose()))).toBe(LEGACY.json);
  });

  it("version 3 comes back with all its relays", () => {
    const options = { secret: new Redacted(filled(32, 1)), salt: new Uint8Array(0), createdAtS: 1, expiresAtS: 9e9 };
    const text = encodeLegacyInvite({ version: 3, relayNodeIds: [node, filled(32, 1)], ...options });
    const parsed = parseInvite(text.expose(), LEGACY_MS);
    expect(parsed.ok && exposed(parsed.value)).toMatchObject({
      version: 3,
      undiallable: ["ab".repeat(32), "01".repeat(32)],
      salt: new Uint8Array(0),
    });
    expect(() => encodeLegacyInvite({ version: 2, relayNodeIds: [node, node], ...options })).toThrow("relays");
  });

  const id = [...node];
  it.each([
    ["one id under the old key", ({ relay_node_ids: _, ...rest }: Json): Json => ({ ...rest, relay_node_id: id })],
    ["a list under the old key", ({ relay_node_ids: _, ...rest }: Json): Json => ({ ...rest, relay_node_id: [id] })],
    ["keys that it does not know", (json: Json): Json => ({ ...json, later: [1] })],
    ["no salt", ({ salt: _, ...rest }: Json): Json => rest],
  ] as const)("are taken with %s", (_, change) => {
    expect(errorOf(legacyText(change), LEGACY_MS)).toBeUndefined();
  });

  it.each([
    ["relay_node_ids", (json: Json): Json => ({ ...json, relay_node_ids: [] })],
    ["relay_node_ids", (json: Json): Json => ({ ...json, relay_node_id: id })],
    ["relay_node_ids", (json: Json): Json => ({ ...json, relay_node_ids: [id.slice(1)] })],
    ["relay_node_ids", (json: Json): Json => ({ ...json, relay_node_ids: [[...id.slice(1), 256]] })],
    ["group_secret", (json: Json): Json => ({ ...json, group_secret: "42" })],
    ["group_id", (json: Json): Json => ({ ...json, group_id: id })],
    ["created_at", (json: Json): Json => ({ ...json, created_at: -1 })],
    ["expires_at", (json: Json): Json => ({ ...json, expires_at: 1e300 })],
  ] as const)("a bad %s is refused", (field, change) => {
    expect(errorOf(legacyText(change), LEGACY_MS)).toEqual({ type: "BadField", field });
  });

  it("SC-002: a salt that Argon2 would refuse is refused here", () => {
    for (const length of [1, 7, 65]) {
      const text = legacyText((json) => ({ ...json, salt: Array(length).fill(1) }));
      expect(errorOf(text, LEGACY_MS)).toEqual({ type: "BadField", field: "salt" });
    }
    for (const length of [0, 8, 64]) {
      expect(
        errorOf(
          legacyText((json) => ({ ...json, salt: Array(length).fill(1) })),
          LEGACY_MS,
        ),
      ).toBeUndefined();
    }
  });

  it("other versions, other texts and old ones are refused", () => {
    expect(
      errorOf(
        legacyText((json) => ({ ...json, version: 4 })),
        LEGACY_MS,
      ),
    ).toEqual({ type: "UnknownVersion", version: 4 });
    expect(
      errorOf(
        legacyText((json) => ({ ...json, version: "2" })),
        LEGACY_MS,
      ),
    ).toEqual({ type: "NotAnInvite" });
    expect(errorOf(encodeBase64url(encodeText("[1]")), LEGACY_MS)).toEqual({ type: "NotAnInvite" });
    expect(errorOf(encodeBase64url(Uint8Array.of(0xff)), LEGACY_MS)).toEqual({ type: "NotAnInvite" });
    expect(errorOf(LEGACY.qr, LEGACY_MS + 600_000)?.type).toBe("Expired");
  });
});

describe("a sealed invite", () => {
  const key = new Redacted(filled(32, 0x77));
  const sealed = sealInvite(portableSuite, key, filled(24, 1), INVITE);

  it("opens with the key, and hides how many relays it names", () => {
    const opened = openInvite(portableSuite, key, sealed, NOW_MS);
    expect(opened.ok && exposed(opened.value)).toEqual(exposed(INVITE));
    const shorter = { ...INVITE, relays: [relay(1, "relay.example:44333")] };
    const longer = { ...INVITE, relays: [relay(1, "relay.example:443")] };
    expect(sealInvite(portableSuite, key, filled(24, 1), shorter)).toHaveLength(
      sealInvite(portableSuite, key, filled(24, 1), longer).length,
    );
  });

  it("is refused with another key, altered, cut, or too long, and when it is too old", () => {
    const refused = { ok: false, error: { type: "Refused" } };
    expect(openInvite(portableSuite, new Redacted(filled(32, 0x78)), sealed, NOW_MS)).toEqual(refused);
    for (const at of [0, 24, sealed.length - 1]) {
      const altered = sealed.slice();
      altered[at]! ^= 1;
      expect(openInvite(portableSuite, key, altered, NOW_MS)).toEqual(refused);
    }
    for (const length of [0, 43, 44, 100]) {
      expect(openInvite(portableSuite, key, sealed.subarray(0, length), NOW_MS)).toEqual(refused);
    }
    expect(openInvite(portableSuite, key, new Uint8Array(INVITE_BYTES_MAX + 1), NOW_MS)).toEqual(refused);
    const late = openInvite(portableSuite, key, sealed, 1000 * EXPIRES_AT_S);
    expect(late).toMatchObject({ ok: false, error: { type: "Expired" } });
  });
});

it("every refusal is one sentence", () => {
  const errors: readonly InviteError[] = [
    { type: "TooLong", length: 5000, lengthMax: 4096 },
    { type: "NotAnInvite" },
    { type: "UnknownVersion", version: 9 },
    { type: "Damaged" },
    { type: "BadField", field: "salt" },
    { type: "Expired", expiresAtS: 0, nowS: 3 },
    { type: "Expired", expiresAtS: 0, nowS: 600 },
    { type: "Expired", expiresAtS: 0, nowS: 9000 },
  ];
  for (const error of errors)
    expect(renderInviteError(error)).toMatch(/^This invite? ?.*[^.]\.$|^This is no invite.*\.$/);
  expect(errors.slice(5).map((error) => /expired (.*) ago/.exec(renderInviteError(error))?.[1])).toEqual([
    "3 s",
    "10 min",
    "2 h",
  ]);
});
