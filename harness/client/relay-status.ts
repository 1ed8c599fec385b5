/** Where a device stands at each of its relays, and who else the relay knows, as an application reads it. */
import { encodeHex } from "../../core/bytes.ts";
import type { Client } from "../../core/client/client.ts";
import type { KnownDevice } from "../../core/wire/messages.ts";
import type { RelayList } from "./relay-list.ts";
import type { GroupDevice, RelayStatus } from "./sync-types.ts";

export function readRelayStatus(machine: Client, relays: RelayList): readonly RelayStatus[] {
  return relays.addresses.map(({ id }): RelayStatus => {
    const relay = encodeHex(id);
    const position = machine.positionAt(relay);
    return {
      relay: relays.textOf(relay),
      isActive: machine.activeRelay === relay,
      cursor: position?.contiguous.cursor ?? null,
      highestCursor: position?.highest.cursor ?? null,
      epoch: position === undefined ? null : encodeHex(position.epoch),
      queued: machine.owedBy(relay),
    };
  });
}

export function describeDevice(device: KnownDevice, ownId: string): GroupDevice {
  const deviceId = encodeHex(device.device);
  return {
    deviceId,
    isThisDevice: deviceId === ownId,
    isOnline: device.isOnline,
    isRevoked: device.isRevoked,
    lastSeenMs: device.lastSeenMs,
    cursor: device.acknowledged,
  };
}
