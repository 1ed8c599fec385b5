/**
 * A device of a group, for an application on Node: push and pull sealed blobs through relays that can read nothing.
 * What is pushed is on disk before `push` answers and is sent until a relay acknowledges it; what was delivered is in
 * the inbox on disk. `LIBRARY.md` in this folder shows how it is used.
 *
 * It joins the client machine of `core/client` to sockets and to the store, and turns the machine's events into promises
 * and events. One process at a time may have a data folder open. Everything that fails is a `SyncError`.
 */
import { EventEmitter } from "node:events";
import { encodeHex, parseHex } from "../../core/bytes.ts";
import { DEFAULT_CLIENT_CONFIG, type ClientConfig } from "../../core/client/config.ts";
import type { ClientEvent } from "../../core/client/events.ts";
import { BLOB_ID_BYTES, DEVICE_ID_BYTES } from "../../core/ids.ts";
import { INVITE_RELAYS_MAX, INVITE_TTL_S } from "../../core/pairing/invite.ts";
import type { RevokeReason } from "../../core/wire/messages.ts";
import { CatchUp } from "./catch-up.ts";
import { ClientHost } from "./client-host.ts";
import { type News, translateEvent } from "./event-translation.ts";
import { InboxReader } from "./inbox-reader.ts";
import { openDevice, type OpenedDevice } from "./open-device.ts";
import { pushError, requireGroupSecret, requireId, requireTtl } from "./options.ts";
import { createInvite, type Group, invitePayload, sealForCode } from "./pairing.ts";
import { describeEnd } from "./refusal.ts";
import { RelayList, requireRelayAddress } from "./relay-list.ts";
import { describeDevice, readRelayStatus } from "./relay-status.ts";
import {
  AllRelaysFailedError,
  type BrokenClientError,
  ClosedError,
  InvalidOptionsError,
  NotConnectedError,
  type RelayFailure,
  RevokedError,
} from "./sync-error.ts";
import type { Connected, InboxEntry, SyncEventMap } from "./sync-events.ts";
import type { CreatedInvite, GroupDevice, Patience, Pushed, SyncClientOptions, SyncStatus } from "./sync-types.ts";
import { UnsettledPushes } from "./unsettled-pushes.ts";

const TIMEOUT_MS = 30_000;

export class SyncClient extends EventEmitter<SyncEventMap> {
  /** Hex. */
  readonly deviceId: string;
  readonly #host: ClientHost;
  readonly #device: OpenedDevice;
  readonly #relays: RelayList;
  readonly #group: Group;
  readonly #unsettled = new UnsettledPushes();
  readonly #inbox: InboxReader;
  readonly #sessions = new Map<string, Connected>();
  /** Why each relay was lost last, by its address: since the last round. */
  readonly #failures = new Map<string, string>();
  /** Rows of the inbox that were told of. */
  #told: number;
  #closing: Promise<void> | undefined;

  /**
   * Opens the folder, and connects to nobody yet. Throws `InvalidOptionsError`, `FolderInUseError` or `StorageError`;
   * nothing is left open then.
   */
  static async open(options: SyncClientOptions): Promise<SyncClient> {
    const relays = new RelayList(options.relays.map(requireRelayAddress));
    const ttlS = requireTtl(options.ttlS ?? 0);
    const groupSecret = await requireGroupSecret(options);
    const device = await openDevice(
      options.dataDir,
      options.purpose ?? "another program",
      options.waitForFolderMs ?? 0,
    );
    const config: ClientConfig = { ...DEFAULT_CLIENT_CONFIG, ...options.config, ttlS };
    let client: SyncClient | undefined;
    const host = new ClientHost({
      store: device.store,
      relays: relays.addresses,
      groupSecret,
      config,
      onEvent: (event) => {
        if (client !== undefined) client.#hear(event);
      },
      onBroken: (error) => {
        if (client !== undefined) client.#broke(error);
      },
    });
    try {
      const deviceId = await host.ready();
      const { salt = null, argon2: parameters = null } = options;
      const group = { relays: relays.addresses, secret: groupSecret, salt, parameters };
      client = new SyncClient(encodeHex(deviceId), host, device, relays, group);
      return client;
    } catch (error) {
      await host.close();
      device.release();
      throw error;
    }
  }

