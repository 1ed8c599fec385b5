/**
 * All kinds of toxics: their attributes with bounds and defaults, and the stage that each makes. The first eight are
 * Toxiproxy's, by its names and units, then come ours. `noop` does nothing, as there.
 */
import type { Attributes, Stage, StageContext } from "./stage.ts";
import { BandwidthStage } from "./stages/bandwidth.ts";
import { BlockedStage } from "./stages/blocked.ts";
import { CutStage } from "./stages/cut.ts";
import { LatencyStage } from "./stages/latency.ts";
import { LimitDataStage } from "./stages/limit-data.ts";
import { LossStage } from "./stages/loss.ts";
import { ResetPeerStage } from "./stages/reset-peer.ts";
import { SlicerStage } from "./stages/slicer.ts";
import { SlowCloseStage } from "./stages/slow-close.ts";
import { TAMPER_WAYS, TamperStage } from "./stages/tamper.ts";
import { TimeoutStage } from "./stages/timeout.ts";

export type AttributeRule =
  | { readonly min: number; readonly max: number; readonly otherwise: number }
  | { readonly oneOf: readonly string[]; readonly otherwise: string };

export interface ToxicType {
  readonly attributes: { readonly [name: string]: AttributeRule };
  /** What of these values cannot be together, in words. */
  readonly objection?: (attributes: Attributes) => string | undefined;
  /** Where in a stream: those that read messages first, in the order of adding the others, the gate of a partition last. */
  readonly place: "front" | "middle" | "back";
  /** `undefined`: it leaves the stream alone. */
  readonly createStage?: (context: StageContext) => Stage;
}

/** About 24 days: the longest that a timer of the host can wait. */
const MS: AttributeRule = { min: 0, max: 2 ** 31 - 1, otherwise: 0 };
const COUNT: AttributeRule = { min: 0, max: Number.MAX_SAFE_INTEGER, otherwise: 0 };

export const TOXIC_TYPES: ReadonlyMap<string, ToxicType> = new Map<string, ToxicType>([
  [
    "latency",
    { attributes: { latency: MS, jitter: MS }, place: "middle", createStage: (context) => new LatencyStage(context) },
  ],
  [
    "bandwidth",
    { attributes: { rate: COUNT }, place: "middle", createStage: (context) => new BandwidthStage(context) },
  ],
  ["slow_close", { attributes: { delay: MS }, place: "middle", createStage: (context) => new SlowCloseStage(context) }],
  ["timeout", { attributes: { timeout: MS }, place: "middle", createStage: (context) => new TimeoutStage(context) }],
  [
    "reset_peer",
    { attributes: { timeout: MS }, place: "middle", createStage: (context) => new ResetPeerStage(context) },
  ],
  [
    "slicer",
    {
      attributes: {
        average_size: { min: 1, max: 2 ** 31 - 1, otherwise: 0 },
        size_variation: { min: 0, max: 2 ** 31 - 1, otherwise: 0 },
        delay: { min: 0, max: 2 ** 31 - 1, otherwise: 0 },
      },
      objection: ({ average_size: average, size_variation: variation }) =>
        Number(variation) < Number(average) ? undefined : "size_variation must be less than average_size",
      place: "middle",
      createStage: (context) => new SlicerStage(context),
    },
  ],
  [
    "limit_data",
    { attributes: { bytes: COUNT }, place: "middle", createStage: (context) => new LimitDataStage(context) },
  ],
  ["noop", { attributes: {}, place: "middle" }],
  ["blocked", { attributes: {}, place: "back", createStage: (context) => new BlockedStage(context) }],
  [
    "loss",
    {
      attributes: {
        permille: { min: 1, max: 999, otherwise: 0 },
        burst: { min: 1, max: 1_000_000, otherwise: 1 },
      },
      place: "middle",
      createStage: (context) => new LossStage(context),
    },
  ],
  [
    "tamper",
    {
      attributes: { how: { oneOf: TAMPER_WAYS, otherwise: "" }, skip: COUNT },
      place: "front",
      createStage: (context) => new TamperStage(context),
    },
  ],
  ["cut", { attributes: { after: COUNT }, place: "front", createStage: (context) => new CutStage(context) }],
]);
