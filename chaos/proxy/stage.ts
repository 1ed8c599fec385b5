/**
 * A stage: what one toxic does to one stream of one connection. Bytes and ends come in through `chunk` and `end`, in
 * order; what goes on is handed to the outlet, in the same order, at once or later. A stage that keeps bytes says how
 * many it holds, and its source is not read while that is more than it may hold: that is the only bound on memory.
 *
 * Order of calls: `update` when the toxic's attributes changed; `release` once when the toxic is removed: everything
 * held goes on at once, and the stage is never called again; or `dispose` once when the connection is over. Each stage
 * of `stages/` is made by one factory, listed in `toxic-types.ts`, and driven by a `Pipe`.
 */
import type { Draw } from "../../scenarios/draw.ts";

/**
 * How a stream ends. `eof`: its sender will send no more, the other direction lives on. `close`: a toxic closed the
 * connection. `reset`: it broke.
 */
export type EndKind = "eof" | "close" | "reset";

export interface Outlet {
  chunk(bytes: Uint8Array): void;
  end(kind: EndKind): void;
}

export interface Stage extends Outlet {
  readonly heldBytes: number;
  /** The source is not read while `heldBytes` is this or more. */
  readonly heldBytesMax: number;
  update(): void;
  release(): void;
  dispose(): void;
}

/** Attributes by their names in the API: whole numbers and words, checked when they came in. */
export interface Attributes {
  readonly [name: string]: number | string;
}

/** What a stage is given. */
export interface StageContext {
  /** Of the toxic, as they are now. */
  readonly attributes: Attributes;
  readonly outlet: Outlet;
  /** Seeded for this proxy, stream and connection. */
  readonly draw: Draw;
  /** Where the stream stands in the framing of our transport as the stage is put in. */
  readonly framing: Framing;
  /** The toxic did something, to so many bytes. */
  acted(bytes: number): void;
}

/** A place in a stream of u16-prefixed messages. */
export interface Framing {
  /** False: these are no such messages, and never will be on this stream. */
  readonly isOurs: boolean;
  /** Bytes left of the message that is under way. */
  readonly leftBytes: number;
  /** The first byte of a header whose second has not come yet; −1 otherwise. */
  readonly headerByte: number;
}

/** Of a number attribute. */
export function numberOf(context: StageContext, name: string): number {
  const value = context.attributes[name];
  return typeof value === "number" ? value : 0;
}
