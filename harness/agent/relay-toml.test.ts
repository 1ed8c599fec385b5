import { expect, it } from "vitest";
import { renderRelayToml } from "../../chaos/world/relay-toml.ts";
import { DEFAULT_RELAY_CONFIG } from "../../core/relay/config.ts";
import { relayConfigOf } from "../relay/config.ts";
import { parseConfig } from "../relay/config-file.ts";
import { defaultSettings } from "../relay/settings.ts";

function readBack(text: string) {
  const parsed = parseConfig(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return relayConfigOf({ ...defaultSettings(), ...parsed.value });
}

it("the file that a controller writes for a relay is one that the relay takes, and says the same", () => {
  const config = {
    ...DEFAULT_RELAY_CONFIG,
    handshakeTimeoutMs: 7000,
    idleTimeoutMs: 31_000,
    sessionsMax: 77,
    sessionsPerAddressMax: 33,
    messagesPerMinute: 1234,
    messagesBurst: 55,
    totalMessagesPerSecond: 999,
    groupBytesMax: 4096,
    groupsMax: 12,
    pullLimitMax: 9,
    notify: false,
    defaultTtlS: 3600,
    dedupeRetentionS: 200_000,
    sweepMs: 2000,
    rekeyAfterMessages: 40,
  };
  const { text, approximations } = renderRelayToml(config);
  expect(approximations).toEqual([]);
  expect(readBack(text)).toMatchObject(config);
});

it("names what the file cannot say exactly", () => {
  const { text, approximations } = renderRelayToml({ ...DEFAULT_RELAY_CONFIG, idleTimeoutMs: 30_500, sweepMs: 200 });
  expect(approximations).toEqual([
    "idle_timeout_secs is 31 s instead of 30500 ms",
    "interval_secs is 1 s instead of 200 ms",
  ]);
  expect(readBack(text)).toMatchObject({ idleTimeoutMs: 31_000, sweepMs: 1000 });
});
