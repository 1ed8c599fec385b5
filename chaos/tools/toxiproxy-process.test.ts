import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ConformanceServer } from "../proxy/conformance-desk.ts";
import { toxiproxyConformance, toxiproxyDifferences } from "../proxy/conformance.ts";
import { findTool } from "./tool.ts";
import { startToxiproxy } from "./toxiproxy-process.ts";
import type { ToxiproxyProcess } from "./toxiproxy-process.ts";

const found = await findTool("toxiproxy-server");
const path = found.ok ? found.value.path : "";
const reason = found.ok ? "" : ` (not run: ${found.error.why} Get it with: ${found.error.install})`;
if (!found.ok) console.warn(`The real Toxiproxy is not tested${reason}`);

/** Nobody asks it: one that a case ends stays ended. */
const start = (): Promise<ToxiproxyProcess> => startToxiproxy({ path, askEveryMs: 3_600_000 });

/** What a watched process was lost for, and whether it came again. */
function watched(options: object): { server: Promise<ToxiproxyProcess>; lost: Promise<[string, boolean]> } {
  let onLost: (why: string, isUp: boolean) => void = () => {};
  const lost = new Promise<[string, boolean]>((resolve) => (onLost = (...what) => resolve(what)));
  return { server: startToxiproxy({ path, askEveryMs: 20, onLost: (...what) => onLost(...what), ...options }), lost };
}

describe.skipIf(!found.ok)(`the real Toxiproxy speaks its API${reason}`, () => {
  let server: ConformanceServer;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(() => server.stop());

  for (const { name, run } of toxiproxyConformance(() => server)) it(name, run);
});

describe.skipIf(!found.ok)(`the real Toxiproxy differs from the embedded proxy as listed${reason}`, () => {
  for (const { name, run } of toxiproxyDifferences("real", start)) it(name, run, 60_000);
});

describe.skipIf(!found.ok)(`a process of the real Toxiproxy${reason}`, () => {
  it("is started anew when it was killed, and says so", async () => {
    const { server: starting, lost } = watched({});
    const server = await starting;
    const first = server.pid!;
    process.kill(first, "SIGKILL");
    expect(await lost).toEqual(["it was ended by SIGKILL", true]);
    expect(server.pid).not.toBe(first);
    expect(server.startedTimes).toBe(2);
    expect((await fetch(`${server.url}/proxies`)).status).toBe(200);
    await server.stop();
  });

  it("is started anew when it hangs", async () => {
    const { server: starting, lost } = watched({ answerWithinMs: 2000 });
    const server = await starting;
    process.kill(server.pid!, "SIGSTOP");
    expect(await lost).toEqual(["it did not answer any more", true]);
    await server.stop();
  });

  it("is gone when it was stopped", async () => {
    const server = await start();
    const { pid, url } = server;
    expect(readFileSync(`/proc/${pid}/cmdline`, "utf8")).toContain("-host");
    await server.stop();
    expect(server.isAlive).toBe(false);
    await expect(fetch(url)).rejects.toThrow();
  });
});

it("what is no Toxiproxy does not start, and is told with its path", async () => {
  await expect(startToxiproxy({ path: "/bin/false" })).rejects.toThrow("/bin/false did not start: it ended with 1.");
  await expect(startToxiproxy({ path: "/nowhere" })).rejects.toThrow("/nowhere did not start");
});
