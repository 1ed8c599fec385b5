/**
 * What devices ask of a relay, each message in its phase: refused, answered at once, or made into an operation for the
 * store. Every message of a live session counts against its device's rate; strangers may say Hello, claim an invite,
 * or go.
 */
import { EMPTY, encodeHex } from "../bytes.ts";
import type { Context } from "../context.ts";
import { EPOCH_BYTES } from "../ids.ts";
import { unreachable } from "../invariant.ts";
import type { Jobs } from "../jobs.ts";
import { groupIdOf } from "../keys.ts";
import type { Now } from "../machine.ts";
import type { OutputQueue } from "../output-queue.ts";
import { ErrorCode } from "../wire/error-code.ts";
import { isHelloSigned } from "../wire/hello-signature.ts";
import type { ErrorSubject, Hello, InviteClaim, Message, Pull, Push } from "../wire/messages.ts";
import { WIRE_VERSION } from "../wire/messages.ts";
import type { Admission } from "./admission.ts";
import type { RelayConfig } from "./config.ts";
import type { Connections, RelayOutput } from "./connections.ts";
import type { Job, RequestName, SessionJob } from "./job.ts";
import type { Session } from "./session.ts";
import type { RelayOperation } from "./store.ts";

/** After a message that comes at a bad moment. */
const BUSY_RETRY_MS = 200;

export interface RequestsOptions {
  readonly config: RelayConfig;
  readonly context: Context;
  readonly connections: Connections;
  readonly admission: Admission;
  readonly jobs: Jobs<Job>;
  readonly outputs: OutputQueue<RelayOutput>;
}

export class Requests {
  /** Nothing new is begun. */
  isStopping = false;
  readonly #config: RelayConfig;
  readonly #context: Context;
  readonly #connections: Connections;
  readonly #admission: Admission;
  readonly #jobs: Jobs<Job>;
  readonly #outputs: OutputQueue<RelayOutput>;

  constructor(options: RequestsOptions) {
    this.#config = options.config;
    this.#context = options.context;
    this.#connections = options.connections;
    this.#admission = options.admission;
    this.#jobs = options.jobs;
    this.#outputs = options.outputs;
  }

  take(session: Session, message: Message, now: Now): void {
    if (session.phase !== "live") return this.#fromStranger(session, message, now);
    const waitMs = this.#admission.messageWaitMs(session.membership!.rateKey, now.monoMs);
    if (waitMs > 0) return this.#limitRate(session, message, waitMs);
    if (this.isStopping && isRequest(message)) {
      this.#context.mark("relay.stopping.refused");
      return this.#connections.refuse(session, ErrorCode.RelayShuttingDown, subjectOf(message), BUSY_RETRY_MS);
    }
    this.#fromMember(session, message, now);
  }

  /**
   * Pushes that came in one piece are appended as one batch; what they belong to is this turn's transaction. One batch
   * of a session at a time: when the store fails, what came after it has not been asked for, and a device's pushes keep
   * their order.
   */
  flushBatch(session: Session): void {
    if (session.batch.length === 0) return;
    if (session.isAppending) return this.#context.mark("relay.batch-waits");
    session.isAppending = true;
    const items = session.batch;
    session.batch = [];
    const { group, device } = session.membership!;
    const { defaultTtlS, groupBytesMax: heldBytesMax, totalBytesMax } = this.#config;
    const id = this.#job(session, "append");
    this.#ask({ id, type: "append", group, device, items, defaultTtlS, heldBytesMax, totalBytesMax });
  }

