import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createDraw } from "../../scenarios/draw.ts";
import type { History } from "../../scenarios/history.ts";
import { LINKS } from "../../scenarios/link-profile.ts";
import { RELAY } from "../../scenarios/names.ts";
import { createPayload, digestBytes } from "../../scenarios/payload.ts";
import { isFault, type Plan } from "../../scenarios/plan.ts";
import { createWorkload, type FaultSpec } from "../../scenarios/workload.ts";
import { Guard } from "./guard.ts";
import { runOn, type RunOnOptions } from "../run-on.ts";

/** A relay that only says that it is there: its devices talk to nobody. `how` picks a way to misbehave. */
const FAKE_RELAY = `
import { copyFileSync, existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
const [pids, how, ...words] = process.argv.slice(2);
writeFileSync(pids + "/" + process.pid, "relay");
const listen = words[words.indexOf("--listen") + 1];
const data = words[words.indexOf("--data-dir") + 1];
writeFileSync(data + "/identity.key", "key");
process.on("SIGTERM", () => process.exit(how === "sulks" ? 1 : 0));
if (how === "mumbles") console.log("hello");
else if (how !== "mute") console.log(JSON.stringify({ type: "ready", address: "0k://" + "ab".repeat(32) + "@" + listen }));
if (how === "tells") writeFileSync(data + "/log", process.env.ZEROK_TEST_LEAK ?? "");
if (how === "dies") setTimeout(() => { console.error("out of ideas"); process.exit(9); }, 300);
// Where no small disk can be made, its faults are in a file that it says it has seen.
const faults = process.env.ZEROK_FAULT_FILE;
setInterval(() => {
  if (!faults || !existsSync(faults)) return;
  copyFileSync(faults, faults + ".seen-new");
  renameSync(faults + ".seen-new", faults + ".seen");
}, 5);
`;

/** One device alone in its group: what it pushes is its own log. Its disk is a file with one line per push. */
const FAKE_AGENT = `
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
const [pids, how, , configPath] = process.argv.slice(2);
writeFileSync(pids + "/" + process.pid, "agent");
const { device, group, dataDir, relays } = JSON.parse(readFileSync(configPath, "utf8"));
mkdirSync(dataDir, { recursive: true });
const relay = relays[0].address.slice(5, 69), epoch = "ee".repeat(16), disk = dataDir + "/disk";
const hex = (text, bytes) => Buffer.from(text.padEnd(bytes, ".")).subarray(0, bytes).toString("hex");
const say = (message) => console.log(JSON.stringify({ ...message, atUs: Number(process.hrtime.bigint() / 1000n) }));
const event = (event, at = epoch) => say({ type: "event", epoch: at, event });
const record = (record) => say({ type: "record", record });
const rows = () => existsSync(disk) ? readFileSync(disk, "utf8").split("\\n").slice(0, -1).map((line) => JSON.parse(line)) : [];
const where = { device, group, relay: relays[0].name, epoch };
const state = (why) => { const { length } = rows(); return { type: "durable-state", why, ...where, cursor: length, chain: hex("c" + length, 32), inbox: length }; };
let read = 0, isConnected = false;
const owed = [];
process.on("SIGTERM", () => process.exit(0));
const deliver = () => { for (const row of rows().slice(read)) { record({ type: "deliver", ...where, index: read, cursor: ++read, ...row }); } record(state("commit")); };
const answer = (id) => say({ type: "answer", id, standing: { [relays[0].name]: epoch + "/" + rows().length }, waitingFor: owed.length > 0 ? ["an acknowledgement that never comes"] : [], outbox: owed.length, resources: { connections: isConnected ? 1 : 0 }, heapBytes: 1 });
const digests = JSON.parse(readFileSync(pids + "/../digests.json", "utf8"));
createInterface({ input: process.stdin }).on("close", () => process.exit(0)).on("line", (line) => {
  const order = JSON.parse(line);
  if (order.type === "resume") {
    read = order.inbox;
    if (!order.isFirst) { record({ ...state("crash"), outbox: [] }); deliver(); }
    say({ type: "up", protocol: 1, deviceId: "dd", pid: process.pid });
    if (how === "babbles") console.log("{}");
    if (how === "breaks") say({ type: "failed", why: "a session of nobody", isInvariant: true });
  } else if (order.type === "connect") {
    if (isConnected) return;
    isConnected = true;
    event({ type: "connecting", relay }, "");
    event({ type: "connected", relay, epoch, max: rows().length });
  } else if (order.type === "disconnect") {
    isConnected = false;
  } else if (order.type === "push") {
    const sequence = rows().length + 1;
    const blobId = hex(device + sequence, 16);
    if (how === "hoards") { owed.push(blobId); event({ type: "queued", ref: order.ref, blobId, sequence }); return; }
    event({ type: "pulling", relay, after: sequence - 1 });
    const digest = digests[order.op];
    if (how === "forgets" && sequence === 2) { event({ type: "queued", ref: order.ref, blobId, sequence }); event({ type: "acked", relay, blobId, epoch, position: { cursor: sequence, chain: hex("c" + sequence, 32) } }); return; }
    event({ type: "queued", ref: order.ref, blobId, sequence });
    appendFileSync(disk, JSON.stringify({ blob: blobId, op: order.sizeBytes === 0 ? null : order.op, digest, sizeBytes: order.sizeBytes, sender: "dd", sequence }) + "\\n");
    event({ type: "acked", relay, blobId, epoch, position: { cursor: sequence, chain: hex("c" + sequence, 32) } });
    event({ type: "pulled", relay, through: sequence, max: sequence, blobs: 1, hasMore: false, gone: [] });
    deliver();
  } else if (order.type === "stop-at") {
    say({ type: "stopping", moment: order.moment });
    process.kill(process.pid, "SIGKILL");
  } else if (order.type === "report") answer(order.id);
  else if (order.type === "final") {
    const { why, ...rest } = state("final");
    record({ ...rest, type: "final-state", delivered: "x", outbox: owed });
    answer(order.id);
  } else if (order.type === "exit") process.exit(how === "lingers" ? 1 : 0);
});
`;

