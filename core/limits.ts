/**
 * Every bound of the protocol, with its unit in its name, and the relations between them, asserted when the module is
 * loaded. What an operator may change is in `RelayConfig` and `ClientConfig`; what is here is fixed by the protocol.
 */
import { assertInvariant } from "./invariant.ts";

/** One frame: its MessagePack body, without the four bytes of length before it. */
export const FRAME_BYTES_MAX = 1024 * 1024;
/** What a stranger may send before it is welcome: a Hello is below 400 bytes. */
export const HELLO_BYTES_MAX = 1024;
/** One Noise message, by the u16 length before it. */
export const NOISE_MESSAGE_BYTES_MAX = 65_535;
/** What one Noise message carries. */
export const NOISE_PLAINTEXT_BYTES_MAX = NOISE_MESSAGE_BYTES_MAX - 16;
/** All that a page adds to the payload of its only blob, gone ranges included. */
export const PAGE_OVERHEAD_BYTES_MAX = 16 * 1024;
/** The sealed payload of one blob: what is accepted always fits into a page. */
export const PAYLOAD_BYTES_MAX = FRAME_BYTES_MAX - PAGE_OVERHEAD_BYTES_MAX;
/** The smallest plaintext after padding. */
export const PADDED_BYTES_MIN = 256;

export const PAGE_BLOBS_MAX = 1000;
export const PAGE_GONE_RANGES_MAX = 128;
/** Longest text on the wire (reasons). */
export const TEXT_BYTES_MAX = 256;
/** Versions that one Hello may offer. */
export const HELLO_VERSIONS_MAX = 16;
/** Deepest array inside an array of a message. */
export const WIRE_DEPTH_MAX = 3;
export const CURSOR_MAX = Number.MAX_SAFE_INTEGER;
/** A ttl is in whole seconds, at most a year. */
export const TTL_S_MAX = 365 * 24 * 3600;
/** Who takes in a frame that is long under way says a Ping this often: the sender cannot see what arrives. */
export const PROGRESS_MS = 2000;
/** All that a relay sets aside for frames that came in part, of members and strangers together. */
export const HALF_FRAMES_BYTES_MAX = 256 * 1024 * 1024;
/** Sequence numbers given up that one blob can tell of. */
export const GIVEN_UP_MAX = 64;

/** What an invite waits under. */
export const INVITE_LOOKUP_BYTES = 16;
/** A sealed invite: some relay addresses, secret, salt and parameters. */
export const INVITE_BYTES_MAX = 4096;
/** An invite waits for ten minutes at most. */
export const INVITE_TTL_S_MAX = 600;
/** Devices of one group, revoked ones counted too: the list of them is one message. */
export const GROUP_DEVICES_MAX = 1000;

assertInvariant(PAYLOAD_BYTES_MAX + PAGE_OVERHEAD_BYTES_MAX <= FRAME_BYTES_MAX, "an accepted blob fits into a page");
assertInvariant(PAGE_GONE_RANGES_MAX * 64 + 1024 <= PAGE_OVERHEAD_BYTES_MAX, "gone ranges fit beside one blob");
assertInvariant(HALF_FRAMES_BYTES_MAX >= 16 * FRAME_BYTES_MAX, "some large frames may come at once");
assertInvariant(PADDED_BYTES_MIN < PAYLOAD_BYTES_MAX, "padding fits");

/** Values in one message, arrays counted too: twice what the fullest page needs, for the fields of later minors. */
export const WIRE_ELEMENTS_MAX = 16_384;

assertInvariant(2 * (PAGE_BLOBS_MAX * 6 + PAGE_GONE_RANGES_MAX * 5 + 16) <= WIRE_ELEMENTS_MAX, "a full page may grow");
assertInvariant(2 * (GROUP_DEVICES_MAX * 6 + 2) <= WIRE_ELEMENTS_MAX, "a full list of devices may grow");
assertInvariant(GROUP_DEVICES_MAX * 64 + 1024 <= FRAME_BYTES_MAX, "a full list of devices fits into a frame");
assertInvariant(INVITE_BYTES_MAX + 64 <= FRAME_BYTES_MAX, "an invite fits into a frame");
assertInvariant(INVITE_LOOKUP_BYTES + 16 <= HELLO_BYTES_MAX, "a stranger may claim an invite");
