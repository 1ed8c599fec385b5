/** The tables of a device. Rows of the inbox are numbered 1, 2, 3 … without a hole: that number is what the application reads by. */
import type { Schema } from "./database.ts";

const VERSION_1 = `
CREATE TABLE device (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  identity BLOB,
  next_sequence INTEGER NOT NULL,
  previous BLOB NOT NULL
) STRICT;
INSERT INTO device VALUES (1, NULL, 1, zeroblob(32));

CREATE TABLE sent (
  sequence INTEGER PRIMARY KEY,
  blob_id BLOB NOT NULL,
  payload BLOB NOT NULL,
  payload_hash BLOB NOT NULL,
  ttl_s INTEGER NOT NULL,
  expires_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX sent_by_expiry ON sent (expires_at_ms);

CREATE TABLE acks (
  sequence INTEGER NOT NULL REFERENCES sent ON DELETE CASCADE,
  relay TEXT NOT NULL,
  epoch BLOB NOT NULL,
  PRIMARY KEY (sequence, relay, epoch)
) STRICT, WITHOUT ROWID;
CREATE INDEX acks_by_epoch ON acks (relay, epoch);

-- In the order of giving up.
CREATE TABLE given_up (place INTEGER PRIMARY KEY, sequence INTEGER NOT NULL) STRICT;

CREATE TABLE positions (
  relay TEXT PRIMARY KEY,
  epoch BLOB NOT NULL,
  contiguous_cursor INTEGER NOT NULL,
  contiguous_chain BLOB NOT NULL,
  highest_cursor INTEGER NOT NULL,
  highest_chain BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE inbox (
  place INTEGER PRIMARY KEY,
  relay TEXT NOT NULL,
  epoch BLOB NOT NULL,
  cursor INTEGER NOT NULL,
  blob_id BLOB NOT NULL UNIQUE,
  sender BLOB NOT NULL,
  sequence INTEGER NOT NULL,
  timestamp_ms INTEGER NOT NULL,
  body BLOB NOT NULL
) STRICT;

CREATE TABLE quarantine (
  place INTEGER PRIMARY KEY,
  relay TEXT NOT NULL,
  epoch BLOB NOT NULL,
  cursor INTEGER NOT NULL,
  blob_id BLOB NOT NULL UNIQUE,
  payload BLOB NOT NULL,
  why TEXT NOT NULL
) STRICT;

CREATE TABLE lost (
  place INTEGER PRIMARY KEY,
  relay TEXT NOT NULL,
  epoch BLOB NOT NULL,
  from_cursor INTEGER NOT NULL,
  to_cursor INTEGER NOT NULL,
  why TEXT NOT NULL
) STRICT;

-- The application's own: how far each of its readers has read.
CREATE TABLE marks (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
`;

export const DEVICE_SCHEMA: Schema = {
  what: "the data of a zerok device",
  applicationId: 0x306b_6401,
  versions: [VERSION_1],
};
