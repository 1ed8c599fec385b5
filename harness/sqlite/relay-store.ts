/**
 * The relay's store on SQLite: it loads, calls `core/log`, writes, commits, answers; nothing more. All operations of one
 * call are one transaction, durable before it returns. The heads of groups are kept in memory and written once per
 * transaction; when one fails, what is in memory is dropped with it.
 */
import type { CryptoSuite } from "../../core/crypto/suite.ts";
import { unreachable } from "../../core/invariant.ts";
import { decideAdmit } from "../../core/log/admit.ts";
import { decideAppend } from "../../core/log/append.ts";
import { ChainHasher } from "../../core/log/chain.ts";
import { decideDelete } from "../../core/log/delete.ts";
import { decideEnter } from "../../core/log/devices.ts";
import { decidePutInvite, isInviteOf, isInviteOver } from "../../core/log/invites.ts";
import { decidePage } from "../../core/log/page.ts";
import { isPayloadWhole, type LogRow } from "../../core/log/row.ts";
import type { RelayAnswer, RelayOperation, StoreError } from "../../core/relay/store.ts";
import type { Result } from "../../core/result.ts";
import { ok } from "../../core/result.ts";
import type { TransactionStore } from "../driver/transaction-store.ts";
import type { Database, OpenError, OpenOptions } from "./database.ts";
import { openDatabase } from "./database.ts";
import type { IdentityFile } from "./identity-file.ts";
import { openIdentityFile } from "./identity-file.ts";
import { RelayDevices } from "./relay-devices.ts";
import { RelayGroups } from "./relay-groups.ts";
import { RelayInvites } from "./relay-invites.ts";
import { RelayLog } from "./relay-log.ts";
import { RELAY_SCHEMA } from "./relay-schema.ts";
import { RelaySweep } from "./relay-sweep.ts";

export interface RelayFiles {
  /** The SQLite file; made when there is none, in a folder that exists. */
  readonly data: string;
  /** The relay's private key, which outlives its data. */
  readonly identity: string;
}

type Of<T extends RelayOperation["type"]> = Extract<RelayOperation, { type: T }>;

/** Of a group that is not there: its data were lost while a session was open, which must say Hello again. */
const VANISHED: StoreError = { type: "StorageFailed" };

/** Refused when another process has it open, also when that is another relay. */
export function openRelayStore(
  files: RelayFiles,
  suite: CryptoSuite,
  options: OpenOptions = {},
): Result<RelayStore, OpenError> {
  const database = openDatabase(files.data, RELAY_SCHEMA, options);
  if (!database.ok) return database;
  const identity = openIdentityFile(files.identity);
  if (identity.ok) return ok(new RelayStore(database.value, identity.value, suite));
  database.value.close();
  return identity;
}

export class RelayStore implements TransactionStore<RelayOperation, RelayAnswer> {
  readonly #database: Database;
  readonly #identity: IdentityFile;
  readonly #hasher: ChainHasher;
  readonly #isWhole: (row: LogRow) => boolean;
  readonly #groups: RelayGroups;
  readonly #log: RelayLog;
  readonly #devices: RelayDevices;
  readonly #invites: RelayInvites;
  readonly #sweep: RelaySweep;

  constructor(database: Database, identity: IdentityFile, suite: CryptoSuite) {
    this.#database = database;
    this.#identity = identity;
    this.#hasher = new ChainHasher(suite);
    this.#isWhole = (row) => isPayloadWhole(suite, row);
    this.#groups = new RelayGroups(database);
    this.#log = new RelayLog(database, this.#hasher);
    this.#devices = new RelayDevices(database);
    this.#invites = new RelayInvites(database);
    this.#sweep = new RelaySweep(database, this.#groups, this.#log, this.#devices);
  }