let home = "";
let pids = "";

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "zerok-local-"));
  pids = join(home, "pids");
  mkdirSync(pids);
  writeFileSync(join(home, "relay.mjs"), FAKE_RELAY);
  writeFileSync(join(home, "agent.mjs"), FAKE_AGENT);
  writeFileSync(join(home, "digests.json"), "{}");
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function planWith(faults: readonly (readonly [atMs: number, spec: FaultSpec])[], pushes = 3): Plan {
  const run = createWorkload(createDraw("0x1"), { scenario: "T-CONN-01", devices: 1, link: LINKS.lan, extras: [] });
  run.stream("a", pushes, { fromMs: 50, toMs: 250 });
  for (const [atMs, spec] of faults) run.fault(atMs, spec);
  return { ...run.finish(), bound: { withinMs: 10_000, framesMax: 100 } };
}

function optionsFor(relay = "well", agent = "well"): Extract<RunOnOptions, { backend: "local" }> {
  const node = process.execPath;
  return {
    backend: "local",
    relayCommand: [node, join(home, "relay.mjs"), pids, relay],
    agentCommand: [node, join(home, "agent.mjs"), pids, agent],
    folder: join(home, "run"),
    graceMs: 5000,
    quietMs: 100,
  };
}

/** Nothing of the run is left: no process that ever told its pid, no folder. */
function expectNothingLeft(started: number): void {
  expect(existsSync(join(home, "run"))).toBe(false);
  const all = readdirSync(pids).map(Number);
  expect(all.length).toBeGreaterThanOrEqual(started);
  for (const pid of all) expect(() => process.kill(pid, 0), `process ${pid}`).toThrow("ESRCH");
}

async function runWell(plan: Plan, options: RunOnOptions) {
  const pushes = plan.steps.filter((step) => step.do === "push");
  const digests = pushes.map(({ op, sizeBytes }) => [op, digestBytes(createPayload(op, sizeBytes))]);
  writeFileSync(join(home, "digests.json"), JSON.stringify(Object.fromEntries(digests)));
  const run = await runOn(plan, options);
  if (!run.ok) throw new Error(JSON.stringify(run.error));
  return run.value;
}

const outcomes = (history: History): readonly string[] =>
  history.flatMap((record) => (record.type === "op" && record.f === "push" ? [record.outcome] : []));
const stages = (history: History): readonly string[] =>
  history.flatMap((record) => (record.type === "fault" ? [`${record.step}:${record.stage}`] : []));

