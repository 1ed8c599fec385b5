/** What a person pastes or a file holds: invites of all versions, short codes, the device's files, the relay's settings. */
import { sha256 } from "@noble/hashes/sha2.js";
import { encodeBase64url, parseBase64url } from "../../core/base64url.ts";
import { concatBytes } from "../../core/bytes.ts";
import { DEFAULT_PARAMETERS } from "../../core/pairing/argon2-parameters.ts";
import { parseDeviceFile, renderDeviceFile } from "../../core/pairing/device-file.ts";
import { parseGroupFile, renderGroupFile } from "../../core/pairing/group-file.ts";
import { encodeInvite, parseInvite } from "../../core/pairing/invite.ts";
import { renderInviteError } from "../../core/pairing/invite-error.ts";
import { renderFileError } from "../../core/pairing/json-file.ts";
import { encodeLegacyInvite } from "../../core/pairing/legacy-invite.ts";
import { parseShortCode, renderShortCode } from "../../core/pairing/short-code.ts";
import { Redacted } from "../../core/redacted.ts";
import { encodeShortCodeV1, parseShortCodeV1 } from "../../core/wire/v1/short-code.ts";
import { parseConfig } from "../relay/config-file.ts";
import { bytesOfText, textOfBytes, type Target } from "./target.ts";
import { assertLight } from "./weight.ts";

const NOW_MS = 1_800_000_000_000;
const SECRET = new Redacted(new Uint8Array(32).fill(0x5e));
const SALT = new Uint8Array(16).fill(7);
const RELAYS = [{ id: new Uint8Array(32).fill(1), endpoint: "relay.example:4433" }];

const INVITE = encodeInvite({
  version: 4,
  relays: RELAYS,
  secret: SECRET,
  salt: SALT,
  parameters: DEFAULT_PARAMETERS,
  expiresAtS: 1_900_000_000,
  creator: new Uint8Array(32).fill(9),
}).expose();

const LEGACY_INVITES = ([2, 3] as const).map((version) =>
  encodeLegacyInvite({
    version,
    relayNodeIds: [new Uint8Array(32).fill(171)],
    secret: SECRET,
    salt: SALT,
    createdAtS: 1,
    expiresAtS: 1_900_000_000,
  }).expose(),
);

const CHECKSUM_LABEL = bytesOfText("0k-sync invite 4");

function runInvite(text: string): "taken" | "refused" {
  const parsed = parseInvite(text, NOW_MS);
  assertLight(parsed, text.length);
  if (parsed.ok) return "taken";
  renderInviteError(parsed.error);
  return "refused";
}

const invite: Target = {
  name: "invite",
  corpus: [INVITE, ...LEGACY_INVITES].map(bytesOfText),
  run: (input) => runInvite(textOfBytes(input)),
};

/** Behind the checksum and the base64: the body of version 4, or the JSON of the older ones by the first byte. */
const inviteBody: Target = {
  name: "invite-body",
  corpus: [
    concatBytes(Uint8Array.of(0), parseBase64url(INVITE.slice(4))!.subarray(0, -4)),
    ...LEGACY_INVITES.map((text) => concatBytes(Uint8Array.of(1), parseBase64url(text)!)),
  ],
  run(input) {
    const body = input.subarray(1);
    if ((input[0] ?? 0) % 2 === 1) return runInvite(encodeBase64url(body));
    const checksum = sha256(concatBytes(CHECKSUM_LABEL, body)).subarray(0, 4);
    return runInvite(`0k4:${encodeBase64url(concatBytes(body, checksum))}`);
  },
};

const shortCode: Target = {
  name: "short-code",
  corpus: ["0123-4567-89AB-CDEF", " olui 4567–89ab cdef ", encodeShortCodeV1(SECRET).expose()].map(bytesOfText),
  run(input) {
    const text = textOfBytes(input);
    const parsed = parseShortCode(text);
    assertLight(parsed, text.length);
    assertLight(parseShortCodeV1(text), text.length);
    if (!parsed.ok) return "refused";
    const again = parseShortCode(renderShortCode(parsed.value).expose());
    if (!again.ok || again.value.lookup.expose() !== parsed.value.lookup.expose()) throw new Error("another code");
    return "taken";
  },
};

const GROUP_FILE = renderGroupFile({
  claimedGroupId: new Uint8Array(32).fill(3),
  name: "family",
  relays: RELAYS,
  undiallable: ["ab".repeat(32)],
  joinedAt: 1_800_000_000,
  secret: SECRET,
  salt: SALT,
  parameters: DEFAULT_PARAMETERS,
  cursors: new Map([["ab".repeat(32), 12]]),
}).expose();

const LEGACY_GROUP_FILE = JSON.stringify({
  relay_address: "ab".repeat(32),
  cursor: 7,
  joined_at: "2026-02-08",
  group_secret_hex: "5e".repeat(32),
});

const groupFile: Target = {
  name: "group-file",
  corpus: [GROUP_FILE, LEGACY_GROUP_FILE].map(bytesOfText),
  run(input) {
    const text = textOfBytes(input);
    const parsed = parseGroupFile(text);
    assertLight(parsed, text.length);
    if (!parsed.ok) {
      renderFileError("group.json", parsed.error);
      return "refused";
    }
    if (!parseGroupFile(renderGroupFile(parsed.value).expose()).ok) throw new Error("what was taken is refused again");
    return "taken";
  },
};

const deviceFile: Target = {
  name: "device-file",
  corpus: [
    renderDeviceFile({
      deviceId: new Uint8Array(32).fill(3),
      deviceName: "laptop",
      createdAt: 1_800_000_000,
      key: SECRET,
    }).expose(),
  ].map(bytesOfText),
  run(input) {
    const parsed = parseDeviceFile(textOfBytes(input));
    assertLight(parsed, input.length);
    if (parsed.ok) return "taken";
    renderFileError("device.json", parsed.error);
    return "refused";
  },
};

const RELAY_TOML = `# A relay.
[server]
bind_address = "127.0.0.1:4433"

[storage]
database = "relay.db"
default_ttl = 604_800

[limits]
connections_per_ip = 10
messages_per_minute = 100

[http]
bind_address = "127.0.0.1:8080"
metrics_enabled = true

[cleanup]
enabled = true
interval_secs = 3600
`;

const relayConfig: Target = {
  name: "relay-config",
  corpus: [
    RELAY_TOML,
    RELAY_TOML.slice(0, 60),
    'http = { bind_address = "127.0.0.1:1" }\nlimits.x = [[1, {}], 2024-01-01]\n',
  ].map(bytesOfText),
  run(input) {
    const text = textOfBytes(input);
    const parsed = parseConfig(text);
    if (parsed.ok) {
      assertLight(parsed.value, text.length);
      return "taken";
    }
    // Each line may be wrong, and each sentence has its bound.
    if (parsed.error.length > text.length + 1) throw new Error("more problems than characters");
    for (const { sentence } of parsed.error) {
      if (sentence.length > 600 || sentence.includes("\n")) throw new Error(`not one sentence: ${sentence}`);
    }
    return "refused";
  },
};

export const TEXT_TARGETS: readonly Target[] = [invite, inviteBody, shortCode, groupFile, deviceFile, relayConfig];
