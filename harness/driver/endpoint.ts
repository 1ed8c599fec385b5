/** `host:port`, an IPv6 host in brackets; and what of a peer's address counts against limits. */
import { isIPv6 } from "node:net";

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** `undefined` for what is no endpoint. Port 0 is one: to listen on, whichever is free. */
export function parseEndpoint(text: string): Endpoint | undefined {
  const match = /^(?:\[([0-9a-fA-F:.%a-z]+)\]|([^:[\]\s/]+)):([0-9]{1,5})$/.exec(text);
  if (match === null) return undefined;
  const port = Number(match[3]);
  if (port > 65_535) return undefined;
  const inBrackets = match[1];
  if (inBrackets !== undefined) return isIPv6(inBrackets) ? { host: inBrackets, port } : undefined;
  return { host: match[2]!, port };
}

export function renderEndpoint({ host, port }: Endpoint): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

/**
 * An IPv4 address as it is, also where it is written as IPv6. Of an IPv6 address the first 64 bits: whoever has one
 * address usually has the other 2^64 − 1 of its network.
 */
export function limitedAddress(remote: string): string {
  const bare = remote.split("%")[0]!;
  const mapped = /^::ffff:([0-9]+\.[0-9]+\.[0-9]+\.[0-9]+)$/i.exec(bare);
  if (mapped !== null) return mapped[1]!;
  if (!isIPv6(bare)) return bare;
  const [head = "", tail] = bare.split("::");
  const groups = head === "" ? [] : head.split(":");
  if (tail !== undefined) {
    const after = tail === "" ? [] : tail.split(":");
    while (groups.length + after.length < 8) groups.push("0");
    groups.push(...after);
  }
  const network = groups.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
  return `${network.join(":")}::/64`;
}