describe("a run on local processes", () => {
  it("starts them, does the plan, and judges what they told", async () => {
    const plan = planWith([]);
    const { history, verdict, blindSpots } = await runWell(plan, optionsFor());
    expect(verdict).toEqual({ verdict: "valid", idle: false, findings: [], unknowns: [] });
    expect(history.flatMap((record) => (record.type === "phase" ? [record.phase] : []))).toEqual([
      "steady",
      "healed",
      "converged",
      "quiet",
      "end",
    ]);
    expect(outcomes(history).toSorted()).toEqual(["invoke", "invoke", "invoke", "ok", "ok", "ok"]);
    expect(history.filter((record) => record.type === "final-state")).toHaveLength(1);
    expect(history.filter((record) => record.type === "secret")).toHaveLength(3);
    expect(history.map(({ at }) => at)).toEqual(history.map(({ at }) => at).toSorted((a, b) => a - b));
    expect(blindSpots.some((spot) => spot.startsWith("nonce-unique"))).toBe(true);
    expectNothingLeft(2);
  });

  it("kills, stops, pauses and wipes, and reads each back", async () => {
    const plan = planWith([
      [60, { do: "crash", host: "a", how: "kill", downMs: 50 }],
      [70, { do: "pause", host: RELAY, forMs: 100 }],
      [400, { do: "crash", host: RELAY, how: "kill", downMs: 10 }],
      [500, { do: "restart", host: RELAY, downMs: 100 }],
      [600, { do: "restart", host: "a", downMs: 50 }],
      [900, { do: "wipe", host: RELAY, downMs: 20 }],
    ]);
    const { history, verdict } = await runWell(plan, optionsFor());
    expect(verdict).toMatchObject({ verdict: "valid", findings: [], unknowns: [] });
    for (const step of plan.steps) {
      if (!("host" in step)) continue;
      const own = stages(history).filter((stage) => stage.startsWith(`${step.id}:`));
      expect(own).toEqual([`${step.id}:issued`, `${step.id}:observed`, `${step.id}:healed`]);
    }
    const stop = history.find((record) => record.type === "fault" && record.note !== undefined);
    expect(stop).toMatchObject({ note: expect.stringMatching(/^exit 0 after \d+ ms$/) });
    // A crash is read back from the disk.
    expect(history.some((record) => record.type === "durable-state" && record.why === "crash")).toBe(true);
    expectNothingLeft(7);
  });

  it("lets an agent kill itself at a named moment", async () => {
    const plan = planWith([[100, { do: "crash", host: "a", how: "kill", downMs: 10 }]]);
    const crash = plan.steps.find((step) => step.do === "crash")!;
    const moments = new Map([[crash.id, "push-sent" as const]]);
    const { history, verdict } = await runWell(plan, { ...optionsFor(), moments });
    expect(verdict.verdict).toBe("valid");
    const issued = history.find((record) => record.type === "fault" && record.stage === "issued");
    expect(issued).toMatchObject({ note: "at push-sent" });
  });

  it("puts a partition and a full disk in place, and tells what nothing came by for", async () => {
    const plan = planWith([
      [100, { do: "disk", host: RELAY, disk: { type: "full" }, forMs: 100 }],
      [120, { do: "partition", left: ["a"], right: [RELAY], oneWay: false, forMs: 100 }],
    ]);
    const { history, verdict, faults } = await runWell(plan, optionsFor());
    const [disk, partition] = plan.steps.filter((step) => isFault(step)).map(({ id }) => id);
    expect(stages(history).toSorted()).toEqual(
      [
        ...[`${disk}:issued`, `${disk}:observed`, `${disk}:healed`],
        // These devices talk to nobody.
        ...[`${partition}:issued`, `${partition}:unmet`, `${partition}:healed`],
      ].toSorted(),
    );
    expect(verdict).toMatchObject({ verdict: "valid", unknowns: [] });
    for (const { plannedMs, inPlaceMs, healedMs } of faults) {
      expect(inPlaceMs).toBeGreaterThanOrEqual(plannedMs);
      expect(healedMs).toBeGreaterThanOrEqual(plannedMs + 100);
    }
  });

  it("calls a stall unknown, and says who waits for what", async () => {
    const { history, verdict } = await runWell(
      { ...planWith([]), bound: { withinMs: 1000, framesMax: 100 } },
      optionsFor("well", "hoards"),
    );
    expect(history.find((record) => record.type === "phase" && record.phase === "stalled")).toMatchObject({
      waiting: ["a waits for an acknowledgement that never comes"],
    });
    expect(verdict).toMatchObject({ verdict: "unknown", findings: [] });
    expect(verdict.unknowns[0]).toContain("an acknowledgement that never comes");
  });

  it("finds an acknowledged blob that nobody has", async () => {
    const { verdict } = await runWell(planWith([]), optionsFor("well", "forgets"));
    expect(verdict.verdict).toBe("invalid");
    expect(verdict.findings.map(({ kind }) => kind)).toContain("acked-blob-missing");
  });

  it.each([
    ["a relay that dies by itself", "dies", "well", /relay ended with exit code 9; its last words: out of ideas/],
    [
      "a relay that answers SIGTERM with an error",
      "sulks",
      "well",
      /asked to stop by SIGTERM, relay ended with exit code 1/,
    ],
    ["an agent that does not exit well", "well", "lingers", /told to exit, a ended with exit code 1/],
    ["an agent that breaks", "well", "breaks", /a session of nobody/],
    ["an agent that cannot be understood", "well", "babbles", /not understood: it is no object with a type/],
  ])("finds %s", async (_what, relay, agent, message) => {
    const { verdict } = await runWell(planWith([]), optionsFor(relay, agent));
    expect(verdict.verdict).toBe("invalid");
    expect(verdict.findings.map((finding) => finding.message).join()).toMatch(message);
    expectNothingLeft(2);
  });

  it("finds a secret in what a relay keeps", async () => {
    process.env["ZEROK_TEST_LEAK"] = `key=${createDraw("0x1").hex("group-secret/main", 32)}`;
    const { verdict } = await runWell(planWith([]), optionsFor("tells"));
    delete process.env["ZEROK_TEST_LEAK"];
    expect(verdict.findings.map(({ kind }) => kind)).toEqual(["canary-seen"]);
  });
});

