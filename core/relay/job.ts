/** What an answer of the store is for. The group outlives the session: others hear of a blob whose pusher has gone. */
import type { ConnectionId } from "../machine.ts";

export type Job = { readonly for: "load" | "sweep" } | SessionJob;

export interface SessionJob {
  readonly for: "admit" | "append" | "page" | "acknowledge" | RequestName;
  readonly connection: ConnectionId;
  /** Empty when a stranger claims an invite. */
  readonly groupHex: string;
  /** The invite or blob that it is about; empty otherwise. */
  readonly subject: Uint8Array;
  /** Of an invite to keep; 0 otherwise. */
  readonly ttlS: number;
}

/** Requests with one answer each, named as their messages are. */
export type RequestName = "InvitePut" | "InviteClaim" | "InviteCancel" | "ListDevices" | "RevokeDevice" | "Delete";
