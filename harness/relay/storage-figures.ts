/** How much a relay holds: asked of the database itself, so that the answer also says whether it answers. */
import type { Database } from "../sqlite/database.ts";

export interface StorageFigures {
  readonly blobs: number;
  readonly bytes: number;
  /** Groups that hold blobs. */
  readonly groups: number;
}

/** Counting a million blobs takes tens of milliseconds of everybody's time, so they are counted this often at most. */
const KEPT_MS = 5000;

/** Asks now; throws what the database throws. Who looks often gets the figures of a moment ago, from a database that answers. */
export function createStorageFigures(database: Database, nowMs: () => number): () => StorageFigures {
  const blobs = database.prepare<[], { n: number }>("SELECT count(*) AS n FROM rows WHERE gone IS NULL");
  // What a group's head does not know yet, its newest rows say.
  const held = database.prepare<[], { n: number; bytes: number }>(
    `SELECT count(*) AS n, total(bytes) AS bytes FROM (
       SELECT held_bytes + (SELECT coalesce(sum(size_bytes), 0) FROM rows
         WHERE group_key = groups.key AND cursor > max_cursor) AS bytes FROM groups
     ) WHERE bytes > 0`,
  );
  const alive = database.prepare<[], unknown>("SELECT key FROM groups LIMIT 1");
  let kept: { readonly figures: StorageFigures; readonly atMs: number } | undefined;
  return () => {
    if (kept !== undefined && nowMs() - kept.atMs < KEPT_MS) {
      alive.all();
      return kept.figures;
    }
    const { n, bytes } = held.get()!;
    const figures = { blobs: blobs.get()!.n, bytes, groups: n };
    kept = { figures, atMs: nowMs() };
    return figures;
  };
}