describe("what goes wrong with the machine or the controller", () => {
  it("is no verdict when a relay says nothing that is understood", async () => {
    const run = await runOn(planWith([]), optionsFor("mumbles"));
    expect(run).toEqual({
      ok: false,
      error: { type: "EnvironmentError", message: expect.stringContaining("and printed: hello") },
    });
    expectNothingLeft(1);
  });

  it("is no verdict when a program is not there", async () => {
    const run = await runOn(planWith([]), { ...optionsFor(), relayCommand: [join(home, "nothing")] });
    expect(run).toEqual({
      ok: false,
      error: { type: "EnvironmentError", message: expect.stringContaining("could not be started") },
    });
  });

  it("refuses a folder that is somebody's, and starts nothing", async () => {
    mkdirSync(join(home, "run"));
    writeFileSync(join(home, "run", "mine"), "");
    const children = (): number => process.getActiveResourcesInfo().filter((what) => what === "ProcessWrap").length;
    const before = children();
    const run = await runOn(planWith([]), optionsFor());
    expect(children()).toBe(before);
    expect(run).toMatchObject({ ok: false, error: { message: expect.stringContaining("not empty") } });
    expect(readFileSync(join(home, "run", "mine"), "utf8")).toBe("");
  });

  it("leaves nothing when it is interrupted", async () => {
    const controller = new AbortController();
    const plan = planWith([[5000, { do: "pause", host: "a", forMs: 1000 }]]);
    const run = runOn(plan, {
      ...optionsFor(),
      signal: controller.signal,
      onPhase: (phase) => {
        if (phase === "steady") controller.abort();
      },
    });
    expect(await run).toEqual({ ok: false, error: { type: "Interrupted" } });
    expectNothingLeft(2);
  });

  it("leaves nothing when the controller fails in the midst of it", async () => {
    const run = runOn(planWith([]), {
      ...optionsFor(),
      onPhase: () => {
        throw new Error("a bug of the controller");
      },
    });
    await expect(run).rejects.toThrow("a bug of the controller");
    expectNothingLeft(2);
  });

  it("leaves nothing when the controller is killed: its guard outlives it", async () => {
    const folder = join(home, "left");
    mkdirSync(folder);
    const left = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
    const spared = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
    const ended = new Promise((resolve) => left.once("exit", (_code, signal) => resolve(signal)));
    const guard = new Guard();
    guard.addFolder(folder);
    guard.add(left.pid!);
    guard.add(spared.pid!);
    guard.remove(spared.pid!);
    // As the system closes a dead process's pipes.
    await guard.close();
    expect(await ended).toBe("SIGKILL");
    expect(existsSync(folder)).toBe(false);
    expect(spared.exitCode).toBe(null);
    spared.kill("SIGKILL");
  });
});
