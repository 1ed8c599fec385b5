/**
 * Rows of a log as a store reads them again, with what rotted beside their payload found. The chain ties a row's cursor,
 * blob id and payload hash to the row before; where they do not fit, the next row shows which of the two rotted: the
 * chain that the row keeps, which is then computed anew, or what it says of its blob, which is then gone. Served as it
 * is, either would be refused by every device, for ever.
 */
import { isEqualBytes } from "../bytes.ts";
import type { Chain } from "../ids.ts";
import type { KnownBlob } from "./append.ts";
import type { ChainHasher } from "./chain.ts";
import type { LogHead, LogRow } from "./row.ts";

export interface ReadFrom {
  /** The chain before the first row, as it is kept. */
  readonly chain: Chain;
  /** The same, computed from what lies before; asked when the first row does not fit to the one that is kept. */
  readonly chainAnew: () => Chain | undefined;
}

/** `rows` are ascending, without a hole. As many are read as are taken, and one more behind a row that does not fit. */
export function* readRows(
  hasher: ChainHasher,
  head: LogHead,
  rows: Iterable<LogRow>,
  from: ReadFrom,
): Generator<LogRow> {
  const reader = rows[Symbol.iterator]();
  const read = (): LogRow | undefined => reader.next().value as LogRow | undefined;
  try {
    let ahead = read();
    let before = ahead === undefined ? from.chain : chainBefore(hasher, ahead, from);
    for (let row = ahead; row !== undefined; row = ahead ?? read()) {
      ahead = undefined;
      const chain = hasher.ofRow(before, row);
      if (isEqualBytes(chain, row.chain)) {
        before = row.chain;
        yield row;
        continue;
      }
      ahead = read();
      // No more is read here, but the log goes on: the next page begins at this row, and looks further.
      if (ahead === undefined && row.cursor !== head.max.cursor) return;
      const isRight = ahead === undefined ? isEqualBytes(chain, head.max.chain) : fits(hasher, chain, ahead);
      const kept = row.cursor === head.max.cursor ? head.max.chain : row.chain;
      before = isRight ? chain : kept;
      yield isRight ? { ...row, chain } : { ...row, chain: kept, payload: null, gone: row.gone ?? "rotted" };
    }
  } finally {
    reader.return?.();
  }
}

/**
 * What a repeated push is answered from, of a row that may have rotted. `chainAt` answers for every cursor as these rows
 * do, and not at all where a row is missing.
 */
export function readKnown(
  hasher: ChainHasher,
  row: Pick<LogRow, "cursor" | "chain" | "blobId" | "payloadHash">,
  chainAt: (cursor: number) => Chain | undefined,
): KnownBlob {
  const { cursor } = row;
  const chain = chainAt(cursor) ?? row.chain;
  const before = chainAt(cursor - 1);
  const isRotten = before !== undefined && !isEqualBytes(hasher.ofRow(before, row), chain);
  return { cursor, chain, payloadHash: isRotten ? null : row.payloadHash };
}

function chainBefore(hasher: ChainHasher, first: LogRow, { chain, chainAnew }: ReadFrom): Chain {
  if (fits(hasher, chain, first)) return chain;
  const anew = chainAnew();
  return anew !== undefined && fits(hasher, anew, first) ? anew : chain;
}

function fits(hasher: ChainHasher, before: Chain, row: LogRow): boolean {
  return isEqualBytes(hasher.ofRow(before, row), row.chain);
}