  #fromStranger(session: Session, message: Message, now: Now): void {
    if (message.type === "Hello" && session.phase === "greeting") return this.#hello(session, message);
    if (message.type === "InviteClaim" && session.phase === "greeting") return this.#claim(session, message, now);
    if (message.type === "Bye") return this.#connections.close(session);
    this.#invalid(session, message);
  }

  #fromMember(session: Session, message: Message, now: Now): void {
    const { group, device } = session.membership!;
    switch (message.type) {
      case "Push":
        return this.#push(session, message);
      case "Pull":
        return this.#pull(session, message);
      case "Ack":
        return this.#acknowledge(session, message.cursor);
      case "Ping":
        return this.#connections.send(session, { type: "Pong", token: message.token });
      case "Bye":
        return this.#connections.close(session);
      case "Pong":
        return;
      case "InvitePut": {
        const lookup = message.lookup.slice();
        const sealed = message.sealed.slice();
        const { ttlS } = message;
        const { invitesMax, groupInvitesMax } = this.#config;
        const id = this.#job(session, "InvitePut", lookup, ttlS);
        return this.#ask({ id, type: "put-invite", group, device, lookup, sealed, ttlS, invitesMax, groupInvitesMax });
      }
      case "InviteClaim":
        return this.#claim(session, message, now);
      case "InviteCancel": {
        const lookup = message.lookup.slice();
        const id = this.#job(session, "InviteCancel", lookup);
        return this.#ask({ id, type: "cancel-invite", group, device, lookup });
      }
      case "Delete": {
        const blobId = message.blobId.slice();
        // What was pushed before it in the same piece can be deleted already; what has to wait for the store cannot.
        this.flushBatch(session);
        if (session.batch.length > 0) return this.#busy(session, message);
        return this.#ask({ id: this.#job(session, "Delete", blobId), type: "delete", group, device, blobId });
      }
      case "ListDevices":
        // The list is long and the question short: one at a time.
        if (session.isListing) return this.#busy(session, message);
        session.isListing = true;
        return this.#ask({ id: this.#job(session, "ListDevices"), type: "devices", group });
      case "RevokeDevice": {
        const { reason } = message;
        const id = this.#job(session, "RevokeDevice");
        return this.#ask({ id, type: "revoke", group, device: message.device.slice(), by: device, reason });
      }
      case "Hello":
      case "Welcome":
      case "PushAck":
      case "PullResponse":
      case "Notify":
      case "Error":
      case "InviteKept":
      case "InviteGiven":
      case "InviteCancelled":
      case "Deleted":
      case "Devices":
      case "DeviceRevoked":
        return this.#invalid(session, message);
      default:
        unreachable(message);
    }
  }

  #invalid(session: Session, message: Message): void {
    this.#context.mark("relay.out-of-phase");
    this.#connections.refuse(session, ErrorCode.InvalidMessage, { message: message.type, blobId: null });
    this.#connections.drop(session, "invalid-message");
  }

  #busy(session: Session, message: Message): void {
    this.#context.mark("relay.busy");
    this.#connections.refuse(session, ErrorCode.RateLimited, subjectOf(message), BUSY_RETRY_MS);
  }

  /** Every message is charged. What has an answer is refused with a time; the rest goes unheard. */
  #limitRate(session: Session, message: Message, waitMs: number): void {
    this.#context.mark("relay.rate-limited");
    if (message.type === "Bye") return this.#connections.close(session);
    if (isRequest(message)) this.#connections.refuse(session, ErrorCode.RateLimited, subjectOf(message), waitMs);
  }

  #hello(session: Session, hello: Hello): void {
    const { suite, entropy } = this.#context;
    if (!hello.versions.includes(WIRE_VERSION)) {
      this.#context.mark("relay.hello.version");
      this.#connections.refuse(session, ErrorCode.VersionUnsupported, subjectOf(hello));
      return this.#connections.drop(session, "version");
    }
    if (!isHelloSigned(suite, hello, session.channel.handshakeHash!)) {
      this.#context.mark("relay.hello.unauthorized");
      this.#connections.refuse(session, ErrorCode.Unauthorized, subjectOf(hello));
      return this.#connections.drop(session, "unauthorized");
    }
    if (hello.epoch === null) this.#context.mark("relay.hello.first");
    const group = groupIdOf(suite, hello.groupKey);
    const device = session.channel.remoteStatic!.slice();
    const groupHex = encodeHex(group);
    const deviceHex = encodeHex(device);
    session.membership = { group, groupHex, device, deviceHex, rateKey: `${groupHex}/${deviceHex}` };
    session.phase = "joining";
    const freshEpoch = new Uint8Array(EPOCH_BYTES);
    entropy.fill("epoch", freshEpoch);
    const claim = { epoch: hello.epoch, contiguous: hello.contiguous, highest: hello.highest };
    const { groupsMax, devicesPerGroupMax: devicesMax } = this.#config;
    const id = this.#job(session, "admit");
    this.#ask({ id, type: "admit", group, device, claim, freshEpoch, groupsMax, devicesMax });
  }

  #claim(session: Session, message: InviteClaim, now: Now): void {
    const waitMs = this.#admission.claimWaitMs(session.address, now.monoMs);
    if (waitMs > 0) {
      this.#context.mark("relay.claim-limited");
      this.#connections.refuse(session, ErrorCode.RateLimited, subjectOf(message), waitMs);
      if (session.phase !== "live") this.#connections.drop(session, "claiming-too-often");
      return;
    }
    if (this.isStopping) {
      return this.#connections.refuse(session, ErrorCode.RelayShuttingDown, subjectOf(message), BUSY_RETRY_MS);
    }
    const lookup = message.lookup.slice();
    this.#ask({ id: this.#job(session, "InviteClaim", lookup), type: "claim-invite", lookup });
  }

  #push(session: Session, push: Push): void {
    const { blobId } = push;
    if (push.payload.length > this.#config.payloadBytesMax) {
      this.#context.mark("relay.push.too-large");
      return this.#connections.refuse(session, ErrorCode.BlobTooLarge, subjectOf(push));
    }
    const payloadHash = this.#context.suite.hash(push.payload);
    session.batch.push({ blobId, payload: push.payload, payloadHash, ttlS: push.ttlS });
  }

  #pull(session: Session, pull: Pull): void {
    // A page may be a megabyte: one at a time for each session.
    if (session.isPaging) return this.#busy(session, pull);
    session.isPaging = true;
    // What was pushed before this Pull in the same piece comes before it in the store, too, unless it has to wait.
    this.flushBatch(session);
    const limit = Math.max(1, Math.min(pull.limit, this.#config.pullLimitMax));
    const { group } = session.membership!;
    const { after, bytesMax } = pull;
    this.#ask({ id: this.#job(session, "page"), type: "page", group, after, limit, bytesMax });
  }

  #acknowledge(session: Session, claimed: number): void {
    const cursor = Math.min(claimed, session.servedMax);
    if (cursor < claimed) this.#context.mark("relay.ack.clamped");
    if (cursor <= session.acknowledged) return;
    session.acknowledged = cursor;
    const { group, device } = session.membership!;
    this.#ask({ id: this.#job(session, "acknowledge"), type: "acknowledge", group, device, cursor });
  }

  #ask(operation: RelayOperation): void {
    this.#outputs.push({ type: "store", operation });
  }

  #job(session: Session, what: SessionJob["for"], subject = EMPTY, ttlS = 0): number {
    const { connection, membership } = session;
    return this.#jobs.add({ for: what, connection, groupHex: membership?.groupHex ?? "", subject, ttlS });
  }
}

type Request = Extract<Message, { type: "Push" | "Pull" | RequestName }>;

/** Who says it waits for an answer. */
function isRequest(message: Message): message is Request {
  switch (message.type) {
    case "Push":
    case "Pull":
    case "InvitePut":
    case "InviteClaim":
    case "InviteCancel":
    case "Delete":
    case "ListDevices":
    case "RevokeDevice":
      return true;
    default:
      return false;
  }
}

function subjectOf(message: Message): ErrorSubject {
  const isAboutBlob = message.type === "Push" || message.type === "Delete";
  return { message: message.type, blobId: isAboutBlob ? message.blobId : null };
}
