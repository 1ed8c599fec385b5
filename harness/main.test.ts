import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Plan } from "../scenarios/plan.ts";
import type { SimOptions } from "../sim/simulator.ts";
import { createCapturedIo } from "./cli/captured-io.ts";
import { createInlineServices } from "./cli/services.ts";
import { runCli } from "./main.ts";
import { createStandInWorld, STAND_IN_CATALOGUE, type Told } from "./sweep/stand-in-world.ts";

let home: string;
let out: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "zerok-cli-"));
  out = join(home, "runs");
});

afterEach(() => rmSync(home, { recursive: true, force: true }));

type Tell = (plan: Plan, options: SimOptions) => Told;

async function type(words: string, tell?: Tell, tellSecond: Tell | undefined = tell) {
  const io = createCapturedIo();
  const services = createInlineServices(STAND_IN_CATALOGUE, createStandInWorld(tell), createStandInWorld(tellSecond));
  const argv = words.split(" ").filter((word) => word !== "");
  const code = await runCli(
    // Whole words: a temporary folder can have such letters in its name.
    argv.map((word) => word.replace(/\bOUT\b/, out).replace(/\bHOME\b/, home)),
    io,
    services,
  );
  return { code, ...io.written };
}

async function typeJson(words: string, tell?: Tell, tellSecond?: Tell) {
  const { code, out: text, err } = await type(`${words} --json`, tell, tellSecond);
  return { code, err, json: JSON.parse(text) };
}

/** One sentence to the person, nothing on stdout, no stack trace. */
function expectMistake(answer: { code: number; out: string; err: string }, ...parts: (string | RegExp)[]) {
  expect(answer.code).toBe(64);
  expect(answer.out).toBe("");
  expect(answer.err).toMatch(/^zerok: [^\n]+\n$/);
  expect(answer.err).not.toMatch(/\bat .*\.(ts|js|mjs):\d/);
  for (const part of parts) expect(answer.err).toMatch(part);
}

