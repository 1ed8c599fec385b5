import { describe, expect, it } from "vitest";
import { Redacted } from "../../core/redacted.ts";
import { findLogFlaw } from "../../scenarios/loggable.ts";
import type { LogLevel } from "./log.ts";
import { createLog, describeError } from "./log.ts";

function capture(level: LogLevel) {
  const lines: string[] = [];
  const log = createLog(level, { write: (line) => void lines.push(line) });
  return { log, lines, json: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

const SECRETS = {
  passphrase: "correct horse battery",
  code: "ABCD-EFGH-IJKL-MNOP",
  hex: "00112233445566778899aabbccddeeff",
  short: "hunter2",
};

it("says what happened, one JSON line each, from its level on", () => {
  const { log, json } = capture("info");
  log.debug("dropped", { why: "idle" });
  log.info("ready", { port: 4433 });
  log.error("store failed", { why: "StorageFull" });
  expect(json()).toMatchObject([
    { level: "info", msg: "ready", port: 4433 },
    { level: "error", msg: "store failed", why: "StorageFull" },
  ]);
});

it("writes only lines that the checker of logs allows", () => {
  const { log, lines } = capture("trace");
  const careless = log as unknown as Record<string, (event: unknown, fields?: unknown) => void>;
  log.info("starting", { version: "0.1.0" });
  log.info("ready", { port: 4433, httpPort: 8080 });
  log.debug("dropped", { why: "idle" });
  log.debug("transaction", { operations: 3, tookMs: 1.5, waitedMs: 0.25 });
  log.debug("swept", { blobs: 4, sessions: 1, groups: 2 });
  log.debug("http request", { route: "/health", status: 200 });
  log.error("machine broke", describeError(new RangeError(SECRETS.hex)));
  log.warn("restarted", { restarts: 1 });
  careless["info"]!("ready", { device: SECRETS.hex, sizeBytes: 412, why: "192.168.1.7" });
  expect(lines.map((line) => findLogFlaw(line.trim()))).toEqual(lines.map(() => undefined));
  // And it does look: the same line without the daemon's redaction.
  expect(findLogFlaw(JSON.stringify({ msg: "ready", device: SECRETS.hex }))?.kind).toBe("identity-in-log");
  expect(findLogFlaw(JSON.stringify({ msg: "ready", sizeBytes: 412 }))?.kind).toBe("field-not-loggable");
});

describe("a careless line shows no secret", () => {
  for (const [kind, secret] of Object.entries(SECRETS)) {
    it(`of the kind "${kind}", wherever it is put`, () => {
      const { log, lines } = capture("trace");
      const careless = log as unknown as Record<string, (event: unknown, fields?: unknown) => void>;
      for (const level of ["fatal", "error", "warn", "info", "debug", "trace"]) {
        const say = careless[level]!;
        say(`pushed ${secret}`);
        say(secret, {});
        say("%s", secret);
        say("ready", { why: secret, kind: secret, route: secret, version: secret });
        say("ready", { [secret]: 1, group: secret, payload: Buffer.from(secret), nested: { secret } });
        say("ready", { why: { toJSON: () => secret }, port: [secret], frames: [secret, `at ${secret}`] });
        say("ready", new Error(secret));
        say("ready", { err: new Error(secret), port: new Redacted(secret) });
        say("ready", describeError(new Error(secret)));
        say("ready", describeError(Object.assign(new Error(secret), { name: secret })));
        say("ready", describeError(secret));
      }
      expect(lines.length).toBe(6 * 11);
      const said = lines.join("");
      expect(said).toContain("[REDACTED]");
      for (const written of [secret, Buffer.from(secret).toString("hex"), Buffer.from(secret).toString("base64")]) {
        expect(said).not.toContain(written);
      }
      expect(said).not.toContain([...Buffer.from(secret)].join(","));
    });
  }
});

it("tells where something broke, not what it was given", () => {
  const told = describeError(new RangeError("secret"));
  expect(told.kind).toBe("RangeError");
  expect(told.frames![0]).toMatch(/^log\.test\.ts:\d+:\d+$/);
  const { log, json } = capture("info");
  log.error("machine broke", told);
  expect(json()[0]).toMatchObject(told);
});
