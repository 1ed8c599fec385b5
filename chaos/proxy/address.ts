/** `host:port`, `[v6]:port`, `:port`, as Toxiproxy has them in `listen` and `upstream`. */
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { fail, ok } from "../../core/result.ts";
import type { Result } from "../../core/result.ts";

export interface Address {
  /** Empty: every interface. */
  readonly host: string;
  readonly port: number;
}

/** The error is what Go's `net` says, for that is what clients know. */
export function parseAddress(text: string): Result<Address, string> {
  const match = /^(?:\[([^[\]]*)\]|([^:[\]]*)):([0-9]*)$/.exec(text);
  if (match === null) return fail(`address ${text}: ${describe(text)}`);
  const port = Number(match[3]);
  if (port > 65_535) return fail(`address ${match[3]}: invalid port`);
  return ok({ host: match[1] ?? match[2] ?? "", port });
}

export function renderAddress({ host, port }: Address): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** With the host's name as a number, IPv4 first. */
export async function resolveAddress(text: string): Promise<Result<Address, string>> {
  const parsed = parseAddress(text);
  if (!parsed.ok || parsed.value.host === "" || isIP(parsed.value.host) !== 0) return parsed;
  const { host, port } = parsed.value;
  try {
    const found = await lookup(host, { all: true });
    return ok({ host: (found.find(({ family }) => family === 4) ?? found[0]!).address, port });
  } catch {
    return fail(`lookup ${host}: no such host`);
  }
}

function describe(text: string): string {
  if (!text.includes(":")) return "missing port in address";
  if (/^\[.*\]:[^:]*$/.test(text) || /^[^:]*:[^:]*$/.test(text)) return "invalid port";
  return "too many colons in address";
}
