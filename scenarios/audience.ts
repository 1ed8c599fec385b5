/** Who hears of which records: handlers by topic, in the order in which they were added. Made anew for each run. */
import type { About } from "./checkers/about.ts";
import type { HistoryRecord, OperationRecord } from "./history.ts";
import type { RecordOn, Topic } from "./topic.ts";

export type Handler = (record: HistoryRecord, about: About) => void;

/** What one checker hears of; `about` is valid only while the record is handled. */
export type Handlers = { readonly [T in Topic]?: (record: RecordOn<T>, about: About) => void };

/** Of records that another build wrote. */
const NOBODY: readonly Handler[] = [];

export class Audience {
  readonly #handlers: { readonly [T in Topic]: Handler[] } = {
    push: [],
    "push-end": [],
    pull: [],
    "pull-end": [],
    connect: [],
    "connect-end": [],
    queued: [],
    ack: [],
    refused: [],
    deliver: [],
    quarantine: [],
    lost: [],
    "durable-state": [],
    seal: [],
    "relay-view": [],
    notified: [],
    secret: [],
    fault: [],
    phase: [],
    resources: [],
    "final-state": [],
    "relays-failed": [],
    disconnected: [],
    accused: [],
    log: [],
    exit: [],
    stopped: [],
  };

  add(handlers: Handlers): void {
    // Each handler is kept under the topic that it takes, so that it is never given another.
    for (const topic of Object.keys(handlers) as Topic[]) this.#handlers[topic].push(handlers[topic] as Handler);
  }

  addTo(topic: Topic, handler: Handler): void {
    this.#handlers[topic].push(handler);
  }

  /** `type` is the record's: whoever tells of many has read it before. */
  tell(record: HistoryRecord, type: HistoryRecord["type"], about: About): void {
    const handlers = this.#of(record, type);
    for (let i = 0; i < handlers.length; i++) handlers[i]!(record, about);
  }

  /** Types of which there are many are named: what is named only by the record costs a search. */
  #of(record: HistoryRecord, type: HistoryRecord["type"]): readonly Handler[] {
    const handlers = this.#handlers;
    switch (type) {
      case "op":
        return this.#ofOperation(record as OperationRecord);
      case "seal":
        return handlers.seal;
      case "relay-view":
        return handlers["relay-view"];
      case "notified":
        return handlers.notified;
      case "deliver":
        return handlers.deliver;
      case "durable-state":
        return handlers["durable-state"];
      case "ack":
        return handlers.ack;
      case "queued":
        return handlers.queued;
      default:
        return handlers[type] ?? NOBODY;
    }
  }

  #ofOperation({ f, outcome }: OperationRecord): readonly Handler[] {
    const handlers = this.#handlers;
    const isInvoked = outcome === "invoke";
    switch (f) {
      case "push":
        return isInvoked ? handlers.push : handlers["push-end"];
      case "pull":
        return isInvoked ? handlers.pull : handlers["pull-end"];
      case "connect":
        return isInvoked ? handlers.connect : handlers["connect-end"];
      default:
        return NOBODY;
    }
  }
}
