import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chmodSync, writeFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { GenericContainer, type StartedTestContainer } from "testcontainers";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createDraw } from "../../scenarios/draw.ts";
import type { History } from "../../scenarios/history.ts";
import { LINKS } from "../../scenarios/link-profile.ts";
import { RELAY } from "../../scenarios/names.ts";
import type { Plan } from "../../scenarios/plan.ts";
import { createWorkload, type FaultSpec } from "../../scenarios/workload.ts";
import { Pumba } from "../engine/pumba.ts";
import { RUN_LABEL, sweepLabel } from "../engine/run-label.ts";
import { heal } from "../world/heal.ts";
import { runWorld, type WorldRun } from "../world/run-world.ts";
import { DockerBackend } from "./docker-backend.ts";
import { findTestEngine, type TestEngine } from "./engine-for-tests.ts";

const found = await findTestEngine();
const why = typeof found === "string" ? `skipped: ${found}` : "on the engine of this machine";
const TIMEOUT_MS = 180_000;
/** How long what a host sent before it was seen to stand still may be on the way. */
const IN_FLIGHT_MS = 300;

let home = "";
beforeEach(() => (home = mkdtempSync(join(tmpdir(), "zerok-docker-"))));
afterEach(() => rmSync(home, { recursive: true, force: true }));

function planWith(faults: readonly (readonly [atMs: number, spec: FaultSpec])[]): Plan {
  const run = createWorkload(createDraw("0x1"), { scenario: "T-CONN-01", devices: 2, link: LINKS.lan, extras: [] });
  run.stream("a", 8, { fromMs: 1000, toMs: 6000 });
  run.stream("b", 8, { fromMs: 1000, toMs: 6000 });
  for (const [atMs, spec] of faults) run.fault(atMs, spec);
  return { ...run.finish(), bound: { withinMs: 5000, framesMax: 1000 } };
}

const stages = (history: History): readonly string[] =>
  history.flatMap((record) => (record.type === "fault" ? [record.stage] : []));

// Who skips a whole file prints no titles.
if (typeof found === "string") console.log(`runs on containers: ${why}`);

