/**
 * Whether a page may be believed: it answers what was asked, every cursor in (after, through] is a blob or gone, and
 * the chain fits from the position that this device holds to the one that the page claims (invariant 5). A page that
 * fails is refused whole and moves nothing.
 */
import { isEqualBytes } from "../bytes.ts";
import type { Position } from "../ids.ts";
import type { ChainHasher } from "../log/chain.ts";
import { fail, ok, type Result } from "../result.ts";
import type { PullResponse } from "../wire/messages.ts";

export type PageError =
  | { readonly type: "WrongAfter"; readonly after: number }
  | { readonly type: "Hole"; readonly cursor: number }
  | { readonly type: "WrongChain"; readonly cursor: number }
  /** It says that more remains and brings nothing, or the reverse. */
  | { readonly type: "WrongMore" };

/** The position at the end of the page; `hashes` are those of its payloads, in order. */
export function checkPage(
  hasher: ChainHasher,
  from: Position,
  page: PullResponse,
  hashes: readonly Uint8Array[],
): Result<Position, PageError> {
  if (page.after !== from.cursor) return fail({ type: "WrongAfter", after: page.after });
  if (page.hasMore !== page.through < page.max) return fail({ type: "WrongMore" });
  if (page.hasMore && page.through === page.after) return fail({ type: "WrongMore" });
  let { cursor, chain } = from;
  let nextBlob = 0;
  let nextGone = 0;
  while (cursor < page.through) {
    const blob = page.blobs[nextBlob];
    const range = page.gone[nextGone];
    if (blob !== undefined && blob.cursor === cursor + 1) {
      cursor = blob.cursor;
      chain = hasher.next(chain, cursor, blob.blobId, hashes[nextBlob]!);
      nextBlob += 1;
    } else if (range !== undefined && range.from === cursor + 1) {
      cursor = range.to;
      chain = range.chain.slice();
      nextGone += 1;
    } else {
      return fail({ type: "Hole", cursor: cursor + 1 });
    }
  }
  if (!isEqualBytes(chain, page.chain)) return fail({ type: "WrongChain", cursor });
  return ok({ cursor, chain });
}