  private constructor(deviceId: string, host: ClientHost, device: OpenedDevice, relays: RelayList, group: Group) {
    super();
    this.deviceId = deviceId;
    this.#host = host;
    this.#device = device;
    this.#relays = relays;
    this.#group = group;
    this.#inbox = new InboxReader(device.store, relays);
    this.#told = device.store.inboxCount;
  }

  // ── where it stands ───────────────────────────────────────────────────────────────────────────────────────────────

  get isConnected(): boolean {
    return this.activeRelay !== null;
  }

  /** The most preferred relay that is connected, as its address. */
  get activeRelay(): string | null {
    const relay = this.#host.machine.activeRelay;
    return relay === undefined ? null : this.#relays.textOf(relay);
  }

  /** Everything up to here of the active relay is in the inbox; null when none is active or it was never asked. */
  get currentCursor(): number | null {
    const { machine } = this.#host;
    const relay = machine.activeRelay;
    return relay === undefined ? null : (machine.positionAt(relay)?.contiguous.cursor ?? null);
  }

  status(): SyncStatus {
    this.#assertOpen();
    const { machine } = this.#host;
    return {
      deviceId: this.deviceId,
      isConnected: this.isConnected,
      relays: readRelayStatus(machine, this.#relays),
      queued: machine.outbox().length,
      ...this.#inbox.counts(),
    };
  }

  // ── connecting ────────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Resolves when a relay is connected. Throws `AllRelaysFailedError` when each was tried once, `RevokedError`,
   * `TimeoutError`. After a failure it goes on trying by itself until `disconnect` or `close`: `connected` tells.
   */
  async connect({ timeoutMs = TIMEOUT_MS }: Patience = {}): Promise<Connected> {
    this.#assertOpen();
    const active = this.#host.machine.activeRelay;
    const session = active === undefined ? undefined : this.#sessions.get(this.#relays.textOf(active));
    if (session !== undefined) return session;
    this.#failures.clear();
    const connected = this.#host.wait((event) => this.#connectedBy(event), { what: "Connecting", timeoutMs });
    this.#host.command({ type: "connect" });
    return connected;
  }

  #connectedBy(event: ClientEvent): Connected | undefined {
    switch (event.type) {
      case "connected":
        return this.#sessions.get(this.#relays.textOf(event.relay));
      case "all-relays-failed":
        throw new AllRelaysFailedError(this.#failureList());
      case "disconnected":
        if (event.why === "revoked") throw new RevokedError();
        // Of the reasons that are no reason to try another relay: these do not pass by themselves.
        if (event.why === "rejected" || event.why === "replaced" || event.why === "store-failed") {
          throw new AllRelaysFailedError(this.#failureList());
        }
        return undefined;
      default:
        return undefined;
    }
  }

  /** Takes leave. What is queued stays queued. */
  disconnect(): void {
    this.#assertOpen();
    this.#host.command({ type: "disconnect" });
  }

  /**
   * Takes leave, finishes what is being written and gives the folder back; afterwards nothing of this client keeps the
   * process alive. May be called again.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#host.close();
    this.#device.release();
    this.#unsettled.rejectAll(new ClosedError());
    this.#sessions.clear();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  // ── pushing ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Seals `data` and puts it into the queue on disk, connected or not: when this resolves it is safe, and it is sent
   * until a relay has it or its ttl is over. Throws `TooLargeError`, `QueueFullError` (`queueRowsMax` pushes or
   * `queueBytesMax` bytes wait for a relay already), `InvalidOptionsError` (ttl), `StorageError`.
   */
  async push(data: Uint8Array | string, { ttlS = 0 }: { readonly ttlS?: number } = {}): Promise<Pushed> {
    this.#assertOpen();
    // The machine seals when it is told: what the caller does with its array afterwards is no matter.
    const body = typeof data === "string" ? new TextEncoder().encode(data) : data;
    const command = { type: "push", ref: this.#host.nextRef(), body, ttlS: requireTtl(ttlS) } as const;
    const probe = (event: ClientEvent): Pushed | undefined => {
      if (event.type === "push-failed" && event.ref === command.ref) throw pushError(event.error, body.length);
      return event.type === "queued" && event.ref === command.ref
        ? this.#unsettled.pushed(encodeHex(event.blobId))
        : undefined;
    };
    const queued = this.#host.wait(probe, { what: "Writing to the queue on disk", timeoutMs: TIMEOUT_MS });
    this.#host.command(command);
    return queued;
  }

  /**
   * Resolves when nothing is queued any more: for the active relay, or with `everywhere` for each of them. What was
   * refused or is over counts as done. Throws `NotConnectedError` when the active relay is lost, `TimeoutError`.
   */
  async flush({
    everywhere = false,
    timeoutMs = TIMEOUT_MS,
  }: Patience & { readonly everywhere?: boolean } = {}): Promise<void> {
    this.#assertOpen();
    const { machine } = this.#host;
    const relay = machine.activeRelay;
    if (relay === undefined) throw new NotConnectedError();
    const isDone = () => (everywhere ? machine.outbox().length : machine.owedBy(relay)) === 0;
    if (isDone()) return;
    await this.#host.wait(
      (event) => {
        if (event.type === "disconnected" && event.relay === relay) {
          throw new NotConnectedError("The connection was lost before everything was sent: the rest stays queued.");
        }
        return isDone() ? true : undefined;
      },
      { what: "Sending what was queued", timeoutMs },
    );
  }

  // ── pulling ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Brings everything that the active relay has into the inbox, page by page. Throws `NotConnectedError`,
   * `TimeoutError`; what came until then is in the inbox.
   */
  async catchUp({ timeoutMs = TIMEOUT_MS }: Patience = {}): Promise<void> {
    this.#assertOpen();
    const relay = this.#host.machine.activeRelay;
    if (relay === undefined) throw new NotConnectedError();
    const catchUp = new CatchUp(relay);
    const done = this.#host.wait(
      (event) => {
        const state = catchUp.hear(event);
        if (state === "failed") throw new NotConnectedError(`Pulling was interrupted: ${catchUp.why}.`);
        return state === "done" ? true : undefined;
      },
      { what: "Pulling", timeoutMs },
    );
    this.#host.command({ type: "pull" });
    await done;
  }

  /**
   * `catchUp`, and then what was not read before, oldest first, at most `limit` of it. The read mark is moved past what
   * this returns and is on disk: whoever must not miss anything over a crash reads `inbox` by index instead.
   */
  async pull({
    limit = Number.POSITIVE_INFINITY,
    timeoutMs = TIMEOUT_MS,
  }: Patience & { readonly limit?: number } = {}): Promise<readonly InboxEntry[]> {
    await this.catchUp({ timeoutMs });
    const entries = this.inbox({ after: this.readMark, limit });
    const last = entries.at(-1);
    if (last !== undefined) this.markRead(last.index);
    return entries;
  }

  /** What is in the inbox on disk, asking nobody: the entries with an index above `after`. */
  inbox({ after = 0, limit }: { readonly after?: number; readonly limit?: number } = {}): readonly InboxEntry[] {
    this.#assertOpen();
    return this.#inbox.entries(after, limit);
  }

  /** The index up to which the application has read; on disk. */
  get readMark(): number {
    this.#assertOpen();
    return this.#inbox.readMark;
  }

  /** Never moves back. Throws `StorageError`. */
  markRead(index: number): void {
    this.#assertOpen();
    this.#inbox.markRead(index);
  }

  // ── the group ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The devices that the active relay knows in this group. Throws `NotConnectedError`, `RefusedError`, `TimeoutError`. */
  devices({ timeoutMs = TIMEOUT_MS }: Patience = {}): Promise<readonly GroupDevice[]> {
    return this.#host.request(
      { type: "list-devices" },
      (event) =>
        event.type === "devices" ? event.devices.map((device) => describeDevice(device, this.deviceId)) : undefined,
      { what: "Asking for the devices", timeoutMs },
    );
  }

