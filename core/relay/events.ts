/** What a relay is told to do, and what it tells whoever runs it. */

/** `shutdown`: stop accepting, finish what the store still owes, say Bye, then tell `stopped`. */
export type RelayCommand = { readonly type: "shutdown" };

export type RelayEvent =
  /** The relay knows its own key and takes part from here on. */
  | { readonly type: "ready"; readonly relayId: Uint8Array }
  | { readonly type: "stopped" }
  /** A connection was turned away or dropped, and why: for metrics and logs. */
  | { readonly type: "dropped"; readonly why: DropWhy };

export type DropWhy =
  | "too-many-sessions"
  | "too-many-from-address"
  | "connecting-too-often"
  | "claiming-too-often"
  | "not-ready"
  | "handshake-failed"
  | "handshake-timeout"
  | "idle"
  | "invalid-message"
  | "unauthorized"
  | "version"
  | "replaced"
  | "revoked"
  | "epoch"
  | "store-failed"
  | "overloaded";
