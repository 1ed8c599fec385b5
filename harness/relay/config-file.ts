/**
 * `relay.toml`, from text to settings. What does not fit is refused with its line and what would fit; nothing is
 * ignored. Any text gives an answer: this never throws.
 */
import { parse, TomlError } from "smol-toml";
import type { Result } from "../../core/result.ts";
import { fail, ok } from "../../core/result.ts";
import { nearest } from "./nearest.ts";
import type { RelaySettings, SettingValue } from "./settings.ts";
import { describeValues, fitValue, isSettingName, REFUSED, SETTING_NAMES, SETTINGS } from "./settings.ts";

/** Far more than every setting with every comment. */
export const CONFIG_BYTES_MAX = 64 * 1024;

export interface ConfigProblem {
  /** From 1; undefined when the line could not be found. */
  readonly line: number | undefined;
  /** What is wrong and what to do, without the file's name. */
  readonly sentence: string;
}

/** The settings that the text names, or every problem that it has, in the order of the lines. */
export function parseConfig(text: string): Result<Partial<RelaySettings>, readonly ConfigProblem[]> {
  if (text.length > CONFIG_BYTES_MAX) {
    const sentence = `This is no relay.toml: it is longer than ${CONFIG_BYTES_MAX} characters.`;
    return fail([{ line: undefined, sentence }]);
  }
  let document: Readonly<Record<string, unknown>>;
  try {
    document = parse(text, { maxDepth: 8 });
  } catch (error) {
    return fail([describeSyntax(error)]);
  }
  const lines = findLines(text);
  const values: Partial<Record<string, SettingValue>> = {};
  const problems: ConfigProblem[] = [];
  for (const [table, keys] of Object.entries(document)) {
    if (!isTable(keys)) {
      problems.push({ line: lines.get(table), sentence: describeStray(table) });
      continue;
    }
    if (!TABLES.includes(table)) {
      problems.push({ line: lines.get(table), sentence: describeUnknownTable(table) });
      continue;
    }
    for (const [key, value] of Object.entries(keys)) {
      const name = `${table}.${key}`;
      const line = lines.get(name) ?? lines.get(table);
      if (!isSettingName(name)) {
        problems.push({ line, sentence: describeUnknown(name) });
        continue;
      }
      const fitting = fitValue(SETTINGS[name], value);
      if (fitting !== undefined) values[name] = fitting;
      else problems.push({ line, sentence: describeMisfit(name, render(value)) });
    }
  }
  if (problems.length === 0) return ok(values as Partial<RelaySettings>);
  return fail(problems.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0)));
}

const TABLES = [...new Set(SETTING_NAMES.map((name) => name.split(".")[0]!))];

export function describeUnknown(name: string): string {
  const why = Object.hasOwn(REFUSED, name) ? REFUSED[name] : undefined;
  if (why !== undefined) return `${shorten(name)} cannot be set: ${why}.`;
  const meant = nearest(name, SETTING_NAMES);
  const hint = meant === undefined ? "`zerok relay --print-config` lists them all." : `Did you mean ${meant}?`;
  return `There is no setting ${shorten(name)}. ${hint}`;
}

export function describeMisfit(name: keyof typeof SETTINGS, written: string): string {
  return `${shorten(written)} does not fit ${name}: it takes ${describeValues(SETTINGS[name])}.`;
}

function describeUnknownTable(table: string): string {
  const meant = nearest(table, TABLES);
  const hint = meant === undefined ? `There are ${TABLES.join(", ")}.` : `Did you mean [${meant}]?`;
  return `There is no table [${shorten(table)}]. ${hint}`;
}

function describeStray(key: string): string {
  const home = SETTING_NAMES.find((name) => name.endsWith(`.${key}`));
  if (home !== undefined) return `${key} belongs into the table [${home.split(".")[0]}].`;
  return TABLES.includes(key)
    ? `${key} is a table: write [${key}] on a line of its own, and its settings below.`
    : describeUnknown(key);
}

function describeSyntax(error: unknown): ConfigProblem {
  if (!(error instanceof TomlError)) return { line: undefined, sentence: "This is not TOML: it is nested too deeply." };
  // The library's message goes on with a picture of the place; its first line says what is wrong.
  const what = error.message.split("\n")[0]!.replace(/^Invalid TOML document: /, "");
  return { line: error.line, sentence: `This is not TOML: ${shorten(what)}.` };
}

/** Line of each table, and of each key as `table.key`; the first one counts. Good enough to point at, not to parse by. */
function findLines(text: string): ReadonlyMap<string, number> {
  const lines = new Map<string, number>();
  let table = "";
  for (const [i, whole] of text.split("\n").entries()) {
    // What is longer names nothing, and would cost the patterns below their time.
    const line = whole.slice(0, 500);
    const header = /^\s*\[\[?\s*([^\][]{1,200}?)\s*\]/.exec(line)?.[1];
    const key = /^\s*([^=#[\]]{1,200}?)\s*=/.exec(line)?.[1];
    if (header !== undefined) table = unquote(header);
    const name = header === undefined ? key && [table, unquote(key)].filter((part) => part !== "").join(".") : table;
    if (name !== undefined && !lines.has(name)) lines.set(name, i + 1);
  }
  return lines;
}

function unquote(name: string): string {
  return name.replaceAll(/["'\s]/g, "");
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

function render(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (Array.isArray(value)) return "A list";
  if (value instanceof Date) return "A date";
  return typeof value === "object" ? "A table" : String(value);
}

function shorten(text: string): string {
  // One line on a terminal, whatever was written.
  const plain = text.replaceAll(/[^\x20-\x7e\u00a1-\uffff]/g, "?");
  return plain.length > 80 ? `${plain.slice(0, 80)}…` : plain;
}
