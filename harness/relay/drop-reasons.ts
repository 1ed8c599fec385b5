/** Why connections are dropped: words that the log may say. Complete by type. */
import type { DropWhy } from "../../core/relay/events.ts";

const DROPS: Readonly<Record<DropWhy, true>> = {
  "too-many-sessions": true,
  "too-many-from-address": true,
  "connecting-too-often": true,
  "claiming-too-often": true,
  "not-ready": true,
  "handshake-failed": true,
  "handshake-timeout": true,
  idle: true,
  "invalid-message": true,
  unauthorized: true,
  version: true,
  replaced: true,
  revoked: true,
  epoch: true,
  "store-failed": true,
  overloaded: true,
};

export const DROP_REASONS: readonly string[] = Object.keys(DROPS);
