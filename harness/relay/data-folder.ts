/**
 * The folder of a relay: made when it is not there, closed to others when it is and is this relay's. A folder that holds
 * something else (`--data-dir /tmp`, by mistake) keeps its mode: the files are closed by themselves.
 */
import { accessSync, chmodSync, constants, readdirSync, statSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { EXIT } from "../cli/exit-code.ts";
import { makeFolder } from "../made-folder.ts";
import { UserError } from "../user-error.ts";

const OWNER_ONLY = 0o700;

/** `files` are the relay's own, anywhere. Throws a `UserError` when the folder cannot be used. */
export function prepareFolder(path: string, files: readonly string[]): void {
  try {
    makeFolder(path, OWNER_ONLY);
    if ((statSync(path).mode & 0o077) !== 0 && isOwn(path, files)) chmodSync(path, OWNER_ONLY);
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why =
      code === "EEXIST" || code === "ENOTDIR"
        ? "there is a file where a folder should be"
        : code === "EACCES" || code === "EPERM"
          ? "this user may not write there"
          : code === "ENOENT"
            ? "the system makes no folder there"
            : `the system says ${code}`;
    throw new UserError(
      `The data folder ${path} cannot be used: ${why}. Name another one with --data-dir.`,
      EXIT.machineCannot,
    );
  }
}

function isOwn(path: string, files: readonly string[]): boolean {
  const there = readdirSync(path);
  const own = files.filter((file) => dirname(resolve(file)) === resolve(path)).map((file) => basename(file));
  return there.length === 0 || own.some((name) => there.includes(name));
}
