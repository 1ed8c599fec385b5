/**
 * A mutant's edits applied to the sources, in memory. Each `find` must match exactly once, in a file of a room that the
 * mutant may touch; otherwise the answer says which edit does not fit and why.
 */
import { readFileSync } from "node:fs";
import { join, posix } from "node:path";
import type { Mutant, MutantEdit } from "../../scenarios/mutants/mutant.ts";
import { fail, ok, type Result } from "../../core/result.ts";

export type EditError =
  | { readonly type: "OutsideOfRooms"; readonly file: string; readonly rooms: readonly string[] }
  /** Checkers judge, and tests prove: a bug in either shows nothing. */
  | { readonly type: "Judging"; readonly file: string }
  | { readonly type: "NoFile"; readonly file: string }
  | { readonly type: "NoMatch"; readonly file: string; readonly find: string }
  | { readonly type: "ManyMatches"; readonly file: string; readonly find: string; readonly count: number }
  | { readonly type: "NoChange"; readonly file: string; readonly find: string };

/** Sources as they are now edited, by their paths from the root of the checkout. */
export type EditedSources = ReadonlyMap<string, string>;

const PURE_ROOMS = ["core", "scenarios", "sim"] as const;
const ALL_ROOMS = [...PURE_ROOMS, "chaos", "harness"] as const;

export function editSources(
  root: string,
  { edits, test }: Pick<Mutant, "edits" | "test">,
): Result<EditedSources, EditError> {
  const sources = new Map<string, string>();
  for (const edit of edits) {
    const error = findFlaw(edit.file, test === undefined ? PURE_ROOMS : ALL_ROOMS);
    if (error !== undefined) return fail(error);
    const before = sources.get(edit.file) ?? readSource(root, edit.file);
    if (before === undefined) return fail({ type: "NoFile", file: edit.file });
    const after = applyEdit(before, edit);
    if (!after.ok) return after;
    sources.set(edit.file, after.value);
  }
  return ok(sources);
}

function findFlaw(file: string, rooms: readonly string[]): EditError | undefined {
  const isPlain = posix.normalize(file) === file && file.endsWith(".ts");
  if (!isPlain || !rooms.some((room) => file.startsWith(`${room}/`))) return { type: "OutsideOfRooms", file, rooms };
  const isJudging = file.endsWith(".test.ts") || /^scenarios\/(checkers|mutants)\//.test(file);
  return isJudging ? { type: "Judging", file } : undefined;
}

function readSource(root: string, file: string): string | undefined {
  try {
    return readFileSync(join(root, file), "utf8");
  } catch {
    return undefined;
  }
}

function applyEdit(source: string, { file, find, replace }: MutantEdit): Result<string, EditError> {
  const parts = source.split(find);
  if (find === "" || parts.length === 1) return fail({ type: "NoMatch", file, find });
  if (parts.length > 2) return fail({ type: "ManyMatches", file, find, count: parts.length - 1 });
  if (find === replace) return fail({ type: "NoChange", file, find });
  return ok(`${parts[0]}${replace}${parts[1]}`);
}

/** For a person: what does not fit, without the mutant's name. */
export function describeEditError(error: EditError): string {
  const { file } = error;
  switch (error.type) {
    case "OutsideOfRooms":
      return `"${file}" is no TypeScript file in ${error.rooms.map((room) => `${room}/`).join(", ")}`;
    case "Judging":
      return `"${file}" is a test, a checker or the list of mutants, and those are not edited`;
    case "NoFile":
      return `there is no file "${file}"`;
    case "NoMatch":
      return `${shown(error.find)} is not in ${file} (any more)`;
    case "ManyMatches":
      return `${shown(error.find)} is in ${file} ${error.count} times, and must be there once`;
    case "NoChange":
      return `${shown(error.find)} in ${file} is replaced by itself`;
  }
}

const SHOWN_MAX = 80;

function shown(find: string): string {
  const line = find.replace(/\s+/g, " ");
  return `"${line.length <= SHOWN_MAX ? line : `${line.slice(0, SHOWN_MAX - 1)}…`}"`;
}
