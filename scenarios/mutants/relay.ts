/** Bugs of our own making in the relay: its log, its store, its sessions. */
import type { Mutant } from "./mutant.ts";

const OWN = "own";
const STORE = "sim/relay-store.ts";

export const relayMutants: readonly Mutant[] = [
  {
    id: "N01",
    title: "one element is skipped at a page boundary",
    from: OWN,
    edits: [
      {
        file: "core/log/page.ts",
        find: "(blobs.length >= request.limit || cost > bytesLeft)) {",
        replace:
          "(blobs.length >= request.limit || cost > bytesLeft)) {\n      through = row.cursor;\n      chain = row.chain;",
      },
    ],
    caughtBy: "paging",
    scenarios: ["S-SM-02"],
  },
  {
    id: "N02",
    title: "a blob is withheld, and the device does not count what it gets",
    from: OWN,
    edits: [
      {
        file: "core/log/page.ts",
        find: "blobs.push({ cursor, blobId, sender, payload, timestampMs });",
        replace: "if (cursor % 11 !== 0) blobs.push({ cursor, blobId, sender, payload, timestampMs });",
      },
      {
        file: "core/client/page-check.ts",
        find: 'return fail({ type: "Hole", cursor: cursor + 1 });',
        replace: "cursor += 1;",
      },
      { file: "core/client/page-check.ts", find: "if (!isEqualBytes(chain, page.chain))", replace: "if (cursor < 0)" },
    ],
    caughtBy: "cursor-behind-applied",
    scenarios: ["S-CONC-01", "S-CONV-04"],
  },
  {
    id: "N03",
    title: "a page says that nothing more remains",
    from: OWN,
    edits: [
      {
        file: "core/log/page.ts",
        find: "hasMore: through < head.max.cursor, max: head.max.cursor",
        replace: "hasMore: false, max: through",
      },
    ],
    caughtBy: "real-time",
    scenarios: ["S-SM-02"],
  },
  {
    id: "N04",
    title: "gone ranges swallow what lies between them",
    from: OWN,
    edits: [{ file: "core/log/page.ts", find: "last.to === row.cursor - 1 && last.why", replace: "last.why" }],
    caughtBy: "acked-durable",
    scenarios: ["W-13"],
  },
  {
    id: "N05",
    title: "a repeated push breaks an invariant",
    from: OWN,
    edits: [
      {
        file: "core/relay/answers.ts",
        find: 'if (!answer.isNew) this.#context.mark("relay.push.repeated");',
        replace: "if (!answer.isNew) unreachable(answer as never);",
      },
    ],
    caughtBy: "invariant",
    scenarios: ["T-CONN-02", "S-SM-01"],
  },
  {
    id: "N06",
    title: "the quota is not looked at",
    from: OWN,
    edits: [
      {
        file: "core/log/append.ts",
        find: "heldBytes + sizeBytes > request.heldBytesMax",
        replace: "heldBytes < 0",
      },
    ],
    caughtBy: "limits",
    scenarios: ["W-04", "W-03"],
  },
  {
    id: "N07",
    title: "a full quota is a refusal for good",
    from: OWN,
    edits: [
      {
        file: "core/relay/answers.ts",
        find: "refuse(session, code, subject, STORAGE_RETRY_MS)",
        replace: "refuse(session, code, subject)",
      },
    ],
    caughtBy: "limits",
    scenarios: ["W-03", "W-04"],
  },
  {
    id: "N08",
    title: "cursors go up by two",
    from: OWN,
    edits: [{ file: "core/log/append.ts", find: "max.cursor + 1", replace: "max.cursor + 2" }],
    caughtBy: "acked-durable",
    scenarios: ["S-CONC-01", "S-CONV-04"],
  },
  {
    id: "N09",
    title: "the head is written for every other cursor only",
    from: OWN,
    edits: [
      {
        file: STORE,
        find: "if (decision.rows.length > 0) this.#write(",
        replace: "if (decision.rows.length > 0 && decision.head.max.cursor % 2 === 0) this.#write(",
      },
    ],
    caughtBy: "cursor-binding",
    scenarios: ["S-CONC-01", "S-CONV-04"],
  },
  {
    id: "N10",
    title: "what any device has acknowledged is swept",
    from: OWN,
    edits: [
      {
        file: "core/log/devices.ts",
        find: "least = Math.min(least, acknowledged)",
        replace: "least = least === Number.POSITIVE_INFINITY ? acknowledged : Math.max(least, acknowledged)",
      },
    ],
    caughtBy: "retention",
    scenarios: ["W-13", "S-CONV-01", "S-CONC-01"],
  },
  {
    id: "N11",
    title: "a ttl of seconds counts as milliseconds",
    from: OWN,
    edits: [{ file: "core/log/append.ts", find: "request.wallMs + ttlS * 1000", replace: "request.wallMs + ttlS" }],
    caughtBy: "retention",
    scenarios: ["W-13", "E-ENC-01"],
  },
  {
    id: "N12",
    title: "trimming does not stop at what is still held",
    from: OWN,
    edits: [
      {
        file: "core/log/sweep.ts",
        find: "if (isForgotten && row.cursor === trimmed.cursor + 1)",
        replace: "if (isForgotten)",
      },
    ],
    caughtBy: "retention",
    scenarios: ["W-13"],
  },
  {
    id: "N13",
    title: "lost data is never noticed: no new epoch",
    from: OWN,
    edits: [
      {
        file: "core/log/admit.ts",
        find: 'return { head: { ...head, epoch: freshEpoch }, change: "renewed" };',
        replace: 'return { head, change: "none" };',
      },
    ],
    caughtBy: "converges",
    scenarios: ["W-02"],
  },
  {
    id: "N14",
    title: "a claim is compared by its cursor, not by its chain",
    from: OWN,
    edits: [
      {
        file: "core/log/admit.ts",
        find: "position.cursor < head.trimmed.cursor : isEqualBytes(chain, position.chain)",
        replace: "position.cursor < head.trimmed.cursor : chain.length > 0",
      },
    ],
    caughtBy: "acked-durable",
    scenarios: ["W-02"],
  },
  {
    id: "N15",
    title: "a new epoch is told to nobody who is connected, and acknowledgements of the old one count on",
    from: OWN,
    edits: [
      {
        file: "core/relay/answers.ts",
        find: "if (answer.isRenewed) this.#renewed(job.groupHex);",
        replace: "",
      },
      { file: STORE, find: 'if (isRenewed) this.#write({ type: "renewed", group: operation.group });', replace: "" },
      { file: STORE, find: "isRenewed ? 0 : record.acknowledged", replace: "record.acknowledged" },
    ],
    caughtBy: "converges",
    scenarios: ["W-02"],
  },
  {
    id: "N16",
    title: "one page, and never another",
    from: OWN,
    edits: [{ file: "core/relay/answers.ts", find: "session.isPaging = false;", replace: "" }],
    caughtBy: "acked-durable",
    scenarios: ["S-CONC-01"],
  },
  {
    id: "N17",
    title: "a session that goes leaves its idle timer",
    from: OWN,
    edits: [{ file: "core/relay/connections.ts", find: "this.#idle.disarm(session);", replace: "" }],
    caughtBy: "drains",
    scenarios: ["W-13", "T-CONN-04"],
  },
  {
    id: "N18",
    title: "a replaced session stays, and none is ever idle",
    from: OWN,
    edits: [
      {
        file: "core/relay/connections.ts",
        find: 'this.bye(older, "replaced", "replaced");',
        replace: "",
      },
      {
        file: "core/relay/connections.ts",
        find: "if (s.lastHeardMs + this.#config.idleTimeoutMs > now.monoMs)",
        replace: "if (this.#config.idleTimeoutMs > 0)",
      },
    ],
    caughtBy: "drains",
    scenarios: ["W-09", "S-SM-03"],
  },
  {
    id: "N20",
    title: "all groups push into the log of the first",
    from: OWN,
    edits: [
      {
        file: "core/relay/requests.ts",
        find: 'type: "append", group, device, items',
        replace: 'type: "append", group: ((this as { first?: Uint8Array }).first ??= group), device, items',
      },
    ],
    caughtBy: "group-isolation",
    scenarios: ["S-CONC-03", "S-CONC-01", "S-CONV-01"],
  },
  {
    id: "N21",
    title: "the quota of a group counts the bytes of all",
    from: OWN,
    edits: [
      {
        file: "core/log/append.ts",
        find: "const isGroupFull = heldBytes + sizeBytes > request.heldBytesMax;",
        replace: "const isGroupFull = totalBytes + sizeBytes > Math.min(request.heldBytesMax, 4096);",
      },
    ],
    caughtBy: "drains",
    scenarios: ["S-CONC-01", "S-CONC-03"],
  },
  {
    id: "N22",
    title: "a torn record is not cut off: what is written after it is lost",
    from: OWN,
    edits: [
      {
        file: "sim/journal.ts",
        find: "if (at < bytes.length) this.#disk.truncate(this.#file, at);",
        replace: "",
      },
    ],
    caughtBy: "max-cursor",
    scenarios: ["W-06"],
  },
  {
    id: "N23",
    title: "a torn record is believed",
    from: OWN,
    edits: [
      {
        file: "sim/record-reader.ts",
        find: "if (end > bytes.length || end < from) return undefined;",
        replace: "if (end < from) return undefined;",
      },
      {
        file: "sim/record-reader.ts",
        find: "return checksumOf(bytes, from, end) === readU32(bytes, at + 4) ? end : undefined;",
        replace: "return end;",
      },
    ],
    caughtBy: "invariant",
    scenarios: ["W-06"],
  },
  {
    id: "N25",
    title: "pages are read in the order in which rows were written last",
    from: OWN,
    edits: [
      {
        file: "core/log/page.ts",
        find: "return { after, through, blobs, gone, chain,",
        replace:
          "if (blobs.length > 1) {\n    const [a, b] = [blobs[0]!, blobs[1]!];\n    blobs.splice(0, 2, { ...b, cursor: a.cursor }, { ...a, cursor: b.cursor });\n  }\n  return { after, through, blobs, gone, chain,",
      },
      { file: "core/client/page-check.ts", find: "if (!isEqualBytes(chain, page.chain))", replace: "if (cursor < 0)" },
    ],
    caughtBy: "push-once",
    scenarios: ["S-CONC-01", "S-CONC-03"],
  },
  {
    id: "N27",
    title: "Welcome tells of one cursor fewer than there are",
    from: OWN,
    edits: [
      {
        file: "core/relay/answers.ts",
        find: "max: head.max,",
        replace: "max: { cursor: Math.max(0, head.max.cursor - 1), chain: head.max.chain },",
      },
    ],
    caughtBy: "max-cursor",
    scenarios: ["S-CONV-01", "T-CONN-02"],
  },
  {
    id: "N81",
    title: "asked to stop, it waits for its devices to leave",
    from: OWN,
    edits: [
      {
        file: "core/relay/relay.ts",
        find: "|| this.#jobs.size > 0) return;",
        replace: "|| this.#jobs.size > 0 || this.#sessions.size > 0) return;",
      },
    ],
    caughtBy: "shutdown",
    scenarios: ["S-CONV-02"],
  },
  {
    id: "N82",
    title: "a dropped connection is logged with the device that it belonged to",
    from: OWN,
    edits: [
      {
        file: "core/relay/connections.ts",
        find: "drop(session: Session, why: DropWhy): void {",
        replace:
          "drop(session: Session, reason: DropWhy): void {\n    const why = `${reason} ${session.membership?.deviceHex ?? session.address}` as DropWhy;",
      },
    ],
    caughtBy: "no-metadata-in-logs",
    scenarios: ["E-ENC-01", "T-CONN-03", "W-09"],
  },
  {
    id: "N84",
    title: "the range of a page ends after the next cursor, which is still to come",
    from: OWN,
    edits: [
      {
        file: "core/log/page.ts",
        find: "  return { after, through, blobs, gone, chain,",
        replace:
          '  if (after < head.max.cursor && through === head.max.cursor && gone.length === 0) {\n    const next = through + 1;\n    const ahead = new Uint8Array(32).fill(next & 0xff);\n    const empty = { from: next, to: next, why: "expired", chain: ahead } as const;\n    return { after, through: next, blobs, gone: [empty], chain: ahead, hasMore: false, max: next };\n  }\n  return { after, through, blobs, gone, chain,',
      },
      // A chain would tell: here it binds nothing but the cursor.
      {
        file: "core/log/chain.ts",
        find: "return this.#suite.hash(this.#buffer);",
        replace: "return this.#suite.hash(this.#buffer).fill(cursor & 0xff);",
      },
    ],
    caughtBy: "no-late-lower",
    scenarios: ["S-CONC-01", "T-CONN-02"],
  },
  {
    id: "N87",
    title: "in a batch each acknowledgement names the place of the blob before",
    from: OWN,
    edits: [
      {
        file: "core/log/append.ts",
        find: 'answers.push({ type: "accepted", blobId: item.blobId, cursor, chain, epoch: head.epoch, isNew: true });',
        replace:
          'const told = rows[rows.length - 2] ?? row;\n    answers.push({ type: "accepted", blobId: item.blobId, cursor: told.cursor, chain: told.chain, epoch: head.epoch, isNew: true });',
      },
    ],
    caughtBy: "cursor-binding",
    scenarios: ["T-CONN-02"],
  },
  {
    id: "N88",
    title: "a blob id or a chain that rotted in the store is served as it is",
    from: OWN,
    edits: [
      {
        file: "sim/relay-store.ts",
        find: "if (!this.#hasOldRows) return rows;",
        replace: "if (after >= 0) return rows;",
      },
    ],
    caughtBy: "acked-durable",
    scenarios: ["C-STOR-03"],
  },
];
