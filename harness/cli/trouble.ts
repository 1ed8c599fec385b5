/** What goes wrong while a command runs and ends nothing: told on stderr, and kept for `--json`. */
import { describeEnd } from "../client/refusal.ts";
import type { SyncClient } from "../client/sync-client.ts";
import { shortRelay } from "../client/sync-error.ts";
import { type ClientCall, note } from "./client-call.ts";

const ACCUSATIONS = {
  "rolled-back": "no longer has what it had acknowledged, and does not say so",
  forked: "shows another history than before",
  replayed: "showed one blob twice",
  cloned: "brought two different blobs with one number: two devices act as one",
} as const;

/** The list grows while the client is open. */
export function noteTrouble(client: SyncClient, call: ClientCall): readonly string[] {
  const trouble: string[] = [];
  const tell = (sentence: string): void => {
    trouble.push(sentence);
    note(call, `${call.paint.yellow("!")} ${sentence}`);
  };
  client.on("quarantined", ({ relay, cursor, why }) =>
    tell(`Cursor ${cursor} of ${shortRelay(relay)} could not be opened (${why}): it is kept in quarantine.`),
  );
  client.on("lost-history", ({ relay, from, to, why }) => {
    const cursors = from === to ? `Cursor ${from}` : `Cursors ${from} to ${to}`;
    tell(`${cursors} of ${shortRelay(relay)} went before this device had asked (${why}).`);
  });
  client.on("epoch-changed", ({ relay }) =>
    tell(`${shortRelay(relay)} lost or rolled back data: what it no longer has is sent to it again.`),
  );
  client.on("accused", ({ relay, what, cursor, sender }) =>
    tell(
      `${shortRelay(relay)} ${ACCUSATIONS[what]} (cursor ${cursor}${sender === null ? "" : `, sender ${sender.slice(0, 8)}`}).`,
    ),
  );
  client.on("refused", ({ blobId, why, isFinal }) =>
    tell(`Push ${blobId.slice(0, 8)} was refused: ${why}${isFinal ? "." : "; it is tried again."}`),
  );
  client.on("expired", ({ blobId }) => tell(`Push ${blobId.slice(0, 8)} was given up: its time to live is over.`));
  client.on("storage-failed", (error) => tell(error.message));
  return trouble;
}

/** For whoever watches: when the connection goes and comes. */
export function noteConnections(client: SyncClient, call: ClientCall): void {
  let isLost = false;
  client.on("connected", ({ relay }) => {
    if (isLost) note(call, `Connected again, to ${shortRelay(relay)}.`);
    isLost = false;
  });
  client.on("disconnected", ({ why, retryInMs }) => {
    if (isLost || client.isConnected || retryInMs === null) return;
    isLost = true;
    note(call, `The connection is lost (${describeEnd(why)}); trying again until one answers.`);
  });
}