describe("help", () => {
  it("lists what is here and marks what comes later", async () => {
    const { code, out: text } = await type("--help");
    expect(code).toBe(0);
    expect(text).toMatch(/zerok sim .*sweep scenarios/);
    expect(text).toMatch(/zerok soak .*\(later\)/s);
    expect(text).toMatch(/64 usage/);
  });

  it("shows examples for each command", async () => {
    for (const command of ["sim", "replay", "shrink", "scenarios", "bench", "relay"]) {
      expect((await type(`${command} --help`)).out).toMatch(/Examples:\n +zerok /);
    }
  });

  it("knows its version", async () => {
    expect((await type("--version")).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe("several ids", () => {
  it("are all swept", async () => {
    const { json } = await typeJson("sim S-ONE-01 S-TWO-02 --seeds 2");
    expect(json.scenarios.map(({ id }: { id: string }) => id)).toEqual(["S-ONE-01", "S-TWO-02"]);
  });
});

describe("mistakes", () => {
  it.each([
    ["", /No command given/],
    ["frob", /no command "frob": npx zerok --help/],
    ["sim --bogus 3", /bogus: npx zerok sim --help/],
    ["sim --seed 1 --seed 2", /--seed came 2 times, and can come once: npx zerok sim --help/],
    ["push a b --file x --file y", /--file came 2 times/],
    ["sim S-ONE-1", /There is no scenario S-ONE-1\. Did you mean S-ONE-01.*npx zerok scenarios/],
    ["sim QQQ", /There is no scenario QQQ\. All of them: npx zerok scenarios/],
    ["sim S-LATER-03", /S-LATER-03 is in the catalogue but not built yet/],
    ["sim --seed moo", /"moo" is not a seed.*--seed 0x2a/],
    ["sim --seed 0x10000000000000000", /is not a seed/],
    ["sim --seed -3", /--seed/],
    ["sim --seeds 0", /"0" does not fit --seeds/],
    ["sim --seeds 1.5", /"1.5" does not fit --seeds/],
    ["sim --seeds", /seeds/],
    ["sim --time soon", /"soon" does not fit --time.*60s/],
    ["sim --time 60", /"60" does not fit --time/],
    ["sim --time 99999d", /"99999d" does not fit --time: at most 365d/],
    ["sim --jobs 0", /"0" does not fit --jobs/],
    ["sim --shard 5/4", /"5\/4" does not fit --shard/],
    ["sim --shard 0/4", /"0\/4" does not fit --shard/],
    ["sim --shard 4/4 --seeds 3", /4\/4 is left without a seed/],
    ["sim --portable-every few", /"few" does not fit --portable-every/],
    ["sim --suite none", /suite/],
    ["replay", /Not enough .*arguments.*npx zerok replay --help/],
    ["replay HOME/nothing", /neither a file or folder that exists nor a seed/],
    ["replay HOME", /There is no capsule\.json in .*runs\/latest/],
    ["replay 0x2a", /only with its scenario: 0x2a --scenario/],
    ["replay 0x2a --scenario S-ONE", /There is no scenario S-ONE\. Did you mean/],
    ["shrink", /Not enough .*arguments.*npx zerok shrink --help/],
    ["shrink 0x2a", /only with its scenario/],
    ["shrink 0x2a --scenario S-ONE-01", /Nothing was found in 0x2a .*take a run that is invalid/],
    ["scenarios S-ONE-1", /Did you mean S-ONE-01/],
    ["sim --on docker", /--on docker is for `zerok chaos` and `zerok replay`/],
    ["sim --build x", /--build is for `zerok chaos`, or `zerok replay` with --on/],
    ["replay 0x2a --scenario S-CONC-01 --build x", /--build is for the real world/],
    ["replay 0x2a --scenario S-CONC-01 --on local --trace", /--trace is for the simulator/],
    ["replay 0x2a --scenario S-CONC-01 --on local --twice", /--twice is for the simulator/],
    ["replay 0x2a --scenario S-CONC-01 --on docker --suite portable", /--suite is for the simulator/],
    ["bench checkers --heap", /--heap is for: npx zerok bench sim/],
    ["bench sim --idle 5", /--idle is for: npx zerok bench relay/],
    ["mutants M01 --compare swarm --compare-hand", /two comparisons/],
    ["chaos S-ONE-01 --on mars", /"mars" does not fit --on: it takes local or docker/],
    ["chaos S-ONE-01 --on sim", /The simulator is `zerok sim`/],
    ["chaos S-ONE-01 --on docker", /S-ONE-01 is not for docker: its row in the catalogue says sim, local/],
    ["chaos S-ONE-01 --repeat 0", /"0" does not fit --repeat/],
    ["chaos S-ONE-01 --build HOME/nothing", /relay\.mjs is not there/],
    ["replay 0x2a --scenario S-ONE-01 --on local --build HOME/nothing", /relay\.mjs is not there/],
    ["sim S-ONE-01 --seed.x 1", /Unknown argument seed\.x/],
    ["replay 0x1 --scenario.x S-ONE-01", /Unknown argument scenario\.x/],
    ["sim -- S-ONE-01", /Only a push takes words behind --/],
    ["replay 0x1 --scenario S-ONE-01 --scenario S-ONE-02", /--scenario came 2 times/],
    ["shrink 0x1 --scenario S-ONE-01 --time 1s --time 2s", /--time came 2 times/],
    ["replay HOME --scenario S-ONE-01", /which scenario it is of: leave --scenario out/],
    ["sim S-ONE-01 --suite", /suite/],
    ["bench frob", /nothing called "frob"/],
    ["bench --rounds 3", /"3" does not fit --rounds/],
  ])("zerok %s", async (words, part) => {
    expectMistake(await type(`${words}`), part);
  });

  it.each([
    "replay 0x2a --scenario S-ONE-01 --on live",
    "bench report",
    ..."soak report".split(" "),
    "soak --relay a --for 8h",
  ])("zerok %s comes later", async (words) => {
    expectMistake(await type(words), /comes later\. This version has: sim/);
  });

  it("refuses a folder for results below a plain file, before anything runs", async () => {
    writeFileSync(join(home, "file"), "");
    let runs = 0;
    const count = () => {
      runs++;
      return {};
    };
    expectMistake(await type("sim --seeds 2 --out HOME/file/runs", count), /below a file.*--out/);
    expectMistake(await type("sim --seeds 2 --out HOME/file", count), /is a file.*--out/);
    expect(runs).toBe(0);
  });

  it("says of its own bugs that they are its own, and where the details are", async () => {
    const io = createCapturedIo();
    const services = createInlineServices(STAND_IN_CATALOGUE, createStandInWorld());
    const broken = {
      ...services,
      createPool: () => {
        throw new TypeError("boom");
      },
    };
    expect(await runCli(["sim", "--out", out], io, broken)).toBe(70);
    const path = /are in (\S+)\.\n/.exec(io.written.err)?.[1] ?? "";
    expect(io.written.err).not.toMatch(/TypeError|boom/);
    expect(readFileSync(path, "utf8")).toMatch(/TypeError: boom/);
    rmSync(path);
  });
});

describe("sim", () => {
  it("adds up a sweep", async () => {
    const { code, json } = await typeJson("sim --seeds 40 --out OUT");
    expect(code).toBe(0);
    expect(json).toMatchObject({ verdict: "valid", seeds: 80, events: 240_000, failures: [], mismatches: [] });
    expect(json.scenarios.map((each: { id: string; seeds: number }) => [each.id, each.seeds])).toEqual([
      ["S-ONE-01", 40],
      ["S-TWO-02", 40],
    ]);
    expect(json.simulatedMs).toBe(80 * 60_000);
    expect(json.runs).toEqual([]);
    expect(json.traceHash).toBeUndefined();
  });

  it("prints a table, the speed-up and where results are", async () => {
    const { code, out: text, err } = await type("sim --seeds 20 --keep-first --out OUT");
    expect(code).toBe(0);
    expect(text).toMatch(/scenario +title +seeds +idle +simulated +events +verdict/);
    expect(text).toMatch(/S-ONE-01 +the first +20 +0 % +20 min +60,000 +valid/);
    expect(text).toMatch(/valid: 40 runs, .* times real time\./);
    expect(text).toMatch(/Results: 2 folders below/);
    expect(err).toMatch(/^Simulating 2 scenarios, 20 seeds each/);
  });

  it("runs one seed exactly, tells its hashes and always leaves its folder", async () => {
    const first = await typeJson("sim S-ONE-01 --seed 42 --out OUT");
    expect(first.code).toBe(0);
    expect(first.json).toMatchObject({ scenario: "S-ONE-01", seed: "0x2a", verdict: "valid", seeds: 1, events: 3000 });
    expect(first.json.traceHash).toMatch(/^[0-9a-f]{32}$/);
    expect(readdirSync(first.json.run).toSorted()).toEqual([
      "capsule.json",
      "history.jsonl",
      "junit.xml",
      "verdict.json",
    ]);
    expect(join(out, readlinkSync(join(out, "latest")))).toBe(first.json.run);
    const second = await typeJson("sim s-one-01 --seed 0x2A --out OUT");
    expect(second.json.traceHash).toBe(first.json.traceHash);
    expect(second.json.run).not.toBe(first.json.run);
  });

  it("counts upwards from --seed when --seeds says how many, and each shard has its own", async () => {
    const seen: string[] = [];
    const watch: Tell = (plan) => {
      seen.push(plan.seed);
      return {};
    };
    await typeJson("sim S-ONE-01 --seed 0xfe --seeds 4 --portable-every 0 --out OUT", watch);
    expect(seen).toEqual(["0xfe", "0xff", "0x100", "0x101"]);
    const shards = await Promise.all(
      ["1/3", "2/3", "3/3"].map(async (shard) => {
        const own: string[] = [];
        const note: Tell = (plan) => {
          own.push(plan.seed);
          return {};
        };
        await typeJson(`sim S-ONE-01 --seeds 50 --portable-every 0 --shard ${shard} --out OUT`, note);
        return own;
      }),
    );
    expect(shards.map((own) => own.length)).toEqual([17, 17, 16]);
    expect(new Set(shards.flat()).size).toBe(50);
  });

  it("gives every id some runs even when the time is over at once", async () => {
    const { code, json } = await typeJson("sim --time 1ms --out OUT");
    expect(code).toBe(0);
    for (const each of json.scenarios) expect(each.seeds).toBeGreaterThanOrEqual(2);
  });

  it("reports a failing seed with a line to paste, and leaves its folder", async () => {
    const tell: Tell = (plan) => (plan.seed === "0x5" && plan.scenario === "S-TWO-02" ? { verdict: "invalid" } : {});
    const { code, out: text } = await type("sim --seeds 20 --out OUT", tell);
    expect(code).toBe(1);
    expect(text).toMatch(/invalid S-TWO-02 0x5  acked-durable\/acked-blob-missing: blob/);
    const folder = /npx zerok replay (\S+S-TWO-02\/\S+-0x5)\n/.exec(text)?.[1] ?? "";
    expect(readFileSync(join(folder, "junit.xml"), "utf8")).toMatch(/failures="1"[\s\S]*blob &lt;1&gt; &amp; more/);
    expect((await type(`replay ${folder}`, tell)).code).toBe(1);
  });

  it("ends with 2 when a checker cannot tell", async () => {
    const { code, json } = await typeJson("sim --seeds 3 --out OUT", () => ({ verdict: "unknown" }));
    expect(code).toBe(2);
    expect(json).toMatchObject({ verdict: "unknown", scenarios: [{ unknown: 3 }, { unknown: 3 }] });
  });

  it("stops at the first failure when asked to", async () => {
    const { code, json } = await typeJson("sim --seeds 5000 --fail-fast --out OUT", () => ({ verdict: "invalid" }));
    expect(code).toBe(1);
    expect(json.seeds).toBeLessThan(500);
  });

  it("counts a world that throws as an invalid run and goes on", async () => {
    const tell: Tell = (plan) => (plan.seed === "0x3" ? { throws: "no such host" } : {});
    const { code, json } = await typeJson("sim S-ONE-01 --seeds 10 --out OUT", tell);
    expect(code).toBe(1);
    expect(json).toMatchObject({
      seeds: 10,
      failures: [{ seed: "0x3", findings: [{ message: "Error: no such host" }] }],
    });
  });

  it("fails an id that is idle in more than one run of ten, from twenty runs on", async () => {
    const idleBelow =
      (bound: number): Tell =>
      (plan) => ({ idle: Number(plan.seed) <= bound });
    expect((await type("sim S-ONE-01 --seeds 30 --out OUT", idleBelow(3))).code).toBe(0);
    const failed = await type("sim S-ONE-01 --seeds 30 --out OUT", idleBelow(4));
    expect(failed.code).toBe(1);
    expect(failed.out).toMatch(/idle too often.* S-ONE-01: the trouble never came in 4 of 30 runs/);
    expect((await type("sim S-ONE-01 --seeds 19 --out OUT", idleBelow(19))).code).toBe(0);
  });

  it("compares a slice with the portable suite", async () => {
    const tell: Tell = (plan) => ({ isOtherShape: plan.seed === "0x41" });
    const fine = await typeJson("sim S-ONE-01 --seeds 64 --out OUT", tell);
    expect([fine.code, fine.json.portable]).toEqual([0, 1]);
    const { code, json } = await typeJson("sim S-ONE-01 --seeds 65 --out OUT", tell);
    expect([code, json.portable]).toEqual([1, 2]);
    expect(json.mismatches).toMatchObject([{ scenario: "S-ONE-01", seed: "0x41", against: "portable" }]);
    expect((await typeJson("sim S-ONE-01 --seeds 65 --portable-every 0 --out OUT", tell)).code).toBe(0);
  });

  it("repeats every run elsewhere with --twice, and names the first event that differs", async () => {
    const same = await typeJson("sim --seeds 20 --twice --out OUT");
    expect(same).toMatchObject({ code: 0, json: { repeated: 40, mismatches: [] } });
    const other: Tell = (plan) => (plan.seed === "0x7" ? { divergeAt: 1500 } : {});
    const { code, json } = await typeJson("sim S-ONE-01 --seeds 20 --twice --out OUT", () => ({}), other);
    expect(code).toBe(1);
    expect(json.mismatches).toHaveLength(1);
    expect(json.mismatches[0]).toMatchObject({ seed: "0x7", against: "process" });
    const { divergence } = json.mismatches[0];
    expect(divergence).toMatchObject({ event: 1500, stretch: { from: 1024, to: 2048 } });
    expect(JSON.parse(divergence.first)).toMatchObject({ event: 1500, kind: "bytes" });
    expect(JSON.parse(divergence.second)).toMatchObject({ event: 1500, kind: "other" });
    const { out: text } = await type("sim S-ONE-01 --seeds 20 --twice --out OUT", () => ({}), other);
    expect(text).toMatch(/not repeatable S-ONE-01 0x7.*\n  first divergent event: 1500/);
    expect(text).toMatch(/npx zerok replay \S+-0x7(-\d+)? --twice\n/);
  });
});

describe("what went wrong, for a program", () => {
  it("is one document, with the sentence and the exit code", async () => {
    const answer = await type("sim nope --json");
    expect(answer.err).toMatch(/^zerok: There is no scenario nope/);
    expect(JSON.parse(answer.out)).toEqual({ error: { message: answer.err.slice(7, -1) }, exitCode: 64 });
    expect(answer.code).toBe(64);
  });

  it("holds nothing that a terminal obeys", async () => {
    const { err } = await type("sim a\u001b[31m\u007f\u009bb");
    expect(err).toMatch(/a\\u001b\[31m\\u007f\\u009bb/);
    expect(err.slice(0, -1)).not.toMatch(/\p{Cc}/u);
  });
});

describe("a place that cannot be written to", () => {
  it("costs the folder and not the verdict", async () => {
    const at = join(home, "spoilt");
    mkdirSync(at);
    writeFileSync(join(at, "S-ONE-01"), "in the way");
    const { code, out, err } = await type("sim S-ONE-01 --seed 0x1 --out HOME/spoilt");
    expect([code, out]).toEqual([3, expect.stringMatching(/^valid: 1 run/m)]);
    expect(err).toMatch(/could not be written below \S*spoilt.S-ONE-01: it .*--out with another folder/);
    const again = await type("replay 0x1 --scenario S-ONE-01 --json --trace --out HOME/spoilt");
    expect([again.code, JSON.parse(again.out)]).toEqual([3, expect.objectContaining({ verdict: "valid", run: null })]);
  });
});

describe("replay", () => {
  async function capsule(): Promise<string> {
    const { json } = await typeJson("sim S-ONE-01 --seed 7 --out OUT");
    return join(json.run, "capsule.json");
  }

  async function replayChanged(change: (text: string) => string, options = "") {
    const path = join(home, "changed.json");
    writeFileSync(path, change(readFileSync(await capsule(), "utf8")));
    return type(`replay ${path} ${options}`);
  }

  it("runs a capsule, its folder and the latest again, the same", async () => {
    const path = await capsule();
    for (const what of [path, join(path, ".."), join(out, "latest")]) {
      const { code, out: text } = await type(`replay ${what}`);
      expect(code).toBe(0);
      expect(text).toMatch(/^valid  S-ONE-01 0x7: 3,000 events/m);
      expect(text).toMatch(/The same as in the capsule/);
    }
  });

  it("takes other blanks and line breaks for the same capsule", async () => {
    expect((await replayChanged((text) => JSON.stringify(JSON.parse(text)))).code).toBe(0);
  });

  it("notices that the same code comes to another hash", async () => {
    const { code, out: text } = await type(`replay ${await capsule()}`, () => ({ divergeAt: 5 }));
    expect(code).toBe(1);
    expect(text).toMatch(/not repeatable: the same code made the capsule, and yet: trace [0-9a-f]{32} then/);
  });

  it("takes another hash from other code as news, not as a failure", async () => {
    const path = join(home, "old.json");
    const old = JSON.parse(readFileSync(await capsule(), "utf8"));
    writeFileSync(path, JSON.stringify({ ...old, fingerprint: "0".repeat(32), commit: "abc" }));
    expectMistake(await type(`replay ${path}`), /--edited/);
    const { encodeCapsule } = await import("./results/capsule.ts");
    const { checksum: _checksum, ...content } = old;
    writeFileSync(path, encodeCapsule({ ...content, fingerprint: "0".repeat(32), commit: "abc" }));
    const { code, out: text } = await type(`replay ${path}`, () => ({ divergeAt: 5 }));
    expect(code).toBe(0);
    expect(text).toMatch(/which other code made \(commit abc\): trace/);
  });

  it("refuses an edited capsule, and runs it when told to", async () => {
    const edit = (text: string): string => text.replace(/"healAtMs": (\d+)/, '"healAtMs": 1$1');
    expectMistake(await replayChanged(edit), /\S+changed\.json was edited .* add --edited/);
    const { code, out: text } = await replayChanged(edit, "--edited");
    expect(code).toBe(0);
    expect(text).toMatch(/Not compared: the capsule was taken as it is/);
  });

  it.each<[string, (text: string) => string, RegExp]>([
    ["cut off", (text) => text.slice(0, 200), /is cut off/],
    ["empty", () => "", /is no JSON/],
    ["no JSON", () => "hello", /is no JSON/],
    ["another thing", () => "[1, 2]", /no capsule/],
    ["another thing with a format", () => '{"format":"zerok-plan/1"}', /no capsule/],
    [
      "of another version",
      (text) => text.replace("zerok-capsule/1", "zerok-capsule/9"),
      /format zerok-capsule\/9.*reads zerok-capsule\/1/,
    ],
  ])("refuses a capsule that is %s", async (_name, change, part) => {
    expectMistake(await replayChanged(change), part);
    expectMistake(await replayChanged(change, "--edited"), part);
  });

  it("names the place in a plan that cannot be run", async () => {
    const damage = (text: string): string => text.replace(/"latencyMs": \d+/, '"latencyMs": -1');
    expectMistake(await replayChanged(damage, "--edited"), /topology\.link\.latencyMs/);
  });

  it("names a field that is not as it must be", async () => {
    const damage = (text: string): string => text.replace(/"traceHash": "[0-9a-f]+"/, '"traceHash": 5');
    expectMistake(await replayChanged(damage, "--edited"), /no proper "traceHash"/);
  });

  it("runs a seed of a scenario, with its trace", async () => {
    const { code, json } = await typeJson("replay 0x2a --scenario S-ONE-01 --trace --out OUT");
    expect(code).toBe(0);
    expect(json).toMatchObject({ seed: "0x2a", verdict: "valid", comparison: { type: "NotCompared" } });
    expect(existsSync(json.trace)).toBe(true);
    expect(json.trace).toBe(join(json.run, "trace.jsonl.gz"));
  });

  it("repeats it in another process", async () => {
    expect((await type("replay 9 --scenario S-ONE-01 --twice --out OUT")).out).toMatch(/Twice: the same/);
    const { code, out: text } = await type(
      "replay 9 --scenario S-ONE-01 --twice --out OUT",
      () => ({}),
      () => ({ divergeAt: 2 }),
    );
    expect(code).toBe(1);
    expect(text).toMatch(/first divergent event: 2/);
  });
});

describe("scenarios", () => {
  it("lists the catalogue", async () => {
    const { code, out: text } = await type("scenarios");
    expect(code).toBe(0);
    expect(text).toMatch(/S-ONE-01 +the first +a test +sim exact, local approximate/);
    expect(text).toMatch(/S-LATER-03 +waiting +a test +sim later, local later/);
    expect(text).toMatch(/3 scenarios, 2 of them built/);
  });

  it("tells one in full, and everything as data", async () => {
    expect((await type("scenarios S-ONE-01")).out).toMatch(/must hold +it holds\n/);
    const { json } = await typeJson("scenarios");
    expect(json[2]).toMatchObject({ id: "S-LATER-03", isBuilt: false, backends: { sim: "later", local: "later" } });
  });
});
