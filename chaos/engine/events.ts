/**
 * What the engine says took place in a run's containers, as it takes place: the evidence beside the inspection, and what
 * is read when something went wrong.
 */
import type { Readable } from "node:stream";
import type Docker from "dockerode";

export interface EngineEvent {
  /** Of the engine's clock. */
  readonly timeMs: number;
  readonly what: string;
  readonly action: string;
  readonly id: string;
  /** Exit code of a `die`. */
  readonly exitCode: string | undefined;
}

const KEPT_MAX = 10_000;

export class EngineEvents {
  readonly all: EngineEvent[] = [];
  readonly #stream: Readable;
  readonly #waiting = new Set<() => void>();

  private constructor(stream: Readable) {
    this.#stream = stream;
    let text = "";
    stream.setEncoding("utf8");
    stream.on("data", (piece: string) => {
      const lines = (text + piece).split("\n");
      text = lines.pop() ?? "";
      for (const line of lines) this.#heard(line);
    });
    stream.on("error", () => {});
  }

  /** Of everything with this label. */
  static async listen(docker: Docker, label: string): Promise<EngineEvents> {
    return new EngineEvents((await docker.getEvents({ filters: { label: [label] } })) as Readable);
  }

  /** The next event of this container, from the ones after `since` on; `undefined` when it does not come in time. */
  async waitFor(id: string, action: string, since: number, timeoutMs: number): Promise<EngineEvent | undefined> {
    const find = (): EngineEvent | undefined =>
      this.all.slice(since).find((event) => event.id === id && event.action === action);
    if (find() !== undefined) return find();
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve(find());
      };
      const timer = setTimeout(done, timeoutMs);
      const look = (): void => {
        if (find() !== undefined) done();
      };
      this.#waiting.add(look);
    });
  }

  render(): string {
    return this.all
      .map(({ timeMs, what, action, id, exitCode }) => {
        const code = exitCode === undefined ? "" : ` exit ${exitCode}`;
        return `${new Date(timeMs).toISOString()} ${what} ${action}${code} ${id.slice(0, 12)}`;
      })
      .join("\n");
  }

  close(): void {
    this.#stream.destroy();
  }

  #heard(line: string): void {
    let event: { Type?: string; Action?: string; Actor?: { ID?: string; Attributes?: Record<string, string> } };
    let timeNano: unknown;
    try {
      event = JSON.parse(line) as typeof event;
      ({ timeNano } = event as { timeNano?: unknown });
    } catch {
      return;
    }
    const { Type, Action, Actor } = event;
    if (Type === undefined || Action === undefined || this.all.length >= KEPT_MAX) return;
    const attributes = Actor?.Attributes ?? {};
    this.all.push({
      timeMs: Math.round(Number(timeNano) / 1e6),
      what: `${Type} ${attributes["chaos.host"] ?? attributes["name"] ?? ""}`.trim(),
      action: Action,
      id: Actor?.ID ?? "",
      exitCode: attributes["exitCode"],
    });
    for (const look of this.#waiting) look();
  }
}
