/** Codes of the Error message: upstream's plan for 1000–3001 (protocol document 2.3), ours in the hundreds between. */
export const ErrorCode = {
  InvalidMessage: 1000,
  UnknownGroup: 1001,
  Unauthorized: 1002,
  DeviceRevoked: 1003,
  NotBlobOwner: 1004,
  VersionUnsupported: 1100,
  BlobConflict: 1101,
  /** None such, or no more: expired, cancelled, claimed. All the same to whoever guesses. */
  UnknownInvite: 1102,
  UnknownDevice: 1103,
  UnknownBlob: 1104,
  RateLimited: 2000,
  BlobTooLarge: 2001,
  GroupQuotaExceeded: 2002,
  StorageFailed: 2100,
  /** All groups together hold as much as they may. */
  StorageFull: 2101,
  /** As many as may wait, or another device's waits there. */
  InviteRefused: 2200,
  RelayOverloaded: 3000,
  RelayShuttingDown: 3001,
} as const;

export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode];
