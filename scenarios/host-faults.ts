/**
 * Faults that a relay or an agent does to itself on a controller's word, because no system lets a controller do them to
 * one process alone: a wall clock that is off, a disk that is slow, fails, is full or does not sync. A JSON file, named
 * in the environment (`ZEROK_FAULT_FILE`) and read again and again; what a process follows it writes to the file's name
 * with `.seen`, word for word, so that the controller can read it back. A fault injection hook and nothing else:
 * without the variable none of this exists.
 */
import { count, encodeFields, flag, isJsonObject, parseFields, text, type FieldCodec } from "./field-codec.ts";

export const FAULT_FILE_VARIABLE = "ZEROK_FAULT_FILE";
export const SEEN_SUFFIX = ".seen";

export interface HostFaults {
  /** Goes up with each change: no two states of a run are the same text. */
  readonly revision: number;
  /** Added to the wall clock. */
  readonly wallOffsetMs: number;
  /** Before each commit. */
  readonly syncDelayMs: number;
  /** Of the commits, drawn from `seed`: refused as if the system could not write. */
  readonly writeErrorPermille: number;
  readonly seed: string;
  /** Each commit is refused as if there were no room. */
  readonly isFull: boolean;
  /** Commits are no longer synced. */
  readonly isSyncLost: boolean;
}

export const NO_FAULTS: HostFaults = {
  revision: 0,
  wallOffsetMs: 0,
  syncDelayMs: 0,
  writeErrorPermille: 0,
  seed: "",
  isFull: false,
  isSyncLost: false,
};

const whole: FieldCodec<number> = {
  encode: (value) => value,
  parse: (value) => (Number.isSafeInteger(value) ? (value as number) : undefined),
};

const FIELDS: { readonly [K in keyof HostFaults]: FieldCodec<HostFaults[K]> } = {
  revision: count,
  wallOffsetMs: whole,
  syncDelayMs: count,
  writeErrorPermille: count,
  seed: text,
  isFull: flag,
  isSyncLost: flag,
};

const TABLE = FIELDS as { readonly [field: string]: FieldCodec<unknown> };

export function encodeHostFaults(faults: HostFaults): string {
  return JSON.stringify(encodeFields(TABLE, { ...faults }));
}

/** `undefined` for anything else, also for a file that is being written. */
export function parseHostFaults(json: string): HostFaults | undefined {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return undefined;
  }
  // Every field was parsed by its own codec.
  return isJsonObject(value) ? (parseFields(TABLE, value).value as HostFaults | undefined) : undefined;
}
