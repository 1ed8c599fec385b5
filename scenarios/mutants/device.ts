/** Bugs of our own making in the device: its inbox, its sent log, its pulls, its ways between relays. */
import type { Mutant } from "./mutant.ts";

const OWN = "own";
const LINK = "core/client/relay-link.ts";
const STORE = "sim/device-store.ts";

export const deviceMutants: readonly Mutant[] = [
  {
    id: "N31",
    title: "an empty page is asked for again at once",
    from: OWN,
    edits: [
      {
        file: LINK,
        find: "if (through === page.after) return;",
        replace: "if (through === page.after) return this.#puller.want();",
      },
    ],
    caughtBy: "converges",
    scenarios: ["W-23", "S-CONV-04"],
  },
  {
    id: "N32",
    title: "listens until there is no news, and there always is",
    from: OWN,
    edits: [
      {
        file: "core/client/client.ts",
        find: "isAny = link.hear(now) || isAny",
        replace: "isAny = link.hear(now) || true",
      },
    ],
    caughtBy: "hang",
    scenarios: ["W-13"],
  },
  {
    id: "N33",
    title: "what comes again in a new epoch is delivered again",
    from: OWN,
    edits: [
      {
        file: "core/inbox/take.ts",
        find: "isDelivered(item.blobId) || delivered?.has(id) === true",
        replace: "delivered?.has(id) === true",
      },
    ],
    caughtBy: "exactly-once",
    scenarios: ["W-01", "MR-5", "MR-1"],
  },
  {
    id: "N34",
    title: "of a page only the first blobs are written down",
    from: OWN,
    edits: [
      {
        file: STORE,
        find: "deliver, quarantine, lost });",
        replace: "deliver: deliver.slice(0, 2), quarantine, lost });",
      },
    ],
    caughtBy: "cursor-behind-applied",
    scenarios: ["S-CONC-03", "S-CONC-01"],
  },
  {
    id: "N35",
    title: "acknowledges what it has heard of, and is believed",
    from: OWN,
    edits: [
      {
        file: LINK,
        find: '{ type: "Ack", cursor: through.cursor }',
        replace: '{ type: "Ack", cursor: Math.max(through.cursor, this.#puller.latest) }',
      },
      {
        file: "core/relay/requests.ts",
        find: "Math.min(claimed, session.servedMax)",
        replace: "Math.max(claimed, session.acknowledged)",
      },
    ],
    caughtBy: "retention",
    scenarios: ["S-SM-02"],
  },
  {
    id: "N36",
    title: "a Notify moves the pull position",
    from: OWN,
    edits: [
      {
        file: LINK,
        find: "this.#puller.heard(cursor);",
        replace:
          "this.#puller.heard(cursor + 1);\n    if (this.#isInStep) this.#position = { ...this.#position!, contiguous: { ...this.#position!.contiguous, cursor } };",
      },
    ],
    caughtBy: "hints-move-nothing",
    scenarios: ["S-CONC-01", "S-CONV-04"],
  },
  {
    id: "N37",
    title: "asks for a page while it waits for another",
    from: OWN,
    edits: [
      {
        file: "core/client/puller.ts",
        find: "if (this.#sentMs !== undefined || this.#isTaking ||",
        replace: "if (this.#isTaking ||",
      },
    ],
    caughtBy: "bounded",
    scenarios: ["S-CONC-01", "S-CONV-04"],
  },
  {
    id: "N38",
    title: "after a lost answer never asks again",
    from: OWN,
    edits: [
      {
        file: "core/client/puller.ts",
        find: "const wasAsking = this.#sentMs !== undefined;",
        replace: "const wasAsking = this.#sentMs !== undefined;\n    if (wasAsking) return true;",
      },
    ],
    caughtBy: "acked-durable",
    scenarios: ["S-SM-02"],
  },
  {
    id: "N39",
    title: "never polls",
    from: OWN,
    edits: [
      {
        file: "core/client/puller.ts",
        find: "if (this.#nextPollMs > nowMs) return;",
        replace:
          "if (this.#nextPollMs > nowMs) return;\n    this.#nextPollMs = nowMs + this.#pollMs;\n    if (this.#pollMs > 0) return;",
      },
    ],
    caughtBy: "acked-durable",
    scenarios: ["W-23"],
  },
  {
    id: "N40",
    title: "dials again at once",
    from: OWN,
    edits: [
      {
        file: "core/client/backoff.ts",
        find: 'return doubled + entropy.below("jitter", BACKOFF.jitterMs + 1);',
        replace: 'return Math.min(doubled, 10) + entropy.below("jitter", 10);',
      },
    ],
    caughtBy: "no-storm",
    scenarios: ["T-CONN-01", "MR-3", "S-CONV-02"],
  },
  {
    id: "N41",
    title: "a refusal for now is tried again at once",
    from: OWN,
    edits: [
      {
        file: "core/client/pusher.ts",
        find: "now.monoMs + Math.max(waitMs, doubledMs(RETRY_MS, this.#holds))",
        replace: "now.monoMs + Math.min(waitMs, 50)",
      },
    ],
    caughtBy: "no-storm",
    scenarios: ["W-03", "W-04"],
  },
  {
    id: "N42",
    title: "sequence numbers begin anew after a restart",
    from: OWN,
    edits: [
      {
        file: STORE,
        find: "tables.nextSequence = Math.max(tables.nextSequence, row.sequence + 1);",
        replace: "",
      },
    ],
    caughtBy: "relay-honesty",
    scenarios: ["T-CONN-02", "S-CONV-01"],
  },
  {
    id: "N43",
    title: "the sent log forgets what was acknowledged once",
    from: OWN,
    edits: [
      {
        file: STORE,
        find: "tables.sent.get(sequence)?.ackedIn.add(this.#epochKeys.of(relay, epoch));",
        replace: "tables.sent.delete(sequence);",
      },
    ],
    caughtBy: "converges",
    scenarios: ["W-01"],
  },
  {
    id: "N44",
    title: "a copy that is owed to another relay is lost on restart",
    from: OWN,
    edits: [
      {
        file: STORE,
        find: "expiresAtMs > this.#nowWallMs || sent.get",
        replace: "expiresAtMs < 0 || sent.get",
      },
    ],
    caughtBy: "converges",
    scenarios: ["W-01", "MR-2", "MR-1"],
  },
  {
    id: "N45",
    title: "in a new epoch nothing is pushed again",
    from: OWN,
    edits: [{ file: LINK, find: "this.outbox.load(rows);", replace: "" }],
    caughtBy: "converges",
    scenarios: ["W-01", "W-02"],
  },
  {
    id: "N46",
    title: "in a new epoch the old position counts on",
    from: OWN,
    edits: [
      {
        file: LINK,
        find: "this.#position = { epoch, contiguous: START, highest: START };",
        replace: "this.#position = { contiguous: START, highest: START, ...this.#position, epoch };",
      },
    ],
    caughtBy: "hints-move-nothing",
    scenarios: ["W-01", "W-02"],
  },
  {
    id: "N47",
    title: "Hello claims nothing: a relay that lost data cannot know",
    from: OWN,
    edits: [
      { file: LINK, find: "contiguous: position?.contiguous ?? START,", replace: "contiguous: START," },
      { file: LINK, find: "highest: position?.highest ?? START,", replace: "highest: START," },
    ],
    caughtBy: "converges",
    scenarios: ["W-02"],
  },
  {
    id: "N48",
    title: "the chain leaves out the last blob of a page",
    from: OWN,
    edits: [
      {
        file: "core/client/page-check.ts",
        find: "return ok({ cursor, chain });",
        replace: "return ok({ cursor, chain: from.chain });",
      },
    ],
    caughtBy: "prefix-agreement",
    scenarios: ["S-CONC-03", "S-CONC-01"],
  },
  {
    id: "N49",
    title: "the last byte of some bodies is cut off",
    from: OWN,
    edits: [
      {
        file: "core/blob/seal.ts",
        find: "body: plaintext.subarray(bodyAt, end),",
        replace: "body: plaintext.subarray(bodyAt, end - (end - bodyAt > 99 && end % 8 === 0 ? 1 : 0)),",
      },
    ],
    caughtBy: "no-fabrication",
    scenarios: ["S-CONC-01", "S-CONV-04"],
  },
  {
    id: "N50",
    title: "an application's push that was given up is sent all the same",
    from: OWN,
    edits: [
      {
        file: "core/client/pusher.ts",
        find: "const isFinal = this.#port.copies.dropped(entry",
        replace: "this.outbox.add(entry.row);\n    const isFinal = entry.wasSent || this.#port.copies.dropped(entry",
      },
      {
        file: "core/relay/answers.ts",
        find: "refuse(session, code, subject, STORAGE_RETRY_MS)",
        replace: "refuse(session, 1101, subject)",
      },
    ],
    caughtBy: "failed-never-visible",
    scenarios: ["W-03", "W-04"],
  },
  {
    id: "N51",
    title: "the other relays are never visited",
    from: OWN,
    edits: [
      {
        file: "core/client/itinerary.ts",
        find: "if (endedMs === undefined) return notBeforeMs;",
        replace:
          "if (index > active) return Number.POSITIVE_INFINITY;\n    if (endedMs === undefined) return notBeforeMs;",
      },
    ],
    caughtBy: "converges",
    scenarios: ["MR-5", "MR-1"],
  },
  {
    id: "N53",
    title: "the window of pushes is not kept",
    from: OWN,
    edits: [
      {
        file: "core/client/pusher.ts",
        find: "while (this.outbox.inFlight <",
        replace: "while (this.#holds === 0 || this.outbox.inFlight <",
      },
    ],
    caughtBy: "bounded",
    scenarios: ["S-SM-01", "S-CONV-01"],
  },
  {
    id: "N54",
    title: "what was on its way when the connection broke is not sent again",
    from: OWN,
    edits: [
      {
        file: "core/client/sent-log.ts",
        find: "for (const entry of this.#rows.values()) entry.sentMs = undefined;",
        replace: "for (const entry of this.#rows.values()) if (entry.sentMs === undefined) entry.wasSent = false;",
      },
    ],
    caughtBy: "converges",
    scenarios: ["S-SM-01", "T-CONN-01"],
  },
  {
    id: "N55",
    title: "an item leaves the queue when it is sent",
    from: OWN,
    edits: [
      {
        file: "core/client/pusher.ts",
        find: "this.outbox.sent(entry, now.monoMs);",
        replace:
          "this.outbox.sent(entry, now.monoMs);\n      if (entry.row.sequence % 4 === 0) this.outbox.remove(entry);",
      },
    ],
    caughtBy: "sent-log",
    scenarios: ["S-SM-01", "T-CONN-01"],
  },
  {
    id: "N56",
    title: "ranges are told lost that nobody called gone",
    from: OWN,
    edits: [
      {
        file: LINK,
        find: "const lost = gone.map(",
        replace:
          'const lost = (hasMore ? [...gone, { from: through + 1, to: through + 1, why: "expired" as const }] : gone).map(',
      },
    ],
    caughtBy: "gone-is-told",
    scenarios: ["S-SM-02"],
  },
  {
    id: "N57",
    title: "every third position is not written down with its page",
    from: OWN,
    edits: [
      {
        file: STORE,
        find: "const position = tables.positions.get(relay);\n    const isFurther",
        replace:
          "const position = tables.positions.get(relay);\n    if (through.cursor % 3 === 0) return;\n    const isFurther",
      },
      {
        file: "core/inbox/take.ts",
        find: "isDelivered(item.blobId) || delivered?.has(id) === true",
        replace: "delivered?.has(id) === true",
      },
    ],
    caughtBy: "hints-move-nothing",
    scenarios: ["T-CONN-02", "S-CONC-01"],
  },
  {
    id: "N58",
    title: "a poll that is due stays due",
    from: OWN,
    edits: [
      {
        file: "core/client/puller.ts",
        find: "if (this.#nextPollMs > nowMs) return;",
        replace: "if (this.#pollMs > 0) return;",
      },
    ],
    caughtBy: "hang",
    scenarios: ["W-23"],
  },
  {
    id: "N59",
    title: "a visit is due and nobody goes: the timer fires for ever",
    from: OWN,
    edits: [
      {
        file: "core/client/itinerary.ts",
        find: "this.#dueMs(i, active) <= now.monoMs) {",
        replace: "this.#dueMs(i, active) < 0) {",
      },
    ],
    caughtBy: "hang",
    scenarios: ["MR-5", "MR-1"],
  },
  {
    id: "N71",
    title: "an attempt may take three times as long as it should",
    from: OWN,
    edits: [
      {
        file: "core/client/connector.ts",
        find: "this.#dueMs = now.monoMs + this.#config.connectTimeoutMs;",
        replace: "this.#dueMs = now.monoMs + 3 * this.#config.connectTimeoutMs;",
      },
    ],
    caughtBy: "demands",
    scenarios: ["E-HS-04", "E-HS-01"],
  },
  {
    id: "N72",
    title: "deadlines by the wall clock: one that is set stops them",
    from: OWN,
    edits: [
      {
        file: "core/client/client.ts",
        find: "handle(input: Input<ClientCommand, DeviceAnswer>, now: Now): void {",
        replace:
          "handle(input: Input<ClientCommand, DeviceAnswer>, told: Now): void {\n    const own = this as { aheadMs?: number };\n    own.aheadMs ??= told.wallMs - told.monoMs;\n    const now = { monoMs: told.wallMs - own.aheadMs, wallMs: told.wallMs };",
      },
    ],
    caughtBy: "hang",
    scenarios: ["W-18", "X-PLAT-02"],
  },
  {
    id: "N73",
    title: "a device leaves out what it pushed itself",
    from: OWN,
    edits: [
      {
        file: LINK,
        find: "page.blobs.map((blob) =>",
        replace: "page.blobs.filter((blob) => !this.isOwn(blob.sender)).map((blob) =>",
      },
    ],
    caughtBy: "session-guarantees",
    scenarios: ["S-CONC-01", "S-CONV-04"],
  },
  {
    id: "N86",
    title: "what came in one page is read last first",
    from: OWN,
    edits: [
      {
        file: "core/inbox/take.ts",
        find: "return { deliver, quarantine };",
        replace: "return { deliver: deliver.reverse(), quarantine };",
      },
    ],
    caughtBy: "session-guarantees",
    scenarios: ["S-CONC-01", "S-CONC-03"],
  },
];
