/**
 * Bugs that need several independent rare events in one life of one device: too rare for the list, which must be caught
 * within a minute. To measure what guidance is worth. Called by `zerok mutants --compare`.
 */
import type { Mutant } from "./mutant.ts";

const CLIENT = "core/client/client.ts";

/** A push is written down and then never sent, once the device has met all of `events`. */
function afterEvents(id: string, title: string, events: readonly string[]): Mutant {
  return {
    id,
    title,
    from: "own",
    edits: [
      { file: CLIENT, find: "  #unloaded = 0;", replace: "  readonly #met = new Set<string>();\n  #unloaded = 0;" },
      {
        file: CLIENT,
        find: "    this.#context = context;\n",
        replace:
          "    const { mark } = context;\n    context = { ...context, mark: (name) => (this.#met.add(name), mark(name)) };\n    this.#context = context;\n",
      },
      {
        file: CLIENT,
        find: "for (const { outbox } of this.#links) outbox.add(row);",
        replace: `const hasMetAll = ${JSON.stringify(events)}.every((name) => this.#met.has(name));\n    for (const { outbox } of this.#links) if (!hasMetAll) outbox.add(row);`,
      },
    ],
    caughtBy: "drains",
    scenarios: [],
  };
}

export const rareMutants: readonly Mutant[] = [
  afterEvents("R-ONE-EVENT", "pushes are forgotten after a page that could not be taken", ["client.page.take-failed"]),
  afterEvents("R-TWO-EVENTS", "pushes are forgotten after a page that could not be taken and a new epoch", [
    "client.page.take-failed",
    "client.epoch-changed",
  ]),
  afterEvents("R-THREE-EVENTS", "pushes are forgotten after a failed page, a new epoch and a broken handshake", [
    "client.page.take-failed",
    "client.epoch-changed",
    "client.lost-in-handshake",
  ]),
];
