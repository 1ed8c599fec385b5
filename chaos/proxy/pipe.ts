/**
 * One direction of one connection: reads its source, passes what comes through the stages of the stream's toxics, and
 * writes to its destination. Order is kept; the source is not read while a stage or the destination has enough, so that
 * it holds at most what its stages may hold, one read, and the write buffer of a socket. Without toxics a chunk goes
 * straight from socket to socket. Belongs to a `Connection`, which tells it of toxics and ends it.
 */
import type { Socket } from "node:net";
import type { Draw } from "../../scenarios/draw.ts";
import { FramingTrack } from "./framing-track.ts";
import type { EndKind, Outlet, Stage, StageContext } from "./stage.ts";
import type { Toxic } from "./toxic.ts";

export interface PipeOptions {
  readonly source: Socket;
  readonly destination: Socket;
  readonly draw: Draw;
  readonly acted: (toxic: Toxic, bytes: number) => void;
  /** The stream has ended, with all that was before it. */
  readonly ended: (kind: EndKind) => void;
}

/** A stage in its place. What leaves it goes to the next one, whoever that is by then. */
class Slot implements Outlet {
  readonly toxic: Toxic;
  readonly stage: Stage;
  next: Outlet;

  constructor(toxic: Toxic, next: Outlet, pipe: Pipe, options: PipeOptions, framing: FramingTrack) {
    this.toxic = toxic;
    this.next = next;
    const context: StageContext = {
      get attributes() {
        return toxic.attributes;
      },
      outlet: {
        chunk: (bytes) => {
          this.next.chunk(bytes);
          pipe.settle();
        },
        end: (kind) => this.next.end(kind),
      },
      draw: options.draw,
      framing,
      acted: (bytes) => options.acted(toxic, bytes),
    };
    this.stage = toxic.kind.createStage!(context);
  }

  chunk(bytes: Uint8Array): void {
    this.stage.chunk(bytes);
  }

  end(kind: EndKind): void {
    this.stage.end(kind);
  }
}

export class Pipe {
  readonly #options: PipeOptions;
  readonly #framing = new FramingTrack();
  /** In the order in which bytes pass them. */
  #slots: Slot[] = [];
  #isDestinationFull = false;
  #isReading = false;
  #isOver = false;
  readonly #sink: Outlet = {
    chunk: (bytes) => this.#write(bytes),
    end: (kind) => this.#options.ended(kind),
  };

  constructor(options: PipeOptions) {
    this.#options = options;
    const { source, destination } = options;
    source.on("data", (bytes: Uint8Array) => this.#read(bytes));
    destination.on("drain", () => {
      this.#isDestinationFull = false;
      this.settle();
    });
  }

  /** Toxics in the order in which they were added. Reading begins. */
  start(toxics: readonly Toxic[]): void {
    for (const toxic of toxics) this.add(toxic);
    this.#isReading = true;
    this.#options.source.resume();
    this.settle();
  }

  add(toxic: Toxic): void {
    if (this.#isOver || toxic.kind.createStage === undefined) return;
    const at = this.#placeOf(toxic);
    const slot = new Slot(toxic, this.#slots[at] ?? this.#sink, this, this.#options, this.#framing);
    this.#slots.splice(at, 0, slot);
    if (at > 0) this.#slots[at - 1]!.next = slot;
    this.settle();
  }

  update(toxic: Toxic): void {
    this.#slots.find((slot) => slot.toxic === toxic)?.stage.update();
    this.settle();
  }

  remove(toxic: Toxic): void {
    const at = this.#slots.findIndex((slot) => slot.toxic === toxic);
    const slot = this.#slots[at];
    if (slot === undefined || isLasting(slot.stage)) return;
    this.#slots.splice(at, 1);
    if (at > 0) this.#slots[at - 1]!.next = slot.next;
    slot.stage.release();
    this.settle();
  }

  /** The source has ended or broken. */
  sourceEnded(kind: EndKind): void {
    if (!this.#isOver) this.#first.end(kind);
  }

  /** The connection is over: nothing goes on any more. */
  dispose(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const { stage } of this.#slots) stage.dispose();
    this.#slots = [];
    // What is sent to nobody stays with its sender.
    this.#options.source.pause();
  }

  /** Reads on, or not. */
  settle(): void {
    if (this.#isOver) return;
    const isFree = !this.#isDestinationFull && this.#slots.every(({ stage }) => stage.heldBytes < stage.heldBytesMax);
    if (isFree === this.#isReading) return;
    this.#isReading = isFree;
    if (isFree) this.#options.source.resume();
    else this.#options.source.pause();
  }

  get #first(): Outlet {
    return this.#slots[0] ?? this.#sink;
  }

  /** A reader of messages stands first, the newest before the others: only there the framing is known. */
  #placeOf(toxic: Toxic): number {
    if (toxic.kind.place === "front") return 0;
    if (toxic.kind.place === "back") return this.#slots.length;
    const gate = this.#slots.findIndex((slot) => slot.toxic.kind.place === "back");
    return gate < 0 ? this.#slots.length : gate;
  }

  #read(bytes: Uint8Array): void {
    if (this.#isOver) return;
    // Only afterwards: a stage that is put in meanwhile has not seen these bytes.
    this.#first.chunk(bytes);
    this.#framing.skip(bytes);
    this.settle();
  }

  #write(bytes: Uint8Array): void {
    const { destination } = this.#options;
    if (this.#isOver || !destination.writable) return;
    if (!destination.write(bytes)) this.#isDestinationFull = true;
  }
}

function isLasting(stage: Stage): boolean {
  return "isLasting" in stage && stage.isLasting === true;
}
