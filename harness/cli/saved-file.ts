/** A file from the inbox, written where a person asked for it: never over another, never outside the folder. */
import { closeSync, openSync, unlinkSync, writeFileSync } from "node:fs";
import { extname, join, resolve } from "node:path";
import { describeFileError } from "../client/data-folder.ts";
import { parseItem } from "../client/item.ts";
import type { InboxEntry } from "../client/sync-events.ts";
import { makeFolder } from "../made-folder.ts";
import { UserError } from "../user-error.ts";
import { EXIT } from "./exit-code.ts";

const COPIES_MAX = 1000;

/** Before anything is pulled: a mistake should cost nothing. */
export function prepareOut(folder: string): string {
  const path = resolve(folder);
  try {
    makeFolder(path);
    return path;
  } catch (error) {
    throw new UserError(`--out ${path} cannot be used: ${describeFileError(error)}.`, EXIT.machineCannot);
  }
}

/** The path of the new file; undefined for text, which is shown. */
export function saveEntry(folder: string, entry: InboxEntry): string | undefined {
  const item = parseItem(entry.data);
  if (item.type === "text") return undefined;
  const name = item.type === "file" ? item.name : `${entry.blobId.slice(0, 8)}.bin`;
  const extension = extname(name);
  const stem = name.slice(0, name.length - extension.length);
  for (let copy = 1; copy <= COPIES_MAX; copy++) {
    const path = join(folder, copy === 1 ? name : `${stem} (${copy})${extension}`);
    try {
      createFile(path, item.bytes);
      return path;
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "EEXIST") continue;
      throw new UserError(`${path} cannot be written: ${describeFileError(error)}.`, EXIT.machineCannot);
    }
  }
  throw new UserError(`There are ${COPIES_MAX} files called ${name} in ${folder}: name another folder with --out.`);
}

/** Whole or not at all. What was not made here is not touched: it may be somebody's. */
function createFile(path: string, bytes: Uint8Array): void {
  const file = openSync(path, "wx");
  try {
    writeFileSync(file, bytes);
  } catch (error) {
    unlinkSync(path);
    throw error;
  } finally {
    closeSync(file);
  }
}
