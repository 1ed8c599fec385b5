/** The sync protocol as sans-IO machines. `PROTOCOL.md` beside this file says what holds. */
export * from "./machine.ts";
export type { Context } from "./context.ts";
export { fail, ok, type Result } from "./result.ts";
export { InvariantViolation } from "./invariant.ts";
export { Redacted } from "./redacted.ts";
export * from "./ids.ts";
export * from "./limits.ts";
export { encodeHex, parseHex } from "./bytes.ts";
export type { CryptoSuite } from "./crypto/suite.ts";
export { portableSuite } from "./crypto/portable.ts";
export { suiteConformance, type ConformanceCase } from "./crypto/suite-conformance.ts";
export { deriveGroupKeys, groupIdOf, type GroupKeys } from "./keys.ts";
export { SecureChannel, type ChannelError, type ChannelOptions } from "./noise/channel.ts";
export { MessageCodec, type WireError } from "./wire/codec.ts";
export type * from "./wire/messages.ts";
export { WIRE_VERSION } from "./wire/messages.ts";
export { ErrorCode } from "./wire/error-code.ts";
export { BODY_BYTES_MAX, BlobKind, openBlob, sealBlob, type BlobContent, type BlobError } from "./blob/seal.ts";
export { Client, type ClientOptions, type Waiting } from "./client/client.ts";
export { DEFAULT_CLIENT_CONFIG, type ClientConfig } from "./client/config.ts";
export {
  InviteClaimer,
  type ClaimCommand,
  type ClaimEvent,
  type ClaimFailure,
  type InviteClaimerOptions,
} from "./client/invite-claimer.ts";
export type {
  ClientCommand,
  ClientEvent,
  DisconnectWhy,
  PushError,
  RequestCommand,
  RequestEvent,
} from "./client/events.ts";
export type * from "./client/store.ts";
export { decideTake, type InboxItem, type LostRange, type TakeDecision } from "./inbox/take.ts";
export { Relay } from "./relay/relay.ts";
export type { DropWhy, RelayCommand, RelayEvent } from "./relay/events.ts";
export { checkRelayConfig, DEFAULT_RELAY_CONFIG, type ConfigFault, type RelayConfig } from "./relay/config.ts";
export type * from "./relay/store.ts";
export { ChainHasher } from "./log/chain.ts";
export { createHead, type LogHead, type LogRow } from "./log/row.ts";
export { decideAdmit, type AdmitDecision, type Claim } from "./log/admit.ts";
export { decideAppend, type AppendAnswer, type AppendItem, type AppendRequest } from "./log/append.ts";
export { decidePage, type Page, type PageRequest } from "./log/page.ts";
export { decideSweep, type SweepDecision, type SweepRequest } from "./log/sweep.ts";
export {
  DEFAULT_PARAMETERS,
  createSalt,
  SHORT_CODE_PARAMETERS,
  UPSTREAM_TIERS,
  type Argon2Parameters,
} from "./pairing/argon2-parameters.ts";
export { encodeInvite, INVITE_TTL_S, parseInvite, type Invite } from "./pairing/invite.ts";
export { renderInviteError, type InviteError } from "./pairing/invite-error.ts";
export { encodeLegacyInvite, type LegacyInvite, type LegacyInviteOptions } from "./pairing/legacy-invite.ts";
export { openInvite, sealInvite, type SealedInviteError } from "./pairing/sealed-invite.ts";
export {
  argonPasswordOf,
  argonSaltOf,
  createShortCode,
  lookupKeyOf,
  parseShortCode,
  renderShortCode,
  type ShortCode,
  type ShortCodeError,
} from "./pairing/short-code.ts";
export { parseGroupFile, renderGroupFile, type GroupFile } from "./pairing/group-file.ts";
export { parseDeviceFile, renderDeviceFile, type DeviceFile } from "./pairing/device-file.ts";
export { renderFileError, type FileError } from "./pairing/json-file.ts";
export type * from "./wire/v1/messages.ts";
export { encodeEnvelopeV1, encodeMessageV1 } from "./wire/v1/encode-message.ts";
export { parseEnvelopeV1, parseMessageV1, type StructureV1, type WireErrorV1 } from "./wire/v1/parse-message.ts";
export { encodeFrameV1, FrameReaderV1, type FrameErrorV1 } from "./wire/v1/frame.ts";
export {
  encodeBlobIdText,
  encodeIdText,
  groupIdV1Of,
  parseBlobIdText,
  parseIdText,
  shortIdText,
} from "./wire/v1/ids.ts";
export { deriveContentKeyV1, deriveGroupKeysV1, type GroupKeysV1 } from "./wire/v1/keys.ts";
export { parsePassphraseV1, type PassphraseErrorV1 } from "./wire/v1/passphrase.ts";
export { openPayloadV1, sealPayloadV1, type PayloadErrorV1 } from "./wire/v1/payload.ts";
export { openContentV1, sealContentV1, type ContentErrorV1, type SealedContentV1 } from "./wire/v1/content.ts";
export { encodeShortCodeV1, parseShortCodeV1 } from "./wire/v1/short-code.ts";
