/**
 * `zerok devices`: who is in the group, as its relay knows them; with `--revoke` one of them is let in no more. Names
 * reach no relay: the only one that is known here is this device's own.
 */
import type { SyncClient } from "../client/sync-client.ts";
import type { GroupDevice } from "../client/sync-types.ts";
import { UserError } from "../user-error.ts";
import {
  type ClientArguments,
  type ClientCall,
  requireDevice,
  requireGroup,
  say,
  sayJson,
  tryConnect,
  withClient,
} from "./client-call.ts";
import { parseReasonOption } from "./client-values.ts";
import { EXIT, type ExitCode } from "./exit-code.ts";
import { renderTable } from "./table.ts";

export interface DevicesArguments extends ClientArguments {
  /** A device's id, or how it begins. */
  readonly revoke: string | undefined;
  readonly reason: string | undefined;
}

const PREFIX_DIGITS_MIN = 4;

export async function runDevicesCommand(args: DevicesArguments, call: ClientCall): Promise<ExitCode> {
  if (args.reason !== undefined && args.revoke === undefined) {
    throw new UserError("--reason goes with --revoke: name the device, such as --revoke 1a2b3c4d --reason lost.");
  }
  const reason = parseReasonOption(args.reason ?? "lost");
  const group = requireGroup(call);
  const { deviceName } = requireDevice(call);
  return withClient(call, "devices", group, async (client) => {
    const offline = await tryConnect(client);
    if (offline !== undefined) throw offline;
    const devices = await client.devices();
    if (args.revoke !== undefined) {
      const device = findDevice(devices, args.revoke);
      await client.revoke(device.deviceId, reason);
      sayJson(call, { revoked: device.deviceId, reason, devices: await client.devices() });
      if (!call.isQuiet) say(call, renderRevoked(device));
      return EXIT.valid;
    }
    sayJson(call, {
      devices: devices.map((device) => ({ ...device, name: device.isThisDevice ? deviceName : null })),
    });
    say(call, renderDevices(call, client, devices, deviceName));
    return EXIT.valid;
  });
}

function findDevice(devices: readonly GroupDevice[], typed: string): GroupDevice {
  const prefix = typed.trim().toLowerCase().replace(/…$/, "");
  const found = devices.filter(({ deviceId }) => deviceId.startsWith(prefix));
  if (prefix.length < PREFIX_DIGITS_MIN || found.length === 0) {
    throw new UserError(`The relay knows no device "${typed}" in this group: \`npx zerok devices\` lists them.`);
  }
  if (found.length > 1) throw new UserError(`${found.length} devices begin with "${typed}": type more of the id.`);
  return found[0]!;
}

function renderRevoked({ deviceId, isThisDevice }: GroupDevice): string {
  const who = isThisDevice ? "This device" : `Device ${deviceId.slice(0, 16)}…`;
  return `${who} is revoked: the relay lets it in no more, and waits for it no more.
It still knows the group's secret. This stops honest software only: after a theft, make a new group.
`;
}

function renderDevices(call: ClientCall, client: SyncClient, devices: readonly GroupDevice[], ownName: string): string {
  if (call.isQuiet) return devices.map(({ deviceId }) => `${deviceId}\n`).join("");
  const rows = devices.map((device) => [
    device.deviceId.slice(0, 16),
    stateOf(device),
    String(device.cursor),
    new Date(device.lastSeenMs).toISOString().slice(0, 16).replace("T", " "),
    device.deviceId === client.deviceId ? `${ownName} (this device)` : "",
  ]);
  const columns = [
    { head: "device" },
    { head: "state" },
    { head: "cursor", isNumber: true },
    { head: "last seen (UTC)" },
    { head: "" },
  ];
  return renderTable(call.paint, columns, rows);
}

function stateOf({ isRevoked, isOnline }: GroupDevice): string {
  if (isRevoked) return "revoked";
  return isOnline ? "online" : "away";
}
