/** What the checkers say about a history. */
import type { HistoryRecord } from "./history.ts";

export interface Finding {
  /** The checker that made it. */
  readonly checker: string;
  /** A short kebab-case name of what went wrong, the same for the same kind of thing ("acked-blob-missing"). */
  readonly kind: string;
  /** One sentence: which blob, which device, what was expected. */
  readonly message: string;
  /** The few records that prove it. */
  readonly witness: readonly HistoryRecord[];
}

export interface Verdict {
  readonly verdict: "valid" | "invalid" | "unknown";
  /** The trouble never came: valid, but counted apart. */
  readonly idle: boolean;
  readonly findings: readonly Finding[];
  /** Why it is unknown. */
  readonly unknowns: readonly string[];
}
