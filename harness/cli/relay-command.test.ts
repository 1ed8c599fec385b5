import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseRelayAddress } from "../../core/ids.ts";
import { startDevice } from "../driver/memory-device.ts";
import { runCli } from "../main.ts";
import { createCapturedIo } from "./captured-io.ts";

// The real bin, which runs what `npm test` has compiled.
const BIN = new URL("../zerok.mjs", import.meta.url).pathname;

let folder: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "zerok-relay-command-"));
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill("SIGKILL");
    await once(child, "exit");
  }
  rmSync(folder, { recursive: true, force: true });
});

function run(...words: readonly string[]) {
  const child = spawn(process.execPath, [BIN, "relay", ...words], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  children.push(child);
  const said = { out: "", err: "" };
  child.stdout.on("data", (chunk) => (said.out += String(chunk)));
  child.stderr.on("data", (chunk) => (said.err += String(chunk)));
  const ended = once(child, "close").then(([code, signal]) => (code ?? signal) as number | string);
  return { child, said, ended };
}
async function until(condition: () => boolean): Promise<void> {
  const endMs = Date.now() + 20_000;
  while (!condition()) {
    if (Date.now() > endMs) throw new Error("did not come about within twenty seconds");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
const LOCAL = ["--listen", "127.0.0.1:0", "--http", "off"];

describe("zerok relay", () => {
  it.each(["SIGTERM", "SIGINT"] as const)(
    "says its address, and ends with 0 at %s, with devices connected",
    async (signal) => {
      const { child, said, ended } = run(...LOCAL);
      await until(() => said.out.includes("\n"));
      const address = parseRelayAddress(said.out.trim());
      expect(address).toBeDefined();
      const device = startDevice(address!);
      device.push("hello");
      await until(() => device.count("acked") === 1);
      child.kill(signal);
      expect(await ended).toBe(0);
      await until(() => device.count("disconnected") === 1);
      expect(device.events.find((event) => event.type === "disconnected")).toMatchObject({ why: "relay-shutdown" });
      await device.close();
      expect(said.out.split("\n").length).toBe(2);
      expect(said.err).toContain('"msg":"stopped"');
    },
  );

  it("--json: one line on stdout, log lines on stderr, nothing else", async () => {
    const { child, said, ended } = run("--listen", "127.0.0.1:0", "--http", "127.0.0.1:0", "--json");
    await until(() => said.out.includes("\n"));
    const ready = JSON.parse(said.out) as { type: string; address: string; http: string };
    expect(ready).toEqual({
      type: "ready",
      address: expect.stringMatching(/^0k:\/\/[0-9a-f]{64}@127\.0\.0\.1:\d+$/),
      http: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
    });
    expect((await fetch(`${ready.http}/ready`)).status).toBe(200);
    child.kill("SIGTERM");
    expect(await ended).toBe(0);
    for (const line of said.err.trim().split("\n")) JSON.parse(line);
  });

  it("a second signal ends it at once", async () => {
    const { child, said, ended } = run(...LOCAL);
    await until(() => said.out.includes("\n"));
    // Somebody who was answered and does not hang up: closing takes a second, for the last words.
    const { endpoint } = parseRelayAddress(said.out.trim())!;
    const lingering = connect({ port: Number(endpoint.split(":")[1]), host: "127.0.0.1", allowHalfOpen: true });
    lingering.on("error", () => {});
    const point = new Uint8Array(32);
    point[0] = 9;
    lingering.write(Buffer.concat([Uint8Array.of(0, 32), point]));
    await once(lingering, "data");
    child.kill("SIGTERM");
    child.kill("SIGINT");
    // The system may hand them over in either order; one alone ends it with 0, and later.
    expect([130, 143]).toContain(await ended);
    lingering.destroy();
  });

  it("a second relay on the same folder is refused with one sentence, and the first goes on", async () => {
    const first = run(...LOCAL);
    await until(() => first.said.out.includes("\n"));
    const second = run(...LOCAL, "--log-level", "silent");
    expect(await second.ended).toBe(3);
    expect(second.said.out).toBe("");
    expect(second.said.err).toMatch(/^zerok: .*relay\.db is in use by another process.*\n$/);
    first.child.kill("SIGTERM");
    expect(await first.ended).toBe(0);
    const third = run(...LOCAL);
    await until(() => third.said.out.includes("\n"));
    expect(parseRelayAddress(third.said.out.trim())!.id).toEqual(parseRelayAddress(first.said.out.trim())!.id);
  });

  it("a relay that was killed comes back with its key and data", async () => {
    const first = run(...LOCAL);
    await until(() => first.said.out.includes("\n"));
    const address = parseRelayAddress(first.said.out.trim())!;
    const device = startDevice(address);
    device.push("survives");
    await until(() => device.count("acked") === 1);
    first.child.kill("SIGKILL");
    expect(await first.ended).toBe("SIGKILL");
    await device.close();
    const second = run("--listen", address.endpoint, "--http", "off");
    await until(() => second.said.out.includes("\n"));
    expect(second.said.out).toBe(first.said.out);
    const other = startDevice(address);
    await until(() => other.delivered().includes("survives"));
    await other.close();
  });
});

describe("mistakes are one sentence each", () => {
  async function type(...words: readonly string[]) {
    const io = createCapturedIo();
    const code = await runCli(["relay", ...words], io);
    return { code, ...io.written };
  }

  it("in the file, on the command line", async () => {
    const file = join(folder, "relay.toml");
    writeFileSync(file, "[limits]\nmax_pul_limit = 5\n");
    for (const [words, sentence] of [
      [
        ["--config", file],
        /relay\.toml:2: There is no setting limits\.max_pul_limit\. Did you mean limits\.max_pull_limit\?/,
      ],
      [["--config", join(folder, "none.toml")], /none\.toml cannot be read: there is no such file/],
      [["--listen", "4433"], /--listen: "4433" does not fit server\.bind_address: it takes host:port/],
      [["--log-level", "loud"], /--log-level: "loud" does not fit/],
      [["--bogus"], /bogus: npx zerok relay --help/],
    ] as const) {
      const { code, out, err } = await type(...words);
      expect(code).toBe(64);
      expect(out).toBe("");
      expect(err).toMatch(/^zerok: [^\n]+\n$/);
      expect(err).toMatch(sentence);
    }
  });

  it("--print-config shows what would be, and starts nothing", async () => {
    const shown = await type("--print-config", "--http", "off");
    expect(shown.code).toBe(0);
    expect(shown.out).toContain("[http]\n# where /health");
    expect(shown.out).toContain('bind_address = "off"');
    expect(JSON.parse((await type("--print-config", "--json")).out)["limits.max_pull_limit"]).toBe(1000);
  });

  it("--help is enough to get there", async () => {
    const { code, out } = await type("--help");
    expect(code).toBe(0);
    for (const word of [
      "0k://",
      "--config",
      "--listen",
      "--http",
      "--data-dir",
      "--log-level",
      "--print-config",
      "ZEROK_",
      "Examples:",
    ]) {
      expect(out).toContain(word);
    }
  });
});
