/**
 * Somebody meddles with the fault proxies or the hosts behind the harness's back, and the verdict says so. The hosts are small
 * programs that are only there: what is tested is what the controller sees.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createDraw } from "../../scenarios/draw.ts";
import { LINKS } from "../../scenarios/link-profile.ts";
import { RELAY } from "../../scenarios/names.ts";
import type { Plan } from "../../scenarios/plan.ts";
import { createWorkload, type FaultSpec } from "../../scenarios/workload.ts";
import { runWorld, type WorldRun } from "../world/run-world.ts";
import { LocalBackend } from "./local-backend.ts";

/** Echoes what it is sent, so that something passes the links. */
const RELAY_PROGRAM = `
const { createServer } = require("node:net");
const words = process.argv.slice(2);
const listen = words[words.indexOf("--listen") + 1];
process.on("SIGTERM", () => process.exit(0));
require("node:fs").writeFileSync(__dirname + "/relay.pid", String(process.pid));
createServer((socket) => { socket.on("error", () => {}); socket.pipe(socket); }).listen(Number(listen.split(":")[1]), "127.0.0.1", () =>
  console.log(JSON.stringify({ type: "ready", address: "0k://" + "ab".repeat(32) + "@" + listen })));
`;

/** Says something to its relay every 10 ms, and nothing of it to the controller. */
const AGENT_PROGRAM = `
const { connect } = require("node:net");
const { readFileSync } = require("node:fs");
const { createInterface } = require("node:readline");
const { relays } = JSON.parse(readFileSync(process.argv[3], "utf8"));
const [host, port] = relays[0].address.split("@")[1].split(":");
const say = (message) => console.log(JSON.stringify({ ...message, atUs: Number(process.hrtime.bigint() / 1000n) }));
const answer = (id) => say({ type: "answer", id, standing: {}, waitingFor: [], outbox: 0, resources: {}, heapBytes: 1 });
let socket, isWanted = false;
const dial = () => { if (isWanted) socket = connect({ host, port: Number(port) }).on("error", () => {}).on("close", () => setTimeout(dial, 50)); };
setInterval(() => { if (isWanted) socket?.write("x"); }, 10);
createInterface({ input: process.stdin }).on("line", (line) => {
  const order = JSON.parse(line);
  if (order.type === "resume") say({ type: "up", protocol: 1, deviceId: "dd", pid: process.pid });
  else if (order.type === "connect" && !isWanted) { isWanted = true; dial(); }
  else if (order.type === "disconnect") { isWanted = false; socket?.destroy(); }
  else if (order.type === "report" || order.type === "final") answer(order.id);
  else if (order.type === "exit") process.exit(0);
});
`;

let home = "";
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "zerok-sabotage-"));
  writeFileSync(join(home, "relay.cjs"), RELAY_PROGRAM);
  writeFileSync(join(home, "agent.cjs"), AGENT_PROGRAM);
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function planWith(atMs: number, fault: FaultSpec): Plan {
  const run = createWorkload(createDraw("0x1"), { scenario: "T-LAT-01", devices: 1, link: LINKS.lan, extras: [] });
  run.fault(atMs, fault);
  return { ...run.finish(), bound: { withinMs: 10_000, framesMax: 100 } };
}

const LATENCY: FaultSpec = {
  do: "toxic",
  dialler: "a",
  listener: RELAY,
  stream: "up",
  toxic: { type: "latency", latencyMs: 30, jitterMs: 0 },
  // Long enough to be there when somebody meddles with it, on a busy machine too.
  forMs: 1500,
};

async function runWith(plan: Plan, meddle: (proxyUrl: string) => Promise<void>): Promise<WorldRun> {
  const node = process.execPath;
  const backend = new LocalBackend({
    relayCommand: [node, join(home, "relay.cjs")],
    agentCommand: [node, join(home, "agent.cjs")],
  });
  let meddling: Promise<void> | undefined;
  const run = await runWorld(plan, backend, {
    folder: join(home, "run"),
    quietMs: 100,
    onPhase(phase) {
      if (phase !== "steady") return;
      meddling = new Promise((resolve) => setTimeout(resolve, 300)).then(() => meddle(backend.proxyUrl!));
    },
  });
  await meddling;
  if (!run.ok) throw new Error(JSON.stringify(run.error));
  return run.value;
}

async function toxicsOf(url: string, path: string): Promise<readonly string[]> {
  const { toxics } = (await (await fetch(`${url}${path}`)).json()) as { toxics: { name: string }[] };
  return toxics.map(({ name }) => name);
}

const PROXY = `/proxies/0-a-${RELAY}`;

