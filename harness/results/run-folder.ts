/**
 * A run on disk: `<out>/<scenario>/<utc>-<seed>/` with its capsule, history, verdict and JUnit file, and `<out>/latest`
 * pointing at the newest. A folder is written under another name and renamed when it is whole, so nobody reads half of one.
 */
import { accessSync, constants, lstatSync, mkdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { symlinkSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import process from "node:process";
import { gzipSync } from "node:zlib";
import { encodeHistoryRecord } from "../../scenarios/history-json.ts";
import { shownPath } from "../cli/short-path.ts";
import { makeFolder } from "../made-folder.ts";
import type { SeedRun } from "../sweep/seed-runner.ts";
import type { Suite } from "../sweep/sim-world.ts";
import { UserError } from "../user-error.ts";
import { CAPSULE_FORMAT, encodeCapsule, parseCapsule, type Capsule, type CapsuleError } from "./capsule.ts";
import { readCodeVersion } from "./code-version.ts";
import { renderJunit } from "./junit.ts";
import { NotWritten } from "./shelf.ts";

/** Makes sure that folders can be made there; before a sweep, so that an hour's work does not end without a place. */
export function assertWritableOut(out: string): void {
  const sentence = (why: string): string =>
    `The folder for results, ${out}, ${why}: name another one with --out, such as --out runs.`;
  try {
    makeFolder(out);
    accessSync(out, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new UserError(sentence(whyNot(error)));
  }
  if (!statSync(out).isDirectory()) throw new UserError(sentence("is a file"));
}

function whyNot(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === "ENOTDIR") return "lies below a file, not a folder";
  if (code === "EEXIST") return "is a file";
  if (code === "EACCES" || code === "EPERM" || code === "EROFS") return "may not be written by you";
  if (code === "ENOSPC") return "has no space left";
  return `cannot be made (${code ?? String(error)})`;
}

/** Returns the path of the folder. Throws `NotWritten`. */
export function writeRunFolder(out: string, { plan, run, verdict }: SeedRun, suite: Suite, at = new Date()): string {
  const home = join(out, plan.scenario);
  const draft = join(home, `.writing-${process.pid}-${plan.seed}`);
  try {
    rmSync(draft, { recursive: true, force: true });
    mkdirSync(draft, { recursive: true });
    const code = readCodeVersion();
    const capsule: Omit<Capsule, "replay"> = {
      format: CAPSULE_FORMAT,
      scenario: plan.scenario,
      seed: plan.seed,
      backend: "sim",
      suite,
      verdict: verdict.verdict,
      idle: verdict.idle,
      findings: verdict.findings.map(({ checker, kind, message }) => ({ checker, kind, message })),
      unknowns: verdict.unknowns,
      traceHash: run.traceHash,
      shapeHash: run.shapeHash,
      events: run.events,
      simulatedMs: run.simulatedMs,
      ...code,
      node: process.versions.node,
      plan,
    };
    const history = run.history.map((record) => `${encodeHistoryRecord(record)}\n`).join("");
    const witnessed = verdict.findings.map((finding) => ({
      ...finding,
      witness: finding.witness.map((record) => JSON.parse(encodeHistoryRecord(record)) as unknown),
    }));
    writeFileSync(join(draft, "history.jsonl"), history);
    writeFileSync(
      join(draft, "verdict.json"),
      `${JSON.stringify({ ...verdict, findings: witnessed }, undefined, 2)}\n`,
    );
    writeFileSync(join(draft, "junit.xml"), renderJunit({ ...capsule, verdict }));
    return settle(out, draft, join(home, `${utcName(at)}-${plan.seed}`), (folder) => {
      const replay = `npx zerok replay ${shownPath(folder)}`;
      writeFileSync(join(draft, "capsule.json"), encodeCapsule({ ...capsule, replay }));
    });
  } catch (error) {
    throw notWritten(home, draft, error);
  }
}

/** Gives the draft its name, or one like it that is free; `sign` writes what must know the name. */
export function settle(out: string, draft: string, wanted: string, sign: (folder: string) => void): string {
  for (;;) {
    const folder = freeName(wanted);
    sign(folder);
    try {
      renameSync(draft, folder);
    } catch (error) {
      // Another process took the name meanwhile.
      if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) continue;
      throw error;
    }
    pointLatest(out, folder);
    return folder;
  }
}

/** What to throw for what happened while a draft was written, which goes. A bug is no trouble of the disk. */
export function notWritten(home: string, draft: string, error: unknown): unknown {
  if (typeof (error as NodeJS.ErrnoException).code !== "string") return error;
  discard(draft);
  return new NotWritten(
    `The run could not be written below ${home}: it ${whyNot(error)}. Try --out with another folder.`,
  );
}

function discard(draft: string): void {
  try {
    rmSync(draft, { recursive: true, force: true });
  } catch {
    // What hindered the writing may hinder this.
  }
}

/** `20261122T184403Z` */
export function utcName(at: Date): string {
  return at
    .toISOString()
    .replace(/[-:]/g, "")
    .replace(/\.\d+Z$/, "Z");
}

/** Two runs of one seed within a second. */
function freeName(folder: string): string {
  let name = folder;
  for (let copy = 2; statSync(name, { throwIfNoEntry: false }) !== undefined; copy++) name = `${folder}-${copy}`;
  return name;
}

/** Nothing depends on the link: where links cannot be made, or something else has its name, it stays away. */
function pointLatest(out: string, folder: string): void {
  const link = join(out, "latest");
  const draft = join(out, `.latest-${process.pid}`);
  try {
    const there = lstatSync(link, { throwIfNoEntry: false });
    if (there !== undefined && !there.isSymbolicLink()) return;
    rmSync(draft, { force: true });
    symlinkSync(join(basename(dirname(folder)), basename(folder)), draft, "dir");
    renameSync(draft, link);
  } catch {
    rmSync(draft, { force: true });
  }
}

/** One JSON object a line, compressed; returns the path. Throws `NotWritten`. */
export function writeTrace(folder: string, events: readonly object[]): string {
  const path = join(folder, "trace.jsonl.gz");
  const draft = `${path}.writing`;
  const text = events.map((event) => `${JSON.stringify(event)}\n`).join("");
  try {
    writeFileSync(draft, gzipSync(text));
    renameSync(draft, path);
  } catch (error) {
    discard(draft);
    throw new NotWritten(`The trace could not be written to ${path}: ${(error as Error).message}.`);
  }
  return path;
}

/** Reads the capsule that `where` is or holds. */
export function readCapsule(where: string, isEditedWelcome: boolean): { path: string; capsule: Capsule } {
  const isFolder = statSync(where, { throwIfNoEntry: false })?.isDirectory() === true;
  const path = isFolder ? join(where, "capsule.json") : where;
  assertReadable(path);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
    if (isMissing && isFolder) {
      throw new UserError(`There is no capsule.json in ${where}: name the folder of one run, such as runs/latest.`);
    }
    throw new UserError(
      `${path} ${isMissing ? "is not there" : whyNotRead(error)}: name a capsule.json or the folder of a run.`,
    );
  }
  const parsed = parseCapsule(text, isEditedWelcome);
  if (!parsed.ok) throw new UserError(describeCapsuleError(parsed.error, path));
  return { path, capsule: parsed.value };
}

