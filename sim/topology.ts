/** The hosts of a run by name, as the world and the nemesis find them. */
import type { DeviceHost } from "./device-host.ts";
import type { RelayHost } from "./relay-host.ts";

export interface Hosts {
  readonly relays: ReadonlyMap<string, RelayHost>;
  readonly devices: ReadonlyMap<string, DeviceHost>;
}

export function hostNamed(hosts: Hosts, name: string): RelayHost | DeviceHost {
  const host = hosts.relays.get(name) ?? hosts.devices.get(name);
  if (host === undefined) throw new Error(`the plan names a host ${name} that its topology does not have`);
  return host;
}