describe("a run that somebody meddles with", () => {
  it("is valid when nobody does", async () => {
    const { verdict, faults } = await runWith(planWith(50, LATENCY), async () => {});
    expect(verdict).toMatchObject({ verdict: "valid", unknowns: [] });
    expect(faults).toMatchObject([{ fault: "toxic latency", inPlaceMs: expect.any(Number) }]);
  });

  it("is unknown when a toxic is removed", async () => {
    const { verdict } = await runWith(planWith(50, LATENCY), async (url) => {
      const name = (await toxicsOf(url, PROXY)).find((one) => one.startsWith("t0"));
      await fetch(`${url}${PROXY}/toxics/${name}`, { method: "DELETE" });
    });
    expect(verdict).toMatchObject({ verdict: "unknown", findings: [] });
    expect(verdict.unknowns.join()).toMatch(
      /step 0 \(toxic\): the toxic t0-latency-upstream .* somebody has removed it/,
    );
  });

  it("is unknown when a toxic is changed", async () => {
    const { verdict } = await runWith(planWith(50, LATENCY), async (url) => {
      const body = JSON.stringify({ attributes: { latency: 1 } });
      await fetch(`${url}${PROXY}/toxics/t0-latency-upstream`, { method: "POST", body });
    });
    expect(verdict.unknowns.join()).toContain("is not as it was added: somebody has changed it");
  });

  it("is unknown when the standing latency of a link is removed", async () => {
    const { verdict } = await runWith(planWith(50, LATENCY), async (url) => {
      await fetch(`${url}${PROXY}/toxics/standing-downstream`, { method: "DELETE" });
    });
    expect(verdict).toMatchObject({ verdict: "unknown", findings: [] });
    expect(verdict.unknowns.join()).toContain("the toxic standing-downstream");
  });

  it("is unknown when a toxic is added, or a proxy disabled", async () => {
    const added = await runWith(planWith(50, LATENCY), async (url) => {
      const body = JSON.stringify({ name: "mine", type: "latency", attributes: { latency: 1 } });
      await fetch(`${url}${PROXY}/toxics`, { method: "POST", body });
    });
    expect(added.verdict.unknowns.join()).toContain("has a toxic mine that nobody here added");
    const disabled = await runWith(planWith(50, LATENCY), async (url) => {
      await fetch(`${url}${PROXY}`, { method: "POST", body: JSON.stringify({ enabled: false }) });
    });
    expect(disabled.verdict.unknowns.join()).toContain("is disabled: somebody has changed it");
  });

  it("is unknown when the fault proxy is gone", async () => {
    const { verdict } = await runWith(planWith(50, LATENCY), async (url) => {
      await fetch(`${url}${PROXY}`, { method: "DELETE" });
    });
    expect(verdict).toMatchObject({ verdict: "unknown", findings: [] });
    expect(verdict.unknowns.join()).toMatch(/did not show the proxy .* status code 404/);
  });

  it("is unknown when a power cut cannot be done, and leaves no host standing still", async () => {
    const cut: FaultSpec = { do: "crash", host: RELAY, how: "power", downMs: 100 };
    const { verdict, history } = await runWith(planWith(1500, cut), async (url) => {
      await fetch(`${url}${PROXY}`, { method: "DELETE" });
    });
    // A relay that still stood still could not leave when it is asked to.
    expect(verdict).toMatchObject({ verdict: "unknown", findings: [] });
    expect(verdict.unknowns.join()).toMatch(/step 0 \(crash\): .*status code 404/);
    expect(verdict.unknowns.join()).not.toContain("at the end");
    expect(history.some((record) => record.type === "stopped")).toBe(false);
  });

  it("is unknown when a paused host is woken", async () => {
    const { verdict } = await runWith(planWith(50, { do: "pause", host: RELAY, forMs: 2000 }), async () => {
      process.kill(Number(readFileSync(join(home, "relay.pid"), "utf8")), "SIGCONT");
    });
    expect(verdict).toMatchObject({ verdict: "unknown", findings: [] });
    expect(verdict.unknowns.join()).toContain(`somebody woke ${RELAY} in its pause`);
  });

  it("knows a link that is down by its refusing", async () => {
    const plan = planWith(50, { ...LATENCY, toxic: { type: "down" } } as FaultSpec);
    const { verdict, history } = await runWith(plan, async () => {});
    expect(verdict).toMatchObject({ verdict: "valid", unknowns: [] });
    const stages = history.flatMap((record) => (record.type === "fault" ? [record.stage] : []));
    expect(stages).toEqual(["issued", "observed", "healed"]);
  });
});
