/**
 * The folder in which a device lives: `device.json` (its name and public id), `group.json` (the group, its secret and
 * its relays), `device.sqlite` (its private key, sent log, inbox and positions). Only its owner may enter it.
 */
import { accessSync, constants, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { makeFolder } from "../made-folder.ts";
import { PRIVATE_FOLDER_MODE } from "./private-file.ts";
import { StorageError } from "./sync-error.ts";

export interface DataFolder {
  readonly path: string;
  readonly device: string;
  readonly group: string;
  readonly database: string;
  /** The invite that waits at the relay. */
  readonly invite: string;
  /** Who works with it: `holder-note.ts`. */
  readonly holder: string;
}

/** Where the system keeps what programs remember, unless a variable says otherwise. */
export function defaultDataFolder(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): string {
  const home = env["HOME"] ?? homedir();
  if (platform === "win32") return join(env["LOCALAPPDATA"] ?? join(home, "AppData", "Local"), "zerok");
  if (platform === "darwin") return join(home, "Library", "Application Support", "zerok");
  const data = env["XDG_DATA_HOME"];
  // A relative path there is invalid by the XDG specification and must be ignored.
  return join(data?.startsWith("/") === true ? data : join(home, ".local", "share"), "zerok");
}

export function dataFolder(path: string): DataFolder {
  const full = resolve(path);
  const inside = (name: string) => join(full, name);
  return {
    path: full,
    device: inside("device.json"),
    group: inside("group.json"),
    database: inside("device.sqlite"),
    invite: inside("invite.json"),
    holder: inside("in-use.json"),
  };
}

/**
 * Makes it, closed to others, when it is not there. One that is there keeps its mode: it may be somebody's home, and what
 * is put into it is closed to others anyway. Throws a `StorageError` when it cannot be used.
 */
export function prepareDataFolder(folder: DataFolder): void {
  try {
    makeFolder(folder.path, PRIVATE_FOLDER_MODE);
    accessSync(folder.path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const why = errorCode(error) === "ENOENT" ? "the system makes no folder there" : describeFileError(error);
    throw new StorageError(`The data folder ${folder.path} cannot be used: ${why}. Name another folder.`);
  }
}

/** `undefined` when there is no such file. */
export function readFileIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const code = errorCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw new StorageError(`${path} cannot be read: ${describeFileError(error)}.`);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: "this user may not",
  EPERM: "this user may not",
  EROFS: "it is on a read-only disk",
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EEXIST: "there is a file of that name",
  ENOTDIR: "there is a file where a folder should be",
  EISDIR: "it is a folder",
  ENOENT: "there is no such file",
  ENAMETOOLONG: "the name is too long",
  ELOOP: "its links lead in a circle",
};

function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** A few words on why the file system refused. */
export function describeFileError(error: unknown): string {
  const code = errorCode(error);
  return (code === undefined ? undefined : REASONS[code]) ?? (error instanceof Error ? error.message : String(error));
}
