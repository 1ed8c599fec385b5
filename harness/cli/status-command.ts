/** `zerok status`: device, group, relays and whether they answer, what is queued and what is new. */
import { encodeRelayAddress } from "../../core/ids.ts";
import type { DeviceFile } from "../../core/pairing/device-file.ts";
import type { GroupFile } from "../../core/pairing/group-file.ts";
import { encodeHex } from "../../core/bytes.ts";
import { groupIdText, readGroup } from "../client/group-store.ts";
import { describeEnd } from "../client/refusal.ts";
import type { SyncClient } from "../client/sync-client.ts";
import type { SyncStatus } from "../client/sync-types.ts";
import { FolderInUseError, shortRelay } from "../client/sync-error.ts";
import { type ClientArguments, type ClientCall, requireDevice, say, sayJson, withClient } from "./client-call.ts";
import { EXIT, type ExitCode } from "./exit-code.ts";
import { renderCount } from "./figures.ts";

export interface StatusArguments extends ClientArguments {
  /** Asks no relay. */
  readonly offline: boolean;
}

/** How a relay answered. */
type Reach = "connected" | "not asked" | (string & {});

interface Found {
  readonly status: SyncStatus;
  readonly reach: ReadonlyMap<string, Reach>;
}

const ANSWER_MS = 6000;

export async function runStatusCommand(args: StatusArguments, call: ClientCall): Promise<ExitCode> {
  const device = requireDevice(call);
  const group = readGroup(call.folder);
  let found: Found | undefined;
  let inUse: string | null = null;
  if (group !== undefined && group.relays.length > 0) {
    try {
      found = await withClient(call, "status", group, (client) => look(client, args.offline), 0);
    } catch (error) {
      // What is in the files can be told all the same.
      if (!(error instanceof FolderInUseError)) throw error;
      inUse = error.message;
    }
  }
  sayJson(call, statusJson(call, device, group, found, inUse));
  say(call, renderStatus(call, device, group, found, inUse));
  return EXIT.valid;
}

/** Connects to each relay, or says why not. What is new comes along and counts already. */
async function look(client: SyncClient, isOffline: boolean): Promise<Found> {
  const reach = new Map<string, Reach>();
  const relays = client.status().relays.map(({ relay }) => relay);
  for (const relay of relays) reach.set(relay, "not asked");
  if (!isOffline) {
    let open = relays.length;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ANSWER_MS);
      const tell = (relay: string, how: Reach): void => {
        if (reach.get(relay) !== "not asked") return;
        reach.set(relay, how);
        open -= 1;
        if (open > 0) return;
        clearTimeout(timer);
        resolve();
      };
      client.on("connected", ({ relay }) => tell(relay, "connected"));
      client.on("disconnected", ({ relay, why }) => tell(relay, describeEnd(why)));
      // How it went is in the events.
      client.connect({ timeoutMs: ANSWER_MS }).catch(() => {});
    });
    for (const [relay, how] of reach) if (how === "not asked") reach.set(relay, "no answer yet");
    if (client.isConnected) await client.catchUp({ timeoutMs: ANSWER_MS }).catch(() => {});
  }
  return { status: client.status(), reach };
}

function statusJson(
  call: ClientCall,
  device: DeviceFile,
  group: GroupFile | undefined,
  found: Found | undefined,
  inUse: string | null,
): object {
  const { status, reach } = found ?? {};
  return {
    folder: call.folder.path,
    device: {
      deviceId: status?.deviceId ?? encodeHex(device.deviceId),
      name: device.deviceName,
      createdAt: device.createdAt,
    },
    group: group === undefined ? null : { groupId: groupIdText(group), joinedAt: group.joinedAt },
    relays: (group?.relays ?? []).map((address, at) => {
      const relay = encodeRelayAddress(address);
      const known = status?.relays.find((one) => one.relay === relay);
      const answer = reach?.get(relay) ?? null;
      return {
        relay,
        preference: at + 1,
        isReachable: answer === null || answer === "not asked" ? null : answer === "connected",
        answer,
        cursor: known?.cursor ?? null,
        highestCursor: known?.highestCursor ?? null,
        epoch: known?.epoch ?? null,
        queued: known?.queued ?? null,
      };
    }),
    queued: status?.queued ?? null,
    inbox: status?.inbox ?? null,
    unread: status?.unread ?? null,
    quarantined: status?.quarantined ?? null,
    lostRanges: status?.lostRanges ?? null,
    inUse,
  };
}

function renderStatus(
  call: ClientCall,
  device: DeviceFile,
  group: GroupFile | undefined,
  found: Found | undefined,
  inUse: string | null,
): string {
  const { paint } = call;
  const line = (name: string, value: string): string => `${paint.bold(name.padEnd(10))} ${value}\n`;
  const deviceId = found?.status.deviceId ?? encodeHex(device.deviceId);
  let text = line("Device", `${device.deviceName}, ${deviceId.slice(0, 16)}…`);
  text += line("Folder", call.folder.path);
  if (group === undefined) {
    const create = call.next("pair --create --relay ADDRESS");
    return `${text}${line("Group", `none yet: ${create}, or ${call.next("pair --join CODE")}`)}`;
  }
  text += line("Group", `${groupIdText(group).slice(0, 16)}…`);
  for (const [at, address] of group.relays.entries()) {
    const relay = encodeRelayAddress(address);
    const known = found?.status.relays.find((one) => one.relay === relay);
    const how = found?.reach.get(relay) ?? "not asked";
    const shown = how === "connected" ? paint.green(how) : paint.yellow(how);
    const cursor = known?.cursor ?? null;
    const stands = cursor === null ? "never reached" : `cursor ${renderCount(cursor)}`;
    const queued = known !== undefined && known.queued > 0 ? `, ${renderCount(known.queued)} queued for it` : "";
    text += line(at === 0 ? "Relays" : "", `${shortRelay(relay)}  ${shown}, ${stands}${queued}`);
  }
  for (const address of group.undiallable) text += line("", `${address}  of another transport, not usable here`);
  if (inUse !== null) text += line("In use", inUse);
  if (found === undefined) return text;
  const { queued, inbox, unread, quarantined, lostRanges } = found.status;
  text += line("Queue", queued === 0 ? "empty" : `${renderCount(queued)} to send: ${call.next("sync")}`);
  const fresh = unread === 0 ? "nothing new" : `${renderCount(unread)} new: ${call.next("pull")}`;
  text += line("Inbox", `${renderCount(inbox)} received, ${fresh}`);
  if (quarantined > 0) text += line("Quarantine", `${renderCount(quarantined)} that could not be opened`);
  if (lostRanges > 0)
    text += line("Lost", `${renderCount(lostRanges)} ranges that were gone before they could be pulled`);
  return text;
}
