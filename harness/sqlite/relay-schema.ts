/**
 * The tables of a relay. Groups are named by a small number in the others: a third of the bytes in every index. A row
 * of the log is held while `gone` is null, and exactly then it has a payload. A group's max_cursor, max_chain and held_bytes
 * may be those of a lower cursor: the rows above it are all held, and complete them.
 */
import type { Schema } from "./database.ts";

const VERSION_1 = `
CREATE TABLE groups (
  key INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE,
  epoch BLOB NOT NULL,
  max_cursor INTEGER NOT NULL,
  max_chain BLOB NOT NULL,
  trimmed_cursor INTEGER NOT NULL,
  trimmed_chain BLOB NOT NULL,
  floor INTEGER NOT NULL,
  held_bytes INTEGER NOT NULL,
  -- When the row behind trimmed_cursor expires; null when there is none. Finds the groups that have rows to forget.
  oldest_expires_at_ms INTEGER
) STRICT;
CREATE INDEX groups_by_oldest ON groups (oldest_expires_at_ms) WHERE oldest_expires_at_ms IS NOT NULL;

CREATE TABLE rows (
  key INTEGER PRIMARY KEY,
  group_key INTEGER NOT NULL,
  cursor INTEGER NOT NULL,
  chain BLOB NOT NULL,
  blob_id BLOB NOT NULL,
  payload_hash BLOB NOT NULL,
  sender BLOB NOT NULL,
  timestamp_ms INTEGER NOT NULL,
  expires_at_ms INTEGER NOT NULL,
  size_bytes INTEGER NOT NULL,
  gone TEXT,
  payload BLOB,
  CHECK ((gone IS NULL) = (payload IS NOT NULL))
) STRICT;
CREATE UNIQUE INDEX rows_by_cursor ON rows (group_key, cursor);
CREATE UNIQUE INDEX rows_by_blob ON rows (group_key, blob_id);
CREATE INDEX rows_by_expiry ON rows (expires_at_ms, group_key, cursor) WHERE gone IS NULL;
CREATE INDEX rows_gone ON rows (group_key, cursor) WHERE gone IS NOT NULL;

CREATE TABLE devices (
  group_key INTEGER NOT NULL,
  device BLOB NOT NULL,
  acknowledged INTEGER NOT NULL,
  last_seen_ms INTEGER NOT NULL,
  revoked_at_ms INTEGER,
  revoked_by BLOB,
  revoke_reason TEXT,
  PRIMARY KEY (group_key, device)
) STRICT, WITHOUT ROWID;

CREATE TABLE invites (
  lookup BLOB PRIMARY KEY,
  group_id BLOB NOT NULL,
  device BLOB NOT NULL,
  sealed BLOB NOT NULL,
  expires_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX invites_by_expiry ON invites (expires_at_ms, group_id);
`;

export const RELAY_SCHEMA: Schema = {
  what: "the data of a zerok relay",
  applicationId: 0x306b_7201,
  versions: [VERSION_1],
};
