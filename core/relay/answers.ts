/**
 * What the store's answers mean to the devices: acknowledgements, pages, refusals, and what others of the group are
 * told. A device is answered when the transaction is durable, in the order of its operations (invariant 4).
 */
import { EMPTY } from "../bytes.ts";
import type { Context } from "../context.ts";
import { unreachable } from "../invariant.ts";
import { FRAME_BYTES_MAX } from "../limits.ts";
import type { AppendAnswer } from "../log/append.ts";
import type { Now } from "../machine.ts";
import { ErrorCode } from "../wire/error-code.ts";
import type { ErrorSubject, Message } from "../wire/messages.ts";
import { WIRE_VERSION } from "../wire/messages.ts";
import type { RelayConfig } from "./config.ts";
import type { Connections } from "./connections.ts";
import type { RequestName, SessionJob } from "./job.ts";
import type { Session } from "./session.ts";
import type { RelayAnswer } from "./store.ts";

/** How long a relay that cannot store asks a device to wait. */
export const STORAGE_RETRY_MS = 1000;
/** Until some of the invites that wait are over. */
const INVITE_RETRY_MS = 60_000;

type Answer<T extends RelayAnswer["type"]> = Extract<RelayAnswer, { type: T }>;
/** All but what the relay asks for itself. */
export type SessionAnswer = Exclude<RelayAnswer, { type: "loaded" | "swept" }>;

export class Answers {
  /** Nobody is let in any more. */
  isStopping = false;
  readonly #config: RelayConfig;
  readonly #context: Context;
  readonly #connections: Connections;

  constructor(config: RelayConfig, context: Context, connections: Connections) {
    this.#config = config;
    this.#context = context;
    this.#connections = connections;
  }

  /** `session` is undefined when it has ended meanwhile: then only others hear of what happened. */
  take(job: SessionJob, session: Session | undefined, answer: SessionAnswer, now: Now): void {
    if (session === undefined) this.#context.mark("relay.answer-to-nobody");
    switch (answer.type) {
      case "admitted":
        if (answer.isRenewed) this.#renewed(job.groupHex);
        if (session !== undefined && !this.isStopping) this.#admitted(session, answer, now);
        return;
      case "full":
        this.#context.mark("relay.full");
        if (session !== undefined) this.#overloaded(session);
        return;
      case "revoked-device":
        if (session !== undefined) this.#turnOut(session, "Hello");
        return;
      case "appended":
        if (session !== undefined) this.#acknowledgePushes(session, answer.answers);
        if (answer.answers.some((one) => one.type === "accepted" && one.isNew)) {
          if (answer.answers.length > 1) this.#context.mark("relay.notify.coalesced");
          this.#notify(job.groupHex, session, answer.max);
        }
        return;
      case "paged":
        if (session !== undefined) this.#paged(session, answer);
        return;
      case "acknowledged":
        return;
      case "revoked":
        return this.#revoked(job, session, answer);
      case "failed":
        if (session !== undefined) this.#failed(job, session);
        return;
      case "invite-put":
      case "invite-claimed":
      case "invite-cancelled":
      case "devices":
      case "deleted":
        if (session !== undefined) this.#requested(job, session, answer);
        return;
      default:
        unreachable(answer);
    }
  }

