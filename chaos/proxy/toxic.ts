/**
 * A toxic of a proxy: what was asked for, and what it has done so far. `effect` counts only what it really acted on,
 * and is what a controller reads back. Whether it applies to a connection is decided once, from the seed, and holds for
 * the connection's life; a changed toxicity moves the line, not the lot that was drawn.
 */
import type { Attributes } from "./stage.ts";
import type { ToxicType } from "./toxic-types.ts";

export type Stream = "upstream" | "downstream";

export interface ToxicEffect {
  /** Chunks, ends and connections that it acted on. */
  chunks: number;
  bytes: number;
  /** On the machine's monotonic clock. */
  firstAtUs: number | undefined;
  lastAtUs: number | undefined;
}

export interface Toxic {
  readonly name: string;
  readonly type: string;
  readonly kind: ToxicType;
  readonly stream: Stream;
  /** As it was written: the API gives it back so. */
  readonly streamText: string;
  toxicity: number;
  attributes: Attributes;
  readonly effect: ToxicEffect;
}

export function renderToxic({ attributes, name, type, streamText, toxicity }: Toxic): object {
  return { attributes, name, type, stream: streamText, toxicity };
}
