/**
 * Mutants whose code or symptom lies outside of the simulated world: the test that each names is run with the edits,
 * by the project's own test runner, and must fail; as the sources are, it must pass. The edits are made in memory, by
 * a plugin of the runner's.
 */
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { Mutant } from "../../scenarios/mutants/mutant.ts";
import { describeEditError, editSources, type EditedSources } from "./edited-sources.ts";
import { AS_IT_IS } from "./trial-bundle.ts";

export interface TestReport {
  readonly mutant: Mutant;
  readonly outcome: "caught" | "missed" | "stale" | "broken";
  readonly why: string | undefined;
  /** Full names of the tests that failed. */
  readonly failed: readonly string[];
  readonly seconds: number;
}

const TEST_MS = 180_000;

export async function runTestMutants(
  root: string,
  mutants: readonly Mutant[],
  watch: (report: TestReport) => void,
): Promise<readonly TestReport[]> {
  const reports: TestReport[] = [];
  const controls = new Map<string, string | undefined>();
  for (const mutant of mutants) {
    const report = await runTestMutant(root, mutant, controls);
    reports.push(report);
    watch(report);
  }
  return reports;
}

async function runTestMutant(
  root: string,
  mutant: Mutant,
  controls: Map<string, string | undefined>,
): Promise<TestReport> {
  const startedMs = performance.now();
  const report = (outcome: TestReport["outcome"], why?: string, failed: readonly string[] = []): TestReport => {
    return { mutant, outcome, why, failed, seconds: (performance.now() - startedMs) / 1000 };
  };
  const test = mutant.test!;
  const edited = editSources(root, mutant);
  if (!edited.ok) return report("stale", describeEditError(edited.error));
  if (!controls.has(test)) controls.set(test, await flawOfControl(root, test));
  const flaw = controls.get(test);
  if (flaw !== undefined) return report("broken", flaw);
  const run = await runTest(root, test, edited.value);
  if (typeof run === "string") return report("broken", run);
  return run.length > 0 ? report("caught", undefined, run) : report("missed");
}

async function flawOfControl(root: string, test: string): Promise<string | undefined> {
  const run = await runTest(root, test, AS_IT_IS);
  if (typeof run === "string") return run;
  return run.length === 0 ? undefined : `${test} fails on the sources as they are: ${run[0]}`;
}

interface JsonReport {
  readonly testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

/** Names of the tests that failed; or why it could not be run. */
async function runTest(root: string, test: string, sources: EditedSources): Promise<readonly string[] | string> {
  const runner = join(root, "node_modules", "vitest", "vitest.mjs");
  if (!existsSync(runner)) return "vitest is not installed: `npm ci` in the checkout";
  const folder = mkdtempSync(join(tmpdir(), "zerok-mutant-"));
  try {
    const config = join(folder, "vitest.config.mjs");
    const output = join(folder, "report.json");
    writeFileSync(config, renderConfig(root, test, sources));
    const words = ["run", "--root", root, "--config", config, "--reporter=json", `--outputFile=${output}`];
    const said = await exec(process.execPath, [runner, ...words], root);
    if (!existsSync(output)) return `${test} could not be run: ${said.slice(-300).replace(/\s+/g, " ")}`;
    const { testResults } = JSON.parse(readFileSync(output, "utf8")) as JsonReport;
    const results = testResults.flatMap(({ assertionResults }) => assertionResults);
    // A file that cannot even be loaded has no tests that could fail.
    if (results.length === 0) return `${test} has no tests: ${testResults[0]?.message ?? "nothing was found"}`;
    return results.filter(({ status }) => status === "failed").map(({ fullName }) => fullName);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function renderConfig(root: string, test: string, sources: EditedSources): string {
  const edited = Object.fromEntries([...sources].map(([file, text]) => [join(root, file), text]));
  return `const edited = new Map(Object.entries(${JSON.stringify(edited)}));
const load = (id) => edited.get(id.split("?", 1)[0]);
export default {
  plugins: [{ name: "edits", enforce: "pre", load }],
  test: { include: [${JSON.stringify(test)}], pool: "threads", testTimeout: 60_000 },
};
`;
}

function exec(file: string, words: readonly string[], cwd: string): Promise<string> {
  return new Promise((resolve) => {
    execFile(file, words, { cwd, timeout: TEST_MS, maxBuffer: 64 * 1024 * 1024 }, (_error, stdout, stderr) => {
      resolve(`${stdout}${stderr}`);
    });
  });
}
