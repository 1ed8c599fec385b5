import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkRelayConfig, DEFAULT_RELAY_CONFIG, type RelayConfig } from "./config.ts";

const keys = (config: Partial<RelayConfig>): string[] =>
  checkRelayConfig({ ...DEFAULT_RELAY_CONFIG, ...config }).map(({ key }) => key);
const numbers = Object.entries(DEFAULT_RELAY_CONFIG).flatMap(([key, value]) =>
  typeof value === "number" ? [key as keyof RelayConfig] : [],
);

describe("the check of a relay's configuration", () => {
  it("has nothing against the default", () => {
    expect(checkRelayConfig(DEFAULT_RELAY_CONFIG)).toEqual([]);
  });

  it.each(numbers)("refuses %s below zero, as a fraction, or as no number", (key) => {
    for (const value of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) expect(keys({ [key]: value })).toContain(key);
  });

  it.each(numbers.filter((key) => /Ms$|Second$|Minute$|Burst$|sessions|groupsMax|devices|Ttl|rekey|Limit/.test(key)))(
    "refuses %s = 0",
    (key) => {
      expect(keys({ [key]: 0 })).toContain(key);
    },
  );

  it("takes a quota of nothing, and no invites", () => {
    expect(keys({ groupBytesMax: 0, totalBytesMax: 0, invitesMax: 0, groupInvitesMax: 0 })).toEqual([]);
  });

  it("refuses what the protocol or a timer cannot keep", () => {
    expect(keys({ pullLimitMax: 1001, devicesPerGroupMax: 1001, idleTimeoutMs: 2 ** 31 })).toEqual([
      "idleTimeoutMs",
      "devicesPerGroupMax",
      "pullLimitMax",
    ]);
  });

  it("refuses to forget ids before their payloads are over, and says what it is about", () => {
    const [fault] = checkRelayConfig({ ...DEFAULT_RELAY_CONFIG, defaultTtlS: 100, dedupeRetentionS: 99 });
    expect(fault).toEqual({ key: "dedupeRetentionS", message: "must not be shorter than defaultTtlS (100), not 99" });
    expect(keys({ defaultTtlS: 100, dedupeRetentionS: 100 })).toEqual([]);
  });

  it("never throws", () => {
    const any = fc.oneof(fc.double(), fc.integer(), fc.constantFrom(null, undefined, "7", {}, true));
    const config = fc.record(Object.fromEntries(numbers.map((key) => [key, any])));
    fc.assert(
      fc.property(config, (values) => {
        const faults = checkRelayConfig({ ...DEFAULT_RELAY_CONFIG, ...(values as Partial<RelayConfig>) });
        for (const { key, message } of faults)
          expect([key in DEFAULT_RELAY_CONFIG, message !== ""]).toEqual([true, true]);
      }),
    );
  });
});
