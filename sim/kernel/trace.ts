/**
 * The trace: every event of a run, as two running 128-bit hashes.
 *
 * `hash` covers all bytes; `shapeHash` covers the same events with byte content replaced by its length, so it is the
 * same for two crypto suites that differ in every byte but in no length. Equal hashes mean equal runs; checkpoints
 * every 1,024 events say where two runs part, and `detail` then shows the events around there as plain data. The
 * kernel's parts report events, the world may fold in words of its own.
 */
import { finish } from "./hash.ts";
import { WordHash } from "./word-hash.ts";

/** Number of an event's kind. What `connection` and `length` mean is in the comment. */
export const TRACE_KIND = {
  opened: 0,
  /** Byte content; `length` of it. */
  bytes: 1,
  closed: 2,
  refused: 3,
  deadline: 4,
  stored: 5,
  command: 6,
  /** `connection` is the incarnation, as in the next two. */
  start: 7,
  kill: 8,
  powerLoss: 9,
  pause: 10,
  resume: 11,
  dial: 12,
  close: 13,
  diskAppend: 14,
  diskSync: 15,
  /** `connection` is the new length. */
  diskTruncate: 16,
  /** `connection` is the number of bytes that survived. */
  diskLoss: 17,
  diskWipe: 18,
  /** `connection` is the link's number × 2, + 1 for its `down` stream. */
  toxicAdd: 19,
  toxicRemove: 20,
  /** Folded in by the world: `addWord`, `addBytes`. */
  word: 21,
  wordBytes: 22,
} as const;

export type TraceKind = (typeof TRACE_KIND)[keyof typeof TRACE_KIND];

const KIND_NAMES: readonly string[] = Object.keys(TRACE_KIND);
const CHECKPOINT_EVENTS = 1024;
/** Host number of events that belong to none. */
export const NO_HOST = 0xffff;

const EMPTY = new Uint8Array(0);

export interface TraceEvent {
  /** Counted from 0. */
  readonly event: number;
  readonly atMs: number;
  /** Name of the host, empty for none. */
  readonly host: string;
  readonly kind: string;
  readonly connection: number;
  /** Of the byte content. */
  readonly length: number;
  /** Key of the cause. */
  readonly cause: number;
  /** The content itself, not a copy; empty for kinds without. */
  readonly bytes: Uint8Array;
}

export interface TraceDetail {
  /** First event shown, and the first one no longer shown. */
  readonly from: number;
  readonly to: number;
  readonly sink: (event: TraceEvent) => void;
}

export interface TraceCheckpoint {
  /** Number of events digested so far. */
  readonly event: number;
  readonly hash: string;
  readonly shapeHash: string;
}

export class TraceDigest {
  /** Events digested so far. */
  events = 0;
  private readonly shape = new WordHash();
  private readonly content = new WordHash();
  private readonly hostNames: string[] = [];
  /** Eight lanes per checkpoint, turned into text when somebody asks. */
  private readonly marks: number[] = [];
  private shown: TraceDetail | undefined;
  private shownFrom = Infinity;
  /** Asking for a hash in mid-run must change nothing: the answer is computed here. */
  private readonly scratch = new WordHash();

  /** Which events are shown, if any. A reset of the kernel shows none: set it after that. */
  get detail(): TraceDetail | undefined {
    return this.shown;
  }

  set detail(detail: TraceDetail | undefined) {
    this.shown = detail;
    this.shownFrom = detail?.from ?? Infinity;
  }

  /** Number for a host's events. */
  addHost(name: string): number {
    this.hostNames.push(name);
    return this.hostNames.length - 1;
  }

  event(kind: TraceKind, host: number, connection: number, cause: number, atMs: number, bytes?: Uint8Array): void {
    const length = bytes === undefined ? 0 : bytes.length;
    if (this.events >= this.shownFrom) this.show(kind, host, connection, cause, atMs, bytes ?? EMPTY);
    const days = atMs > 0xffffffff ? Math.floor(atMs / 0x1_0000_0000) : 0;
    this.shape.add5((host << 8) | kind | (days << 24), atMs | 0, connection, cause, length);
    if (length > 0) this.content.addBytes(bytes!);
    this.events += 1;
    if (this.events % CHECKPOINT_EVENTS === 0) this.mark();
  }

  /** Folds a word of the world's own into both hashes. */
  addWord(word: number): void {
    this.event(TRACE_KIND.word, NO_HOST, word, 0, 0);
  }

  /** Folds bytes of the world's own in: content into `hash`, length into `shapeHash`. */
  addBytes(bytes: Uint8Array): void {
    this.event(TRACE_KIND.wordBytes, NO_HOST, 0, 0, 0, bytes);
  }

  /** 32 hex digits. */
  hash(): string {
    return render([...this.shape.peek(this.scratch), ...this.content.peek(this.scratch)]);
  }

  /** 32 hex digits. */
  shapeHash(): string {
    return render(this.shape.peek(this.scratch));
  }

  get checkpoints(): readonly TraceCheckpoint[] {
    const checkpoints: TraceCheckpoint[] = [];
    for (let i = 0; i < this.marks.length; i += 8) {
      const shape = this.marks.slice(i, i + 4);
      const event = (i / 8 + 1) * CHECKPOINT_EVENTS;
      checkpoints.push({ event, hash: render(this.marks.slice(i, i + 8)), shapeHash: render(shape) });
    }
    return checkpoints;
  }

  reset(): void {
    this.events = 0;
    this.shape.reset();
    this.content.reset();
    this.hostNames.length = 0;
    this.marks.length = 0;
    this.detail = undefined;
  }

  private mark(): void {
    this.shape.flush();
    this.content.flush();
    for (let i = 0; i < 4; i++) this.marks.push(this.shape.lanes[i]!);
    for (let i = 0; i < 4; i++) this.marks.push(this.content.lanes[i]!);
  }

  private show(kind: number, host: number, connection: number, cause: number, atMs: number, bytes: Uint8Array): void {
    const detail = this.shown!;
    if (this.events >= detail.to) return;
    const name = this.hostNames[host] ?? "";
    const length = bytes.length;
    detail.sink({ event: this.events, atMs, host: name, kind: KIND_NAMES[kind]!, connection, length, cause, bytes });
  }
}

/** Any number of lanes as 32 hex digits, each digit depending on all of them. */
function render(lanes: readonly number[]): string {
  const out = [0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];
  for (let round = 0; round < 2; round++) {
    for (const lane of lanes) {
      for (let i = 0; i < 4; i++) out[i] = finish(Math.imul(out[i]! ^ lane, 0x9e3779b1 + 2 * i) + out[(i + 1) & 3]!);
    }
  }
  return out.map((word) => word.toString(16).padStart(8, "0")).join("");
}
