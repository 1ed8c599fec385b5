/** The folder of a relay: made when it is not there, closed to others when it is. */
import { accessSync, chmodSync, constants, mkdirSync, statSync } from "node:fs";
import { EXIT } from "../cli/exit-code.ts";
import { UserError } from "../user-error.ts";

const OWNER_ONLY = 0o700;

/** Throws a `UserError` when it cannot be used. */
export function prepareFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: OWNER_ONLY });
    if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, OWNER_ONLY);
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why =
      code === "EEXIST" || code === "ENOTDIR"
        ? "there is a file where a folder should be"
        : code === "EACCES" || code === "EPERM"
          ? "this user may not write there"
          : `the system says ${code}`;
    throw new UserError(
      `The data folder ${path} cannot be used: ${why}. Name another one with --data-dir.`,
      EXIT.machineCannot,
    );
  }
}
