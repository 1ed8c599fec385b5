/**
 * What `import … from "zerok-sync"` gives: a device of a group, for an application on Node. `client/LIBRARY.md` shows
 * how it is used.
 */
export { encodeItem, type Item, parseItem } from "./client/item.ts";
export { joinInvite, type JoinedInvite, type InviteTexts } from "./client/invite.ts";
export { SyncClient } from "./client/sync-client.ts";
export {
  AllRelaysFailedError,
  BrokenClientError,
  ClosedError,
  ExpiredError,
  FolderInUseError,
  InvalidInviteError,
  InvalidOptionsError,
  NotConnectedError,
  RefusedError,
  type RelayFailure,
  RevokedError,
  StorageError,
  SyncError,
  type SyncErrorCode,
  TimeoutError,
  QueueFullError,
  TooLargeError,
} from "./client/sync-error.ts";
export type { Acked, Connected, InboxEntry, SyncEventMap } from "./client/sync-events.ts";
export type {
  CreatedInvite,
  GroupDevice,
  Patience,
  Pushed,
  RelayStatus,
  SyncClientOptions,
  SyncStatus,
} from "./client/sync-types.ts";
