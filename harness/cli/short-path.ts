import { relative } from "node:path";
import process from "node:process";

/** From where the person is, unless that leads up and out of there. */
export function shortPath(path: string): string {
  const short = relative(process.cwd(), path);
  return short === "" || short.startsWith("..") ? path : short;
}

/** The same, as it can be pasted into a shell. */
export function shownPath(path: string): string {
  return quoted(shortPath(path));
}

/** As a shell takes it. */
export function quoted(word: string): string {
  return /^[\w./~:@%+,=-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