describe.skipIf(typeof found === "string")(`runs on containers (${why})`, () => {
  const engine = found as TestEngine;
  /** Somebody else's, which must outlive everything here. */
  let foreign: StartedTestContainer;
  beforeAll(async () => {
    // Its reaper is an image that an engine without a registry does not have; what it would remove is stopped below.
    process.env["TESTCONTAINERS_RYUK_DISABLED"] = "true";
    foreign = await new GenericContainer(engine.images.faults)
      .withCommand(["sleep", "600"])
      .withLabels({ [RUN_LABEL]: "somebody-else" })
      .start();
  }, TIMEOUT_MS);
  afterAll(async () => {
    await foreign?.stop({ timeout: 0 });
  });

  async function runPlan(
    plan: Plan,
    meddle?: (backend: DockerBackend) => Promise<void>,
    pumba?: Pumba,
  ): Promise<WorldRun> {
    const backend = new DockerBackend({ ...engine, pumba: pumba && (() => pumba) });
    let meddled: Promise<void> = Promise.resolve();
    evidence = { files: [], links: "" };
    const run = await runWorld(plan, backend, {
      folder: join(home, "run"),
      onEnd(folder, _run, links) {
        evidence = { files: readdirSync(folder, { recursive: true }).map(String), links };
      },
      onPhase(phase) {
        if (phase !== "steady") return;
        label = backend.label;
        if (meddle !== undefined) meddled = meddle(backend);
      },
    });
    await meddled;
    if (!run.ok) throw new Error(JSON.stringify(run.error));
    return run.value;
  }

  /** What the last run left for whoever looks into a failure. */
  let evidence: { readonly files: readonly string[]; readonly links: string } = { files: [], links: "" };

  /** Of the last run; others may be under way on this engine. */
  let label = "";
  async function expectNothingLeft(): Promise<void> {
    const filters = { label: [label] };
    expect(await engine.docker.listContainers({ all: true, filters })).toEqual([]);
    expect((await engine.docker.getContainer(foreign.getId()).inspect()).State.Running).toBe(true);
    expect(await engine.docker.listNetworks({ filters })).toEqual([]);
    expect((await engine.docker.listVolumes({ filters })).Volumes ?? []).toEqual([]);
    expect(existsSync(join(home, "run"))).toBe(false);
  }

  it(
    "does what a plan says, reads each fault back, and leaves nothing but what is somebody else's",
    async () => {
      const plan = planWith([
        [
          1500,
          {
            do: "toxic",
            dialler: "a",
            listener: RELAY,
            stream: "both",
            toxic: { type: "loss", permille: 300, burst: 2 },
            forMs: 3000,
          },
        ],
        [2000, { do: "partition", left: ["b"], right: [RELAY], oneWay: true, forMs: 1500 }],
        [5000, { do: "pause", host: RELAY, forMs: 400 }],
        [6000, { do: "crash", host: RELAY, how: "kill", downMs: 100 }],
      ]);
      const { verdict, history, fidelity } = await runPlan(plan, async (backend) => {
        const filters = { label: [backend.label, "chaos.part=node"] };
        for (const { Id } of await engine.docker.listContainers({ filters })) {
          const { Config, HostConfig } = await engine.docker.getContainer(Id).inspect();
          expect(Config.User).toBe("1000:1000");
          expect(HostConfig).toMatchObject({ ReadonlyRootfs: true, CapDrop: ["ALL"], Privileged: false });
          expect(HostConfig.SecurityOpt).toContain("no-new-privileges");
        }
      });
      expect(verdict).toMatchObject({ verdict: "valid", findings: [], unknowns: [] });
      for (const stage of ["issued", "observed", "healed"]) {
        expect(
          stages(history).filter((each) => each === stage),
          stage,
        ).toHaveLength(4);
      }
      expect(fidelity).toEqual([]);
      await expectNothingLeft();
    },
    TIMEOUT_MS,
  );

  it(
    "fills a disk and rolls one back",
    async () => {
      const plan = planWith([
        [1500, { do: "disk", host: "a", disk: { type: "full" }, forMs: 1500 }],
        [5000, { do: "rollback", host: RELAY, agoMs: 2500, downMs: 100 }],
      ]);
      const { verdict, history } = await runPlan(plan);
      expect(verdict).toMatchObject({ verdict: "valid", findings: [], unknowns: [] });
      const full = history.find((record) => record.type === "fault" && record.stage === "observed");
      expect(full).toMatchObject({ note: expect.stringMatching(/^full: 65536\/\d+\/0 KiB/) });
      await expectNothingLeft();
    },
    TIMEOUT_MS,
  );

  it(
    "leaves a paused host as it is while its disk is copied",
    async () => {
      // The copy of the rollback is due in the midst of the pause.
      const plan = planWith([
        [1500, { do: "pause", host: RELAY, forMs: 3000 }],
        [6500, { do: "rollback", host: RELAY, agoMs: 4500, downMs: 100 }],
      ]);
      const { verdict, history } = await runPlan(plan);
      expect(verdict).toMatchObject({ verdict: "valid", findings: [], unknowns: [] });
      const [seen, healed] = history.filter(({ type }) => type === "fault").slice(1, 3);
      expect([seen, healed]).toMatchObject([{ stage: "observed" }, { stage: "healed" }]);
      const acked = history.filter(({ type }) => type === "ack").map(({ at }) => at);
      // That it goes on is seen a little after it does.
      expect(acked.filter((at) => at > seen!.at + IN_FLIGHT_MS && at < healed!.at - IN_FLIGHT_MS)).toEqual([]);
      expect(acked.some((at) => at > healed!.at)).toBe(true);
      await expectNothingLeft();
    },
    TIMEOUT_MS,
  );

  it(
    "lets a restart wait that comes while bits of the disk rot",
    async () => {
      const plan = planWith([
        [4000, { do: "disk", host: RELAY, disk: { type: "bit-rot", bits: 1 }, forMs: 0 }],
        [4050, { do: "restart", host: RELAY, downMs: 100 }],
      ]);
      const { verdict, history } = await runPlan(plan);
      expect(verdict).toMatchObject({ verdict: "valid", findings: [], unknowns: [] });
      expect(stages(history).filter((each) => each === "observed")).toHaveLength(2);
      await expectNothingLeft();
    },
    TIMEOUT_MS,
  );

  const SLOW: FaultSpec = {
    do: "toxic",
    dialler: "a",
    listener: RELAY,
    stream: "up",
    toxic: { type: "latency", latencyMs: 50, jitterMs: 0 },
    forMs: 4000,
  };

  it(
    "notices that somebody took a toxic away",
    async () => {
      const { verdict } = await runPlan(planWith([[500, SLOW]]), async (backend) => {
        await wait(2500);
        const { toxics } = (await api(backend, "GET", "/proxies/a-relay")) as { toxics: readonly { name: string }[] };
        const toxic = toxics.find(({ name }) => name.startsWith("zerok_"))!;
        await api(backend, "DELETE", `/proxies/a-relay/toxics/${toxic.name}`);
      });
      expect(verdict).toMatchObject({ verdict: "unknown", findings: [] });
      expect(verdict.unknowns.join()).toMatch(/somebody took the toxic zerok_\d_upstream of a-relay away/);
      expect(evidence.files).toEqual(expect.arrayContaining(["relay/stderr.log", "a/stderr.log", "capture.pcap.tar"]));
      expect(evidence.links).toMatch(/GET \/proxies:\s*\{\s*"a-relay"/);
      expect(evidence.links).toMatch(/container of relay: \{"Status"/);
      expect(evidence.links).toMatch(/events of the engine:\n.*container relay create/s);
      await expectNothingLeft();
    },
    TIMEOUT_MS,
  );

  it(
    "notices that somebody woke a paused host",
    async () => {
      const paused = planWith([[500, { do: "pause", host: RELAY, forMs: 4000 }]]);
      const { verdict } = await runPlan(paused, async (backend) => {
        await wait(2500);
        const filters = { label: [backend.label], status: ["paused"] };
        const [relay] = await engine.docker.listContainers({ filters });
        await engine.docker.getContainer(relay!.Id).unpause();
      });
      expect(verdict).toMatchObject({ verdict: "unknown", findings: [] });
      expect(verdict.unknowns.join()).toContain("somebody woke relay in its pause");
      await expectNothingLeft();
    },
    TIMEOUT_MS,
  );

  it(
    "notices that Toxiproxy was killed",
    async () => {
      const { verdict } = await runPlan(planWith([[500, SLOW]]), async (backend) => {
        await wait(2500);
        const filters = { label: [backend.label], ancestor: [engine.images.toxiproxy] };
        const [proxy] = await engine.docker.listContainers({ filters });
        await engine.docker.getContainer(proxy!.Id).kill();
      });
      expect(verdict).toMatchObject({ verdict: "unknown", findings: [] });
      expect(verdict.unknowns.join()).toMatch(/did not show/);
      await expectNothingLeft();
    },
    TIMEOUT_MS,
  );

  it(
    "notices that Pumba found no container, although it ends with 0",
    async () => {
      // As the real one does: a warning, and exit code 0.
      const program = join(home, "pumba");
      writeFileSync(program, '#!/bin/sh\necho "level=warning msg=\\"no containers found\\"" >&2\nexit 0\n');
      chmodSync(program, 0o755);
      const plan = planWith([[1500, { do: "pause", host: RELAY, forMs: 400 }]]);
      const { verdict, history } = await runPlan(plan, undefined, Pumba.program(program));
      expect(verdict).toMatchObject({ verdict: "unknown", findings: [] });
      expect(verdict.unknowns.join()).toMatch(/Pumba was told to pause \S+, and the engine saw nothing of it/);
      expect(stages(history)).not.toContain("observed");
      await expectNothingLeft();
    },
    TIMEOUT_MS,
  );

  it(
    "kills, stops and pauses by Pumba where it is there",
    async () => {
      // Stands in for the real one: the same words, and what was paused goes on when it is told to end.
      const program = join(home, "pumba");
      const log = join(home, "pumba.log");
      writeFileSync(
        program,
        `#!/bin/sh
echo "$@" >> ${log}
case $1 in
kill) docker kill -s "$3" "$4" ;;
pause) docker pause "$4"; sleep 60 & trap "docker unpause $4; kill $!; exit" TERM; wait ;;
esac >/dev/null
`,
      );
      chmodSync(program, 0o755);
      const plan = planWith([
        [1500, { do: "pause", host: RELAY, forMs: 400 }],
        [3000, { do: "crash", host: RELAY, how: "kill", downMs: 100 }],
        [6000, { do: "restart", host: "a", downMs: 100 }],
      ]);
      const { verdict, history } = await runPlan(plan, undefined, Pumba.program(program));
      expect(verdict).toMatchObject({ verdict: "valid", findings: [], unknowns: [] });
      expect(stages(history).filter((stage) => stage === "observed")).toHaveLength(3);
      expect(readFileSync(log, "utf8")).toMatch(
        /^pause --duration 24h \S+-relay-0\nkill --signal SIGKILL \S+-relay-0\nkill --signal SIGTERM \S+-a-0\n/,
      );
      await expectNothingLeft();
    },
    TIMEOUT_MS,
  );

  it(
    "a killed run's things are healed by their label, and other people's are not touched",
    async () => {
      const plan = planWith([]);
      const child = spawn(process.execPath, ["--input-type=module", "-e", RUN_SCRIPT], {
        env: {
          ...process.env,
          PLAN: JSON.stringify(plan),
          FOLDER: join(home, "run"),
          DIST: engine.binds[0]!.split(":")[0],
          BINDS: JSON.stringify(engine.binds),
        },
        stdio: ["ignore", "pipe", "inherit"],
      });
      [label] = (await once(child.stdout!.setEncoding("utf8"), "data")) as [string];
      child.kill("SIGKILL");
      await once(child, "close");
      const filters = { label: [label] };
      expect((await engine.docker.listContainers({ all: true, filters })).length).toBeGreaterThan(6);
      const removeLabel = (each: string): Promise<readonly string[]> => sweepLabel(engine.docker, each);
      const healed = (await heal({ removeLabel })).find(({ run }) => `${RUN_LABEL}=${run}` === label);
      expect(healed).toMatchObject({ left: [] });
      expect(healed!.undone.length).toBeGreaterThan(6);
      await expectNothingLeft();
    },
    TIMEOUT_MS,
  );

  it("sweeps what carries one run's label, and refuses to sweep everything", async () => {
    const container = await engine.docker.createContainer({
      Image: engine.images.faults,
      Cmd: ["sleep", "600"],
      Labels: { [RUN_LABEL]: "a-killed-run" },
    });
    await container.start();
    expect(await sweepLabel(engine.docker, `${RUN_LABEL}=a-killed-run`)).toHaveLength(1);
    await expect(sweepLabel(engine.docker, RUN_LABEL)).rejects.toThrow("no label of a run");
    label = `${RUN_LABEL}=a-killed-run`;
    await expectNothingLeft();
  });
});

/** A controller of its own, to be killed: tells its label when the run has begun. */
const RUN_SCRIPT = `
const { DIST, PLAN, FOLDER, BINDS } = process.env;
const { openDockerBackend } = await import(DIST + "/chaos/docker/open-docker.js");
const { runWorld } = await import(DIST + "/chaos/world/run-world.js");
const opened = await openDockerBackend({ binds: JSON.parse(BINDS) });
if (!opened.ok) throw new Error(opened.error.message);
const backend = opened.value;
await runWorld(JSON.parse(PLAN), backend, {
  folder: FOLDER,
  onPhase: (phase) => { if (phase === "steady") process.stdout.write(backend.label); },
});
`;

/** As somebody behind the harness's back. */
async function api(backend: DockerBackend, method: string, path: string): Promise<unknown> {
  const response = await fetch(`${backend.toxiproxyUrl}${path}`, { method });
  const text = await response.text();
  return text === "" ? undefined : JSON.parse(text);
}
