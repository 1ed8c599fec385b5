/**
 * Toxics: what can be wrong with one directed stream of a link. The vocabulary is Toxiproxy's plus ours.
 *
 * Shapers work when something is sent; what is already in flight keeps its arrival time. Gates work when something
 * arrives at the end of the stream, so they also strike what is in flight. On one stream they apply in the order in
 * which they were added. "Something" is a chunk of bytes or an opening, closing or reset segment.
 *
 * - `latency` (shaper): adds latency and a chosen part of the jitter to everything sent. In flight: unchanged. After
 *   removal, later chunks still wait for earlier, slower ones: a stream keeps its order.
 * - `bandwidth` (shaper): each connection sends at this rate, in pieces of at most 100 ms. In flight: unchanged; what still
 *   waits to be sent goes at the rate of the moment: slower when another toxic comes, at once when the last one goes.
 * - `slicer` (shaper): cuts each chunk into at most 256 pieces of about that size, `delayMs` between two of them.
 *   In flight: unchanged, also after removal.
 * - `loss` (shaper): per 1,460-byte segment; a lost one is sent again after 200 ms, doubling to 3.2 s for each further
 *   loss in a row. The losses of one chunk are repaired side by side: it waits for the slowest segment. In flight:
 *   unchanged.
 * - `slow_close` (shaper): the closing segment sets off `delayMs` later. Data in flight: unchanged.
 * - `blocked` (gate): whatever arrives is held, opening and closing segments too; at removal it arrives, in order,
 *   after a chosen 0 … 1,000 ms. Lost only if the receiving side closes meanwhile or the sending host loses power.
 * - `timeout` (gate): bytes that arrive are dropped, in flight too. With `timeoutMs` > 0 the connection breaks when
 *   nothing was dropped for so long since the toxic or the connection began. At removal every connection of the link
 *   breaks: what was dropped would be missing in the stream.
 * - `reset_peer` (gate): the first bytes that arrive, in flight too, and all after them are dropped; `timeoutMs` later
 *   the connection breaks, even if the toxic was removed meanwhile.
 * - `limit_data` (gate): per connection; the bytes up to the limit arrive, in flight too, then the connection breaks.
 *   Counts what arrives from when the toxic was added.
 * - `tamper` (gate): of each connection one message is touched, the first after `skip` others since the toxic or the
 *   connection began, in flight too: a chosen bit of its body *flipped*; its end cut off, with a length that fits
 *   (*truncate*); sent twice (*duplicate*); sent after the next one (*reorder*); followed by the first that the toxic saw
 *   on this stream, perhaps of an earlier connection (*replay*); preceded by one made up (*inject*). Needs the network's
 *   `framing`. While it is there messages arrive whole; what it holds at removal, or at the end of the stream, arrives.
 * - `down` (the link): every connection of the link breaks at once and dials are refused, on either stream.
 *
 * A connection that *breaks* is gone for both sides at the same moment, each is told `closed` (a dialler that is not
 * through yet: `refused`), and whatever is in flight in either direction is lost.
 */
export type ToxicSpec =
  | { readonly type: "latency"; readonly latencyMs: number; readonly jitterMs: number }
  | { readonly type: "bandwidth"; readonly bytesPerS: number }
  | { readonly type: "slow_close"; readonly delayMs: number }
  /** 0 = never. */
  | { readonly type: "timeout"; readonly timeoutMs: number }
  | { readonly type: "reset_peer"; readonly timeoutMs: number }
  | { readonly type: "slicer"; readonly averageBytes: number; readonly delayMs: number }
  | { readonly type: "limit_data"; readonly bytes: number }
  | { readonly type: "down" }
  /** `burst`: mean length of a run of losses (Gilbert–Elliott); 1 = each segment for itself. Whole numbers. */
  | { readonly type: "loss"; readonly permille: number; readonly burst: number }
  | { readonly type: "blocked" }
  /** A malicious middle, at the first message of each connection after `skip` others. */
  | { readonly type: "tamper"; readonly how: TamperHow; readonly skip: number };

const TAMPER_HOWS = ["flip", "truncate", "duplicate", "reorder", "replay", "inject"] as const;
export type TamperHow = (typeof TAMPER_HOWS)[number];

export interface Toxic {
  readonly spec: ToxicSpec;
  /** How many chunks, dials or connections it has touched. 0 at the end of a run: the fault was idle. */
  readonly effect: number;
}

/** Whether a stream's `add` takes it; it throws for the others. */
export function isSupported(spec: ToxicSpec): boolean {
  switch (spec.type) {
    case "tamper":
      return Number.isInteger(spec.skip) && spec.skip >= 0;
    case "loss":
      return spec.permille > 0 && spec.permille < 1000 && Number.isInteger(spec.burst) && spec.burst >= 1;
    case "bandwidth":
      return spec.bytesPerS >= 1;
    case "slicer":
      return spec.averageBytes >= 1;
    default:
      return true;
  }
}

/** The toxic as three whole numbers, for the trace. */
export function toxicWords(spec: ToxicSpec): readonly [kind: number, first: number, second: number] {
  switch (spec.type) {
    case "latency":
      return [0, spec.latencyMs, spec.jitterMs];
    case "bandwidth":
      return [1, spec.bytesPerS, 0];
    case "slow_close":
      return [2, spec.delayMs, 0];
    case "timeout":
      return [3, spec.timeoutMs, 0];
    case "reset_peer":
      return [4, spec.timeoutMs, 0];
    case "slicer":
      return [5, spec.averageBytes, spec.delayMs];
    case "limit_data":
      return [6, spec.bytes, 0];
    case "down":
      return [7, 0, 0];
    case "loss":
      return [8, spec.permille, spec.burst];
    case "blocked":
      return [9, 0, 0];
    case "tamper":
      return [10, TAMPER_HOWS.indexOf(spec.how), spec.skip];
  }
}
