/**
 * What an application asks of a relay beside pushing and pulling: one request is under way at a time, in order, and
 * each ends with an answer that fits, a refusal, or the end of the session. Nothing is kept beyond it. Called by the
 * link to that relay.
 */
import { isEqualBytes } from "../bytes.ts";
import type {
  Deleted,
  Delete,
  DeviceRevoked,
  Devices,
  InviteCancel,
  InviteCancelled,
  InviteKept,
  InvitePut,
  ListDevices,
  RevokeDevice,
} from "../wire/messages.ts";
import type { RequestCommand } from "./events.ts";

export type RequestMessage = Delete | ListDevices | RevokeDevice | InvitePut | InviteCancel;
export type RequestAnswer = Deleted | Devices | DeviceRevoked | InviteKept | InviteCancelled;

interface Request {
  readonly ref: number;
  readonly message: RequestMessage;
}

export class Requests {
  readonly #waiting: Request[] = [];
  #sentMs: number | undefined;

  get size(): number {
    return this.#waiting.length;
  }

  /** `monoMs` of the one that waits for its answer. */
  get sentMs(): number | undefined {
    return this.#sentMs;
  }

  add(command: RequestCommand): void {
    this.#waiting.push({ ref: command.ref, message: messageOf(command) });
  }

  /** The next one to be sent, when none is under way; it counts as sent. */
  send(nowMs: number): RequestMessage | undefined {
    const next = this.#waiting[0];
    if (next === undefined || this.#sentMs !== undefined) return undefined;
    this.#sentMs = nowMs;
    return next.message;
  }

  /** The `ref` of the request that this answers; undefined when nobody asked for it. */
  answered(answer: RequestAnswer): number | undefined {
    const asked = this.#underWay();
    return asked !== undefined && isAnswer(asked.message, answer) ? this.#end() : undefined;
  }

  /** An Error that names this kind of message as its subject. */
  refused(message: string | null): number | undefined {
    const asked = this.#underWay();
    return asked !== undefined && asked.message.type === message ? this.#end() : undefined;
  }

  /** The session is over: none of them will be answered. */
  lost(): number[] {
    this.#sentMs = undefined;
    return this.#waiting.splice(0).map(({ ref }) => ref);
  }

  #underWay(): Request | undefined {
    return this.#sentMs === undefined ? undefined : this.#waiting[0];
  }

  #end(): number {
    this.#sentMs = undefined;
    return this.#waiting.shift()!.ref;
  }
}

function messageOf(command: RequestCommand): RequestMessage {
  switch (command.type) {
    case "delete":
      return { type: "Delete", blobId: command.blobId };
    case "list-devices":
      return { type: "ListDevices" };
    case "revoke":
      return { type: "RevokeDevice", device: command.device, reason: command.reason };
    case "put-invite":
      return { type: "InvitePut", lookup: command.lookup, sealed: command.sealed, ttlS: command.ttlS };
    case "cancel-invite":
      return { type: "InviteCancel", lookup: command.lookup };
  }
}

function isAnswer(asked: RequestMessage, answer: RequestAnswer): boolean {
  switch (asked.type) {
    case "Delete":
      return answer.type === "Deleted" && isEqualBytes(answer.blobId, asked.blobId);
    case "ListDevices":
      return answer.type === "Devices";
    case "RevokeDevice":
      return answer.type === "DeviceRevoked" && isEqualBytes(answer.device, asked.device);
    case "InvitePut":
      return answer.type === "InviteKept" && isEqualBytes(answer.lookup, asked.lookup);
    case "InviteCancel":
      return answer.type === "InviteCancelled" && isEqualBytes(answer.lookup, asked.lookup);
  }
}
