/** Anyone's mutants, from a JSON file: a list, or `{ "mutants": [...] }`. What does not fit is one sentence. */
import { readFileSync } from "node:fs";
import * as v from "valibot";
import type { Mutant } from "../../scenarios/mutants/mutant.ts";
import { UserError } from "../user-error.ts";
import { describeEditError, editSources } from "./edited-sources.ts";

const Text = v.pipe(v.string(), v.minLength(1));

const MutantSchema = v.strictObject({
  id: v.pipe(Text, v.regex(/^[A-Za-z0-9_.-]{1,40}$/, "letters, digits, dots, dashes and underscores, at most 40")),
  title: Text,
  from: v.optional(Text, "own"),
  edits: v.pipe(
    v.array(v.strictObject({ file: Text, find: Text, replace: v.string() })),
    v.minLength(1, "at least one edit"),
  ),
  caughtBy: v.optional(Text, "any"),
  scenarios: v.optional(v.array(Text), []),
});

const FileSchema = v.union([v.array(MutantSchema), v.strictObject({ mutants: v.array(MutantSchema) })]);

/** Any checker may catch a mutant that names none. */
export const ANY_CHECKER = "any";

/** `root`: the checkout whose sources the edits must match. */
export function readMutantFile(path: string, root: string): readonly Mutant[] {
  const mutants = parseMutants(readJson(path), path);
  if (mutants.length === 0) throw new UserError(`${path} lists no mutant: it takes { id, title, edits } for each.`);
  const ids = new Set<string>();
  for (const mutant of mutants) {
    if (ids.has(mutant.id))
      throw new UserError(`${path}: two mutants are called "${mutant.id}"; give each its own id.`);
    ids.add(mutant.id);
    const edited = editSources(root, mutant);
    if (!edited.ok) throw new UserError(`${path}: mutant ${mutant.id}: ${describeEditError(edited.error)}.`);
  }
  return mutants;
}

function readJson(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new UserError(`${path} cannot be read (${(error as NodeJS.ErrnoException).code}): --file takes a JSON file.`);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UserError(`${path} is no JSON: ${(error as Error).message.replace(/\s+/g, " ")}.`);
  }
}

function parseMutants(json: unknown, path: string): readonly Mutant[] {
  const parsed = v.safeParse(FileSchema, json);
  if (parsed.success) return Array.isArray(parsed.output) ? parsed.output : parsed.output.mutants;
  // The union says only that neither shape fits: the list of the file says where.
  const list = Array.isArray(json) ? json : (json as { mutants?: unknown } | null)?.mutants;
  if (!Array.isArray(list)) {
    throw new UserError(
      `${path} holds no mutants: it takes a list of { id, title, edits: [{ file, find, replace }] }.`,
    );
  }
  for (const [index, one] of list.entries()) {
    const flaw = v.safeParse(MutantSchema, one);
    if (flaw.success) continue;
    const issue = flaw.issues[0];
    const where = v.getDotPath(issue);
    throw new UserError(`${path}: mutant ${index + 1}${where === null ? "" : `, "${where}"`}: ${issue.message}.`);
  }
  throw new UserError(`${path}: beside "mutants" there is something that is not known.`);
}
