import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import * as exported from "../index.ts";
import { startTestRelay, type TestRelay } from "./relay-for-tests.ts";

const page = readFileSync(fileURLToPath(new URL("LIBRARY.md", import.meta.url)), "utf8");
const groupSecret = new Uint8Array(32).fill(3);

let home: string;
let relay: TestRelay;
let child: ChildProcess | undefined;
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), "zerok-page-"));
  relay = await startTestRelay(join(home, "relay"));
});
afterEach(async () => {
  child?.kill("SIGKILL");
  child = undefined;
  await relay.stop();
  rmSync(home, { recursive: true, force: true });
});

/** The page's example as a function: what it imports, has and prints are handed in. */
function exampleOf(text: string): (given: Record<string, unknown>) => Promise<void> {
  const code = /^```js\n([^]*?)^```$/m.exec(text)![1]!;
  const imported = /^import \{ ([\w, ]+) \} from "zerok-sync";$/m.exec(code)!;
  const body = code.replace(imported[0], "").replaceAll(/dataDir: "([\w-]+)"/g, 'dataDir: folder + "/$1"');
  const names = [...imported[1]!.split(", "), "groupSecret", "relay", "folder", "console"];
  // The page is ours, and running what stands on it is the test.
  // oxlint-disable-next-line typescript/no-implied-eval
  const run = new Function(...names, `return (async () => {${body}})();`);
  return (given) => run(...names.map((name) => given[name])) as Promise<void>;
}

describe("the library's page", () => {
  it("has an example that does what it says", async () => {
    const lines: string[] = [];
    const console = { log: (line: string) => void lines.push(line) };
    await exampleOf(page)({ ...exported, groupSecret, relay: relay.address, folder: home, console });
    const pushed = expect.stringMatching(/^pushed [0-9a-f]{32} at cursor 1$/);
    expect([...lines].sort()).toEqual(["1: hello", "pulled hello", pushed]);
  });

  it("names every event, error code and method that there is", () => {
    const types = readFileSync(fileURLToPath(new URL("sync-events.ts", import.meta.url)), "utf8");
    const events = [...types.matchAll(/^ {2}"?([a-z-]+)"?: \[/gm)].map(([, name]) => name!);
    expect(events.length).toBeGreaterThan(10);
    for (const name of events) expect(page).toContain(`\`${name}\``);
    const errors = readFileSync(fileURLToPath(new URL("sync-error.ts", import.meta.url)), "utf8");
    for (const [, code] of errors.matchAll(/^ {2}\| "([a-z-]+)"/gm)) expect(page).toContain(`\`${code}\``);
    const methods = Object.getOwnPropertyNames(exported.SyncClient.prototype);
    const inner = ["constructor", "putInvite", "cancelInvite"];
    for (const name of methods.filter((one) => !inner.includes(one))) expect(page).toMatch(new RegExp(`\`${name}\\b`));
  });
});

const built = new URL("../../dist/harness/index.js", import.meta.url);
const NOBODY = `0k://${"ab".repeat(32)}@127.0.0.1:1`;

/** A process of its own, on the compiled library: a handle that is left keeps it for ever, and Vitest's time limit tells. */
async function runProgram(body: string): Promise<[code: number, out: string]> {
  const program = `import { SyncClient } from ${JSON.stringify(built.href)};
    const open = (relays) => SyncClient.open({
      dataDir: ${JSON.stringify(join(home, "a"))}, relays, groupSecret: new Uint8Array(32),
    });
    const relay = ${JSON.stringify(relay.address)}, nobody = ${JSON.stringify(NOBODY)};
    ${body}
    process.stdout.write("closed");`;
  const stdio = ["ignore", "pipe", "inherit"] as const;
  child = spawn(process.execPath, ["--input-type=module", "--eval", program], { stdio: [...stdio] });
  let out = "";
  child.stdout!.on("data", (chunk: Buffer) => void (out += chunk.toString()));
  const [code] = (await once(child, "close")) as [number];
  return [code, out];
}

describe.skipIf(!existsSync(built))(
  "a process that has closed its client ends by itself (skipped without a build, which it runs: `npm test` makes it)",
  () => {
    it.each([
      [
        "after a push",
        `const client = await open([relay]); await client.connect(); await (await client.push("x")).acked;`,
      ],
      ["with a relay that is away", `const client = await open([relay, nobody]); await client.connect();`],
      ["while it waits to try again", `const client = await open([nobody]); await client.connect().catch(() => {});`],
      [
        "while it connects",
        `const client = await open([relay]); client.connect({ timeoutMs: 600_000 }).catch(() => {});`,
      ],
      [
        "while it pulls and flushes",
        `const client = await open([relay, nobody]); await client.connect(); await client.push("x");
       for (const wait of [client.catchUp({ timeoutMs: 600_000 }), client.flush({ everywhere: true, timeoutMs: 600_000 })])
         wait.catch(() => {});`,
      ],
    ])("%s", async (_name, body) => {
      expect(await runProgram(`${body} await client.close();`)).toEqual([0, "closed"]);
    });

    it("also with `using`", async () => {
      const body = `{ const client = await open([relay]); try { await client.connect(); }
      finally { await client[Symbol.asyncDispose](); } }`;
      expect(await runProgram(body)).toEqual([0, "closed"]);
    });
  },
);