/** Larger than any plan: what is read as a whole must have an end. */
const CAPSULE_BYTES_MAX = 64 * 1024 * 1024;

/** A device or a pipe may never end, and hold everything up. */
export function assertReadable(path: string): void {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return;
  const why = !stats.isFile()
    ? "is no file"
    : stats.size > CAPSULE_BYTES_MAX
      ? "is too large for a capsule"
      : undefined;
  if (why !== undefined) throw new UserError(`${path} ${why}: name a capsule.json or the folder of a run.`);
}

function whyNotRead(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  return code === "EACCES" ? "may not be read by you" : `cannot be read (${code ?? String(error)})`;
}

function describeCapsuleError(error: CapsuleError, path: string): string {
  switch (error.type) {
    case "NotJson":
      return error.isTruncated
        ? `${path} is cut off: its JSON does not end. Copy the whole file again.`
        : `${path} is no JSON, so it is no capsule: name a capsule.json or the folder of a run.`;
    case "NotACapsule":
      return `${path} is JSON, but no capsule: name a capsule.json or the folder of a run.`;
    case "OtherFormat":
      return `${path} has the format ${error.format} and this version reads ${CAPSULE_FORMAT}: replay it with the version that wrote it.`;
    case "Edited":
      return `${path} was edited after it was written: its checksum does not fit. To take it as it is now, add --edited.`;
    case "BadField":
      return `${path} has no proper "${error.field}": it was damaged or edited. Run the seed anew with: npx zerok replay SEED --scenario ID`;
    case "BadPlan":
      return `The plan in ${path} cannot be run, ${error.why}. Mend that place, or run the seed anew with: npx zerok replay SEED --scenario ID`;
  }
}