  run(operations: readonly RelayOperation[], wallMs: number): readonly RelayAnswer[] {
    const done = this.#database.transaction(() => {
      const answers = operations.map((operation) => this.#run(operation, wallMs));
      this.#groups.write();
      return answers;
    });
    if (done.ok) {
      this.#groups.bound();
      return done.value;
    }
    this.#groups.forget();
    this.#sweep.forget();
    return operations.map(({ id }) => ({ id, type: "failed", error: done.error }));
  }

  close(): void {
    // If it cannot be written, the rows say it the next time.
    this.#database.transaction(() => this.#groups.writeAll());
    this.#database.close();
  }

  #run(operation: RelayOperation, wallMs: number): RelayAnswer {
    const { id } = operation;
    switch (operation.type) {
      case "load":
        return { id, type: "loaded", identity: this.#identity.load(operation.fresh) };
      case "admit":
        return this.#admit(operation, wallMs);
      case "append":
        return this.#append(operation, wallMs);
      case "page":
        return this.#page(operation);
      case "acknowledge": {
        const group = this.#groups.find(operation.group);
        if (group !== undefined && this.#devices.acknowledge(group.key, operation.device, operation.cursor)) {
          this.#sweep.touch(group.key);
        }
        return { id, type: "acknowledged" };
      }
      case "sweep":
        this.#invites.removeOver(wallMs);
        return { id, type: "swept", ...this.#sweep.run(wallMs, operation) };
      case "put-invite":
        return this.#putInvite(operation, wallMs);
      case "claim-invite": {
        const invite = this.#invites.find(operation.lookup);
        if (invite === undefined) return { id, type: "invite-claimed", sealed: null };
        this.#invites.remove(operation.lookup);
        return { id, type: "invite-claimed", sealed: isInviteOver(invite, wallMs) ? null : invite.sealed };
      }
      case "cancel-invite": {
        const { lookup, group, device } = operation;
        const invite = this.#invites.find(lookup);
        if (invite !== undefined && isInviteOf(invite, group, device)) this.#invites.remove(lookup);
        return { id, type: "invite-cancelled" };
      }
      case "devices": {
        const group = this.#groups.find(operation.group);
        return { id, type: "devices", devices: group === undefined ? [] : this.#devices.all(group.key) };
      }
      case "revoke":
        return this.#revoke(operation, wallMs);
      case "delete":
        return this.#delete(operation);
      default:
        return unreachable(operation);
    }
  }

  #admit(operation: Of<"admit">, wallMs: number): RelayAnswer {
    const { id, claim, device, freshEpoch } = operation;
    const group = this.#groups.find(operation.group);
    if (group === undefined && this.#groups.count >= operation.groupsMax) return { id, type: "full" };
    const known = group && this.#devices.find(group.key, device);
    const devices = group === undefined || known !== undefined ? 0 : this.#devices.count(group.key);
    const enter = decideEnter(known, devices, operation.devicesMax, wallMs);
    if (enter.type === "revoked") return { id, type: "revoked-device" };
    if (enter.type === "full") return { id, type: "full" };

    const chainAt = (cursor: number): Uint8Array | undefined => this.#log.chainAt(group!.key, group!.head, cursor);
    const { head, change } = decideAdmit(group?.head, claim, chainAt, freshEpoch);
    const { key } = group ?? this.#groups.create(operation.group, head);
    const isRenewed = change === "renewed";
    if (isRenewed) {
      this.#groups.change(key, head, group!.oldestExpiresAtMs);
      this.#devices.renew(key);
    }
    if (enter.record !== undefined) {
      this.#devices.put(key, device, isRenewed ? { ...enter.record, acknowledged: 0 } : enter.record);
    }
    const from = change === "none" && claim.epoch !== null ? claim.contiguous.cursor : 0;
    return { id, type: "admitted", head, pending: this.#log.heldAbove(key, head, from), isRenewed };
  }

  #append(operation: Of<"append">, wallMs: number): RelayAnswer {
    const { id, device, items, defaultTtlS, heldBytesMax, totalBytesMax } = operation;
    const group = this.#groups.find(operation.group);
    if (group === undefined) return { id, type: "failed", error: VANISHED };
    const { key } = group;
    const { head, rows, answers } = decideAppend(
      this.#hasher,
      group.head,
      (blobId) => this.#log.known(key, group.head, blobId),
      {
        sender: device,
        items,
        wallMs,
        defaultTtlS,
        heldBytesMax,
        totalBytes: this.#groups.heldBytes,
        totalBytesMax,
      },
    );
    for (const row of rows) this.#log.insert(key, row);
    if (rows.length > 0) {
      this.#groups.grow(key, head, group.oldestExpiresAtMs ?? rows[0]!.expiresAtMs);
      // Somebody may have acknowledged what was not there yet.
      this.#sweep.touch(key);
    }
    return { id, type: "appended", answers, max: head.max.cursor };
  }

  #page(operation: Of<"page">): RelayAnswer {
    const { id, after } = operation;
    const group = this.#groups.find(operation.group);
    if (group === undefined) return { id, type: "failed", error: VANISHED };
    const { key, head } = group;
    // Only the end of a log has no row behind it, and its chain stands in the head.
    const page = decidePage(head, this.#log.after(key, head, after), head.max.chain, operation, this.#isWhole);
    return { id, type: "paged", page: page ?? null };
  }

  #putInvite(operation: Of<"put-invite">, wallMs: number): RelayAnswer {
    const { id, lookup, group } = operation;
    const others = this.#invites.others(lookup, group, wallMs);
    const invite = decidePutInvite(this.#invites.find(lookup), others, { ...operation, wallMs });
    if (invite !== undefined) this.#invites.put(lookup, invite);
    return { id, type: "invite-put", isKept: invite !== undefined };
  }

  #revoke(operation: Of<"revoke">, wallMs: number): RelayAnswer {
    const { id, device, by, reason } = operation;
    const fresh = { by, reason, timestampMs: wallMs };
    const group = this.#groups.find(operation.group);
    const known = group && this.#devices.find(group.key, device);
    if (group === undefined || known === undefined) return { id, type: "revoked", isKnown: false, device, ...fresh };
    const earlier = this.#devices.revocation(group.key, device);
    if (earlier !== undefined) return { id, type: "revoked", isKnown: true, device, ...earlier };
    this.#devices.revoke(group.key, device, fresh);
    this.#sweep.touch(group.key);
    return { id, type: "revoked", isKnown: true, device, ...fresh };
  }

  #delete(operation: Of<"delete">): RelayAnswer {
    const { id, device, blobId } = operation;
    const group = this.#groups.find(operation.group);
    if (group === undefined) return { id, type: "deleted", outcome: "unknown", cursor: 0 };
    const { key, oldestExpiresAtMs } = group;
    const row = this.#log.pushed(key, blobId);
    const nextHeld = (after: number): number | undefined => this.#log.firstHeld(key, after + 1);
    const { head, outcome, gone } = decideDelete(group.head, row, device, nextHeld);
    if (gone !== undefined) {
      this.#log.drop(key, gone, "deleted");
      this.#groups.change(key, head, oldestExpiresAtMs);
    }
    return { id, type: "deleted", outcome, cursor: row?.cursor ?? 0 };
  }
}
