import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DEFAULT_CLIENT_CONFIG } from "../../core/client/config.ts";
import { Redacted } from "../../core/redacted.ts";
import {
  AGENT_PROTOCOL,
  encodeAgentOrder,
  parseAgentReport,
  type AgentOrder,
  type AgentReport,
} from "../../scenarios/agent-protocol.ts";
import { Agent } from "./agent.ts";

const op = "0123456789abcdef0123456789abcdef";
const FIRST: AgentOrder = {
  type: "resume",
  protocol: AGENT_PROTOCOL,
  isFirst: true,
  inbox: 0,
  quarantine: 0,
  lost: 0,
};
const AGAIN: AgentOrder = { ...FIRST, isFirst: false };

let home = "";
beforeEach(() => void (home = mkdtempSync(join(tmpdir(), "zerok-agent-"))));
afterEach(() => rmSync(home, { recursive: true, force: true }));

interface Heard {
  readonly agent: Agent;
  readonly reports: AgentReport[];
  /** The first report that fits, from now or from before. */
  until(fits: (report: AgentReport) => boolean): Promise<AgentReport>;
  tell(...orders: readonly AgentOrder[]): void;
  readonly kills: number[];
}

/** An agent whose relay is not there: what it pushes waits in its sent log. */
function startAgent(): Heard {
  const reports: AgentReport[] = [];
  const kills: number[] = [];
  const waiting: { fits: (report: AgentReport) => boolean; resolve: (report: AgentReport) => void }[] = [];
  let clockUs = 0;
  const agent = new Agent(
    {
      device: "a",
      group: "main",
      dataDir: join(home, "data"),
      groupSecret: new Redacted(new Uint8Array(32).fill(7)),
      relays: [{ name: "relay", address: { id: new Uint8Array(32).fill(9), endpoint: "127.0.0.1:1" } }],
      config: DEFAULT_CLIENT_CONFIG,
    },
    {
      write(line) {
        const parsed = parseAgentReport(line);
        if (!parsed.ok) throw new Error(`${JSON.stringify(parsed.error)}: ${line}`);
        reports.push(parsed.value);
        for (const each of waiting.splice(0)) {
          if (each.fits(parsed.value)) each.resolve(parsed.value);
          else waiting.push(each);
        }
      },
      nowUs: () => clockUs++,
      killSelf() {
        kills.push(reports.length);
        // A process would be gone here.
        throw new Error("killed");
      },
    },
  );
  return {
    agent,
    reports,
    kills,
    until: (fits) => {
      const known = reports.find(fits);
      return known === undefined ? new Promise((resolve) => waiting.push({ fits, resolve })) : Promise.resolve(known);
    },
    tell: (...orders) => orders.forEach((order) => agent.order(encodeAgentOrder(order))),
  };
}

const isEvent = (type: string) => (report: AgentReport) => report.type === "event" && report.event.type === type;
const isAnswer = (id: number) => (report: AgentReport) => report.type === "answer" && report.id === id;

describe("an agent", () => {
  it("is up when its store is loaded, keeps what it is told to push, and tells how it stands", async () => {
    const { agent, reports, until, tell } = startAgent();
    tell(FIRST);
    expect(await until((report) => report.type === "up")).toMatchObject({ protocol: AGENT_PROTOCOL, pid: process.pid });
    expect(statSync(join(home, "data")).mode & 0o077).toBe(0);
    tell({ type: "push", ref: 5, op, sizeBytes: 64, ttlS: 0 });
    expect(await until(isEvent("queued"))).toMatchObject({ event: { ref: 5, sequence: 1 }, epoch: "" });
    tell({ type: "report", id: 1 });
    expect(await until(isAnswer(1))).toMatchObject({
      standing: { relay: "" },
      outbox: 1,
      resources: { connections: 0, outbox: 1, sockets: 0 },
    });
    tell({ type: "final", id: 2 });
    await until(isAnswer(2));
    const final = reports.find((report) => report.type === "record" && report.record.type === "final-state");
    expect(final).toMatchObject({ record: { device: "a", relay: "relay", cursor: 0, inbox: 0 } });
    // The blob was sealed once, with a random nonce.
    const seals = reports.filter((report) => report.type === "record" && report.record.type === "seal");
    expect(seals).toHaveLength(1);
    tell({ type: "exit" });
    expect(await agent.ended).toBe(true);
  });

  it("reads its disk back after a crash, and is nobody's device twice", async () => {
    const first = startAgent();
    first.tell(FIRST);
    const up = await first.until((report) => report.type === "up");
    first.tell({ type: "push", ref: 1, op, sizeBytes: 16, ttlS: 0 });
    const queued = await first.until(isEvent("queued"));
    first.agent.stop();
    await first.agent.ended;

    const second = startAgent();
    second.tell(AGAIN);
    expect(await second.until((report) => report.type === "up")).toMatchObject({
      deviceId: (up as { deviceId: string }).deviceId,
    });
    const [state] = second.reports.filter((report) => report.type === "record");
    const { event } = queued as Extract<AgentReport, { type: "event" }>;
    const blob = Buffer.from((event as { blobId: Uint8Array }).blobId).toString("hex");
    expect(state).toMatchObject({ record: { type: "durable-state", why: "crash", inbox: 0, outbox: [blob] } });
    second.agent.stop();
    await second.agent.ended;
  });

  it("kills itself after the commit and before it tells, at push-staged", async () => {
    const { agent, reports, until, tell, kills } = startAgent();
    tell(FIRST);
    await until((report) => report.type === "up");
    tell({ type: "stop-at", moment: "push-staged" }, { type: "push", ref: 1, op, sizeBytes: 16, ttlS: 0 });
    await until((report) => report.type === "stopping");
    expect(await agent.ended).toBe(false);
    expect(kills).toHaveLength(1);
    expect(reports.some(isEvent("queued"))).toBe(false);
    const second = startAgent();
    second.tell(AGAIN);
    await second.until((report) => report.type === "up");
    expect(second.reports[0]).toMatchObject({ record: { why: "crash", outbox: [expect.any(String)] } });
    second.agent.stop();
    await second.agent.ended;
  });

  it("tells of a relay that cannot be reached, and goes offline when it is told to", async () => {
    const { agent, until, tell } = startAgent();
    tell(FIRST, { type: "connect" });
    expect(await until(isEvent("disconnected"))).toMatchObject({ event: { why: "refused" } });
    tell({ type: "disconnect" });
    tell({ type: "report", id: 1 });
    expect(await until(isAnswer(1))).toMatchObject({ waitingFor: ["a connection (offline)"] });
    agent.stop();
    expect(await agent.ended).toBe(true);
  });

  it.each([
    ["what is no order", "fly", /An order was not understood: it is not JSON/],
    ["an order before the first", encodeAgentOrder({ type: "pull" }), /first order must be "resume", and was "pull"/],
    [
      "another version",
      encodeAgentOrder({ ...AGAIN, protocol: 99 } as AgentOrder),
      /version 99 .* start both from the same build/,
    ],
  ])("refuses %s with a sentence", async (_what, line, sentence) => {
    const { agent } = startAgent();
    expect(() => agent.order(line)).toThrow(sentence);
    agent.stop();
    expect(await agent.ended).toBe(true);
  });
});