  /** Sessions of the old epoch find out by starting anew, even if the one whose claim showed it has gone. */
  #renewed(groupHex: string): void {
    this.#context.mark("relay.epoch-renewed");
    const { sessions } = this.#connections;
    for (const other of [...sessions.liveOf(groupHex)]) {
      this.#context.mark("relay.epoch-renewed-for-others");
      this.#connections.bye(other, "epoch", "epoch");
    }
  }

  #admitted(session: Session, answer: Answer<"admitted">, now: Now): void {
    const { head, pending } = answer;
    this.#connections.enliven(session, now);
    this.#connections.send(session, {
      type: "Welcome",
      version: WIRE_VERSION,
      epoch: head.epoch,
      max: head.max,
      floor: head.floor,
      pending,
      frameBytesMax: FRAME_BYTES_MAX,
      payloadBytesMax: this.#config.payloadBytesMax,
      quotaLeftBytes: Math.max(0, this.#config.groupBytesMax - head.heldBytes),
    });
  }

  #overloaded(session: Session): void {
    this.#connections.refuse(session, ErrorCode.RelayOverloaded, about("Hello"), STORAGE_RETRY_MS);
    this.#connections.drop(session, "overloaded");
  }

  /** A revoked device hears why, and that it need not come again. */
  #turnOut(session: Session, message: "Hello" | null): void {
    this.#context.mark("relay.revoked-device");
    this.#connections.refuse(session, ErrorCode.DeviceRevoked, { message, blobId: null });
    this.#connections.drop(session, "revoked");
  }

  #acknowledgePushes(session: Session, answers: readonly AppendAnswer[]): void {
    for (const answer of answers) {
      const subject: ErrorSubject = { message: "Push", blobId: answer.blobId };
      switch (answer.type) {
        case "accepted": {
          const { blobId, cursor, chain, epoch } = answer;
          this.#connections.send(session, { type: "PushAck", blobId, cursor, chain, epoch });
          if (!answer.isNew) this.#context.mark("relay.push.repeated");
          break;
        }
        case "conflict":
          this.#context.mark("relay.push.conflict");
          this.#connections.refuse(session, ErrorCode.BlobConflict, subject);
          break;
        case "quota": {
          const code = answer.of === "group" ? ErrorCode.GroupQuotaExceeded : ErrorCode.StorageFull;
          this.#context.mark("relay.quota");
          this.#connections.refuse(session, code, subject, STORAGE_RETRY_MS);
          break;
        }
        default:
          unreachable(answer);
      }
    }
  }

  /** Tells the other live devices of the group; the one that pushed knows. Encoded once, sealed per session. */
  #notify(groupHex: string, except: Session | undefined, latest: number): void {
    if (!this.#config.notify) return;
    let body: Uint8Array = EMPTY;
    for (const session of this.#connections.sessions.liveOf(groupHex)) {
      if (session === except) continue;
      if (body === EMPTY) body = this.#connections.codec.encode({ type: "Notify", latest });
      this.#connections.sendBody(session, body);
    }
  }

  #paged(session: Session, answer: Answer<"paged">): void {
    const { page } = answer;
    session.isPaging = false;
    if (page === null) {
      this.#context.mark("relay.page.beyond");
      this.#connections.refuse(session, ErrorCode.InvalidMessage, about("Pull"));
      return this.#connections.drop(session, "invalid-message");
    }
    if (page.hasMore) this.#context.mark("relay.page.more");
    if (page.gone.length > 0) this.#context.mark("relay.page.gone");
    if (page.gone.some(({ why }) => why === "rotted")) this.#context.mark("relay.page.rotted");
    session.servedMax = Math.max(session.servedMax, page.through);
    const { after, through, blobs, gone, chain, hasMore, max } = page;
    this.#connections.send(session, { type: "PullResponse", after, through, blobs, gone, chain, hasMore, max });
  }

  /** All live sessions hear of it, whoever asked too; the device's own, if it has one, is told and ends. */
  #revoked(job: SessionJob, session: Session | undefined, answer: Answer<"revoked">): void {
    const { isKnown, device, by, reason, timestampMs } = answer;
    if (!isKnown) {
      if (session !== undefined) {
        this.#connections.refuse(session, ErrorCode.UnknownDevice, about("RevokeDevice"));
      }
      return;
    }
    const { sessions } = this.#connections;
    for (const other of [...sessions.liveOf(job.groupHex)]) {
      this.#connections.send(other, { type: "DeviceRevoked", device, by, reason, timestampMs });
    }
    const own = sessions.liveAt(job.groupHex, device);
    if (own !== undefined) this.#turnOut(own, null);
  }

  #requested(
    job: SessionJob,
    session: Session,
    answer: Answer<"invite-put" | "invite-claimed" | "invite-cancelled" | "devices" | "deleted">,
  ): void {
    const { subject, ttlS } = job;
    const { sessions } = this.#connections;
    switch (answer.type) {
      case "invite-put":
        if (answer.isKept) return this.#connections.send(session, { type: "InviteKept", lookup: subject, ttlS });
        return this.#connections.refuse(session, ErrorCode.InviteRefused, about("InvitePut"), INVITE_RETRY_MS);
      case "invite-claimed": {
        const { sealed } = answer;
        if (sealed !== null) return this.#connections.send(session, { type: "InviteGiven", lookup: subject, sealed });
        return this.#connections.refuse(session, ErrorCode.UnknownInvite, about("InviteClaim"));
      }
      case "invite-cancelled":
        return this.#connections.send(session, { type: "InviteCancelled", lookup: subject });
      case "devices": {
        session.isListing = false;
        const devices = answer.devices.map(({ device, acknowledged, lastSeenMs, isRevoked }) => {
          const isOnline = sessions.liveAt(job.groupHex, device) !== undefined;
          return { device, acknowledged, lastSeenMs, isOnline, isRevoked };
        });
        return this.#connections.send(session, { type: "Devices", devices });
      }
      case "deleted":
        return this.#deleted(session, subject, answer);
      default:
        unreachable(answer);
    }
  }

  #deleted(session: Session, blobId: Uint8Array, answer: Answer<"deleted">): void {
    const { outcome, cursor } = answer;
    if (outcome === "deleted") return this.#connections.send(session, { type: "Deleted", blobId, cursor });
    const code = outcome === "foreign" ? ErrorCode.NotBlobOwner : ErrorCode.UnknownBlob;
    this.#connections.refuse(session, code, { message: "Delete", blobId });
  }

  /** The transaction did not happen: whoever waits for it is told to try again. */
  #failed(job: SessionJob, session: Session): void {
    if (job.for === "acknowledge") session.acknowledged = 0;
    if (job.for === "ListDevices") session.isListing = false;
    const isRequest = isRequestName(job.for);
    const message = job.for === "page" ? "Pull" : isRequest ? (job.for as RequestName) : null;
    const blobId = job.for === "Delete" ? job.subject : null;
    this.#connections.refuse(session, ErrorCode.StorageFailed, { message, blobId }, STORAGE_RETRY_MS);
    // Which blobs of the batch it was is known to the store no more; the device sends again after a new Hello.
    if (job.for !== "acknowledge" && !isRequest) this.#connections.drop(session, "store-failed");
  }
}

function isRequestName(what: SessionJob["for"]): what is RequestName {
  return what !== "admit" && what !== "append" && what !== "page" && what !== "acknowledge";
}

function about(message: Message["type"]): ErrorSubject {
  return { message, blobId: null };
}