  /**
   * The relay lets this device (hex) in no more and waits for it no more. It has the group's secret still: only honest
   * software is stopped by this. Throws as `devices` does.
   */
  async revoke(deviceId: string, reason: RevokeReason, { timeoutMs = TIMEOUT_MS }: Patience = {}): Promise<void> {
    const device = requireId("device id", deviceId, DEVICE_ID_BYTES);
    await this.#host.request(
      { type: "revoke", device, reason },
      (event) => (event.type === "device-revoked" ? true : undefined),
      { what: "Revoking the device", timeoutMs },
    );
  }

  /** Drops the payload of a blob that this device pushed, at the active relay. Throws as `devices` does. */
  async delete(blobId: string, { timeoutMs = TIMEOUT_MS }: Patience = {}): Promise<{ readonly cursor: number }> {
    const id = requireId("blob id", blobId, BLOB_ID_BYTES);
    return this.#host.request(
      { type: "delete", blobId: id },
      (event) => (event.type === "deleted" ? { cursor: event.cursor } : undefined),
      { what: "Deleting the blob", timeoutMs },
    );
  }

  /**
   * An invite into this group, good for ten minutes. Without a connection it has no short code. Throws as `devices` does,
   * and `InvalidOptionsError` when the group has more relays than an invite carries.
   */
  async createInvite(): Promise<CreatedInvite> {
    this.#assertOpen();
    if (this.#group.relays.length > INVITE_RELAYS_MAX) {
      throw new InvalidOptionsError(`An invite carries at most ${INVITE_RELAYS_MAX} relays.`);
    }
    const invite = createInvite(this.#group, parseHex(this.deviceId)!, Date.now());
    const payload = invitePayload(invite).expose();
    const expiresAtMs = invite.expiresAtS * 1000;
    const relay = this.activeRelay;
    if (relay === null) return { payload, shortCode: null, relay, expiresAtMs, withdraw: async () => {} };
    const { code, lookup, sealed } = await sealForCode(invite);
    await this.putInvite(lookup, sealed, INVITE_TTL_S);
    return { payload, shortCode: code.expose(), relay, expiresAtMs, withdraw: () => this.cancelInvite(lookup) };
  }

  /** Keeps a sealed invite at the active relay: `createInvite` makes one. Throws as `devices` does. */
  async putInvite(
    lookup: Uint8Array,
    sealed: Uint8Array,
    ttlS: number,
    { timeoutMs = TIMEOUT_MS }: Patience = {},
  ): Promise<void> {
    await this.#host.request(
      { type: "put-invite", lookup, sealed, ttlS },
      (event) => (event.type === "invite-kept" ? true : undefined),
      { what: "Leaving the invite at the relay", timeoutMs },
    );
  }

  /** Resolves also when there is none any more. Throws as `devices` does. */
  async cancelInvite(lookup: Uint8Array, { timeoutMs = TIMEOUT_MS }: Patience = {}): Promise<void> {
    await this.#host.request(
      { type: "cancel-invite", lookup },
      (event) => (event.type === "invite-cancelled" ? true : undefined),
      { what: "Withdrawing the invite", timeoutMs },
    );
  }

  // ── the machine's events ──────────────────────────────────────────────────────────────────────────────────────────

  #hear(event: ClientEvent): void {
    if (event.type === "inbox") return this.#tellRows(event.rows);
    if (event.type === "all-relays-failed") {
      return this.#tell("all-relays-failed", { failures: this.#failureList(), retryInMs: event.retryInMs });
    }
    const news = translateEvent(event, this.#relays);
    if (news === undefined) return;
    this.#note(news);
    this.#unsettled.hear(news);
    this.#tell(news.name, news.told);
  }

  /** What the properties of this client know from it. */
  #note({ name, told }: News): void {
    if (name === "connected") this.#sessions.set(told.relay, told);
    if (name !== "disconnected") return;
    this.#sessions.delete(told.relay);
    this.#failures.set(told.relay, describeEnd(told.why));
  }

  #tellRows(rows: number): void {
    const after = this.#told;
    this.#told = Math.max(after, rows);
    if (rows <= after || this.listenerCount("blob") === 0) return;
    for (const entry of this.inbox({ after, limit: rows - after })) this.#tell("blob", entry);
  }

  /** Later, so that what a listener throws is the application's own and not the machine's. */
  #tell<Name extends keyof SyncEventMap>(name: Name, event: SyncEventMap[Name][0]): void {
    queueMicrotask(() => (this as EventEmitter).emit(name, event));
  }

  #broke(error: BrokenClientError): void {
    this.#unsettled.rejectAll(error);
    this.#tell("broken", error);
  }

  #failureList(): RelayFailure[] {
    return this.#relays.texts.map((relay) => ({ relay, why: this.#failures.get(relay) ?? "not tried" }));
  }

  #assertOpen(): void {
    if (this.#closing !== undefined) throw new ClosedError();
  }
}
