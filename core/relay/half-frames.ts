/**
 * What a relay has set aside for frames that came in part: a megabyte for each session that announces one and goes on
 * slowly, or never. Bounded over all sessions: beyond, the one whose frame has been coming for the longest has to go, so
 * that nobody holds the memory by waiting. It decides who; `Connections` drops.
 */
interface Holder {
  readonly channel: { readonly halfBytes: number };
}

export class HalfFrames<Session extends Holder> {
  readonly #bytesMax: number;
  /** In the order in which they began to come. */
  readonly #bytesOf = new Map<Session, number>();
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Something came from it. */
  weigh(session: Session): void {
    const { halfBytes } = session.channel;
    if (halfBytes === 0 && this.#bytes === 0) return;
    const before = this.#bytesOf.get(session);
    if (halfBytes === (before ?? 0)) return;
    this.#bytes += halfBytes - (before ?? 0);
    if (halfBytes === 0) this.#bytesOf.delete(session);
    else this.#bytesOf.set(session, halfBytes);
  }

  forget(session: Session): void {
    this.#bytes -= this.#bytesOf.get(session) ?? 0;
    this.#bytesOf.delete(session);
  }

  /** Who has to go; undefined when there is room. */
  overdue(): Session | undefined {
    if (this.#bytes <= this.#bytesMax) return undefined;
    for (const session of this.#bytesOf.keys()) return session;
    return undefined;
  }
}
