/** The invite that waits at the relay for its code, remembered so that it can be withdrawn: `invite.json`, without the code. */
import { rmSync } from "node:fs";
import { encodeHex, parseHex } from "../../core/bytes.ts";
import { readFileIfThere } from "./data-folder.ts";
import { writePrivateFile } from "./private-file.ts";

export interface PendingInvite {
  readonly lookup: Uint8Array;
  readonly expiresAtS: number;
}

export function writePendingInvite(path: string, { lookup, expiresAtS }: PendingInvite): void {
  writePrivateFile(path, `${JSON.stringify({ lookup_hex: encodeHex(lookup), expires_at: expiresAtS })}\n`);
}

/** Undefined when there is none, or none any more. */
export function readPendingInvite(path: string, nowMs: number): PendingInvite | undefined {
  const text = readFileIfThere(path);
  if (text === undefined) return undefined;
  try {
    const json: unknown = JSON.parse(text);
    if (typeof json !== "object" || json === null || !("lookup_hex" in json) || !("expires_at" in json))
      return undefined;
    const { lookup_hex: hex, expires_at: expiresAtS } = json;
    const lookup = typeof hex === "string" ? parseHex(hex) : undefined;
    if (lookup === undefined || typeof expiresAtS !== "number" || expiresAtS * 1000 <= nowMs) return undefined;
    return { lookup, expiresAtS };
  } catch {
    return undefined;
  }
}

export function forgetPendingInvite(path: string): void {
  rmSync(path, { force: true });
}
