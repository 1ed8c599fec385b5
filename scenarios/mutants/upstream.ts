/** Defects that are or were in the upstream project, planted into this protocol. In the order of the list of issue 5. */
import type { Mutant } from "./mutant.ts";

const UPSTREAM = "upstream";

/** A pull position that a test of the present epoch may move. */
const IS_SAME_EPOCH = "this.#position !== undefined && isEqualBytes(this.#position.epoch, this.#epoch!)";

export const upstreamMutants: readonly Mutant[] = [
  {
    id: "M01",
    title: "PushAck advances the pull cursor",
    from: UPSTREAM,
    edits: [
      {
        file: "core/client/relay-link.ts",
        find: "this.#raiseHighest(position);",
        replace:
          "if (position.cursor > this.#position!.contiguous.cursor) this.#position = { epoch, contiguous: position, highest: position };",
      },
    ],
    caughtBy: "hints-move-nothing",
    scenarios: ["S-CONC-01", "S-CONV-04"],
  },
  {
    id: "M02",
    title: "pull starts from the highest cursor seen, not the contiguous one",
    from: UPSTREAM,
    edits: [
      {
        file: "core/client/relay-link.ts",
        find: "const after = this.#position!.contiguous.cursor;",
        replace: "const after = this.#position!.highest.cursor;",
      },
      {
        file: "core/client/relay-link.ts",
        find: "this.#position!.contiguous, page",
        replace: "this.#position!.highest, page",
      },
    ],
    caughtBy: "hints-move-nothing",
    scenarios: ["S-CONC-01", "S-CONV-04"],
  },
  {
    id: "M03",
    title: "cursor allocated in one transaction, blob inserted in another",
    from: UPSTREAM,
    edits: [
      {
        file: "sim/relay-store.ts",
        find: "#answers: RelayAnswer[] = [];",
        replace: "#answers: RelayAnswer[] = [];\n  #late: RelayEntry[] = [];",
      },
      {
        file: "sim/relay-store.ts",
        find: "this.#answers = [this.#run(operations[0]!, now)];",
        replace:
          "if (this.#late.length > 0) this.#entries = this.#late.splice(0);\n    this.#answers = [this.#run(operations[0]!, now)];",
      },
      {
        file: "sim/relay-store.ts",
        find: "if (this.#entries === NO_ENTRIES) this.#entries = [entry];",
        replace:
          'if (entry.type === "row") this.#late.push(entry);\n    else if (this.#entries === NO_ENTRIES) this.#entries = [entry];',
      },
    ],
    caughtBy: "acked-durable",
    scenarios: ["W-06", "T-CONN-01", "S-CONV-02"],
  },
  {
    id: "M04",
    title: "a repeated push of the same blob id is an error",
    from: UPSTREAM,
    edits: [
      {
        file: "core/log/append.ts",
        find: "answers.push(answerRepeated(item, earlier, head.epoch));",
        replace: 'answers.push({ type: "conflict", blobId: item.blobId });',
      },
    ],
    caughtBy: "failed-never-visible",
    scenarios: ["T-CONN-02", "S-CONC-01", "S-SM-01"],
  },
  {
    id: "M05",
    title: "a repeated push gets a second cursor",
    from: UPSTREAM,
    edits: [{ file: "core/log/append.ts", find: "?? known(item", replace: "?? ((..._: unknown[]) => undefined)(item" }],
    caughtBy: "push-once",
    scenarios: ["T-CONN-02", "S-CONC-01", "S-SM-01"],
  },
  {
    id: "M06",
    title: "fan-out makes a new blob id per relay",
    from: UPSTREAM,
    edits: [
      {
        file: "core/client/client.ts",
        find: "for (const { outbox } of this.#links) outbox.add(row);",
        replace:
          "this.#links.forEach(({ outbox }, i) => outbox.add({ ...row, blobId: row.blobId.map((byte, at) => (at === 0 ? byte ^ i : byte)) }));",
      },
      // Sealed anew for each relay: here by an id that is not bound to the payload.
      { file: "core/blob/seal.ts", find: "ad.set(about.blobId, 1 + GROUP_ID_BYTES);", replace: "" },
    ],
    caughtBy: "no-fabrication",
    scenarios: ["MR-5", "MR-1"],
  },
  {
    id: "M07",
    title: "one cursor for all relays",
    from: UPSTREAM,
    edits: [
      {
        file: "core/client/relay-link.ts",
        find: "{ epoch, contiguous: START, highest: START }",
        replace:
          "{ epoch, contiguous: (this.#port as { one?: Position }).one ?? START, highest: (this.#port as { one?: Position }).one ?? START }",
      },
      {
        file: "core/client/relay-link.ts",
        find: "this.#raiseHighest(through);",
        replace: "this.#raiseHighest(through);\n    (this.#port as { one?: Position }).one = through;",
      },
    ],
    caughtBy: "hints-move-nothing",
    scenarios: ["MR-1", "MR-5", "MR-4"],
  },
  {
    id: "M08",
    title: "`has_more` ignored",
    from: UPSTREAM,
    edits: [
      {
        file: "core/client/puller.ts",
        find: "this.#latest = hasMore ? Math.max(this.#latest, max) : max;",
        replace: "this.#latest = hasMore || max > 0 ? 0 : max;",
      },
    ],
    caughtBy: "converges",
    scenarios: ["S-SM-02"],
  },
  {
    id: "M09",
    title: "an undecryptable blob is skipped and the cursor moves on",
    from: UPSTREAM,
    edits: [
      // One blob in sixteen is under a key that this device does not have …
      {
        file: "core/client/sealer.ts",
        find: "const opened = openBlob({ suite, pool: this.#pool, key, groupId, blobId, kind: BlobKind.data, payload });",
        replace:
          'const isForeign = blobId[0]! % 16 === 0;\n    const opened = isForeign ? fail({ type: "Refused" } as const) : openBlob({ suite, pool: this.#pool, key, groupId, blobId, kind: BlobKind.data, payload });',
      },
      // … and nobody hears of it.
      { file: "core/inbox/take.ts", find: "quarantine.push(item);", replace: "" },
    ],
    caughtBy: "cursor-behind-applied",
    scenarios: ["S-CONC-01", "S-CONC-03"],
  },
  {
    id: "M10",
    title: "no AAD",
    from: UPSTREAM,
    edits: [
      {
        file: "core/blob/seal.ts",
        find: "ad[0] = SEAL_VERSION;",
        replace: "if (ad.length > 0) return new Uint8Array(0);",
      },
      // What an AAD is for: a relay that gives an earlier payload for a later blob.
      {
        file: "core/relay/requests.ts",
        find: "session.batch.push({ blobId, payload: push.payload, payloadHash, ttlS: push.ttlS });",
        replace:
          "const held = session as Session & { held?: AppendItem };\n    if (held.held !== undefined && blobId[0]! % 4 === 0) return void session.batch.push({ ...held.held, blobId });\n    held.held = { blobId, payload: push.payload, payloadHash, ttlS: push.ttlS };\n    session.batch.push(held.held);",
      },
    ],
    caughtBy: "no-fabrication",
    scenarios: ["S-CONC-01", "S-CONC-03", "S-CONC-04"],
  },
  {
    id: "M11",
    title: "Argon2 parameters from the local machine",
    from: UPSTREAM,
    edits: [
      {
        file: "harness/crypto/group-secret.ts",
        find: "return argon2id(new Redacted(encodeText(text)), salt, parameters);",
        replace:
          "const memoryKiB = process.arch.length > 0 ? 19 * 1024 : parameters.memoryKiB;\n  return argon2id(new Redacted(encodeText(text)), salt, { ...parameters, memoryKiB });",
      },
    ],
    caughtBy: "the known secrets of a passphrase",
    scenarios: [],
    test: "harness/crypto/group-secret.test.ts",
  },
  {
    id: "M12",
    title: "gaps above a limit count as none (upstream 10,000 cursors, here 2)",
    from: UPSTREAM,
    edits: [
      {
        file: "core/client/relay-link.ts",
        find: "const lost = gone.map(",
        replace: "const lost = gone.filter(({ from, to }) => to - from < 2).map(",
      },
    ],
    caughtBy: "gone-is-told",
    scenarios: ["W-13"],
  },
  {
    id: "M13",
    title: "the sent log lives in memory only",
    from: UPSTREAM,
    edits: [
      {
        file: "sim/device-store.ts",
        find: 'this.#write(operation);\n        return { id, type: "staged" };',
        replace: 'this.#apply(operation);\n        return { id, type: "staged" };',
      },
    ],
    caughtBy: "sent-log",
    scenarios: ["T-CONN-02"],
  },
  {
    id: "M14",
    title: "the attempt count is lost at each timer: backoff never grows",
    from: UPSTREAM,
    edits: [
      {
        file: "core/client/connector.ts",
        find: 'if (this.#move("due")) this.#dial(now);',
        replace: 'this.#attempt = 0;\n      if (this.#move("due")) this.#dial(now);',
      },
    ],
    caughtBy: "no-storm",
    scenarios: ["T-CONN-01", "S-CONV-02", "W-06"],
  },
  {
    id: "M15",
    title: "quota checked outside the transaction, before it is known what comes in",
    from: UPSTREAM,
    edits: [
      {
        file: "core/log/append.ts",
        find: "heldBytes + sizeBytes > request.heldBytesMax",
        replace: "heldBytes >= request.heldBytesMax",
      },
    ],
    caughtBy: "limits",
    scenarios: ["W-03"],
  },
  {
    id: "M16",
    title: "max cursor computed from live rows: falls after a sweep",
    from: UPSTREAM,
    edits: [
      {
        file: "core/log/sweep.ts",
        find: "floor = Math.min(floor, row.cursor);",
        replace: "floor = Math.min(floor, row.cursor);\n      live = { cursor: row.cursor, chain: row.chain };",
      },
      {
        file: "core/log/sweep.ts",
        find: "let floor = head.max.cursor + 1;",
        replace: "let floor = head.max.cursor + 1;\n  let live: Position = head.trimmed;",
      },
      {
        file: "core/log/sweep.ts",
        find: "return { head: { ...head, trimmed,",
        replace: "return { head: { ...head, max: live, trimmed,",
      },
    ],
    caughtBy: "no-late-lower",
    scenarios: ["E-HS-05", "E-ENC-01", "S-SM-03"],
  },
  {
    id: "M17",
    title: "ttl deletes what was not delivered, and nobody is told",
    from: UPSTREAM,
    edits: [
      {
        file: "core/client/relay-link.ts",
        find: "const lost = gone.map(({ from, to, why }) => ({ from, to, why }));",
        replace: "const lost: never[] = [];",
      },
    ],
    caughtBy: "gone-is-told",
    scenarios: ["W-13", "S-CONC-04"],
  },
  {
    id: "M18",
    title: "acknowledgement before the commit",
    from: UPSTREAM,
    edits: [
      {
        file: "sim/relay-store.ts",
        find: "#answers: RelayAnswer[] = [];",
        replace: "#answers: RelayAnswer[] = [];\n  #owed: RelayEntry[] = [];",
      },
      // Written with the next transaction; answered with this one.
      {
        file: "sim/relay-store.ts",
        find: "?? append(this.#journal, this.#entries);",
        replace: "?? append(this.#journal, this.#owed.splice(0));\n    this.#owed.push(...this.#entries);",
      },
    ],
    caughtBy: "max-cursor",
    scenarios: ["W-06", "T-CONN-01"],
  },
  {
    id: "M19",
    title: "commit without fsync",
    from: UPSTREAM,
    edits: [
      {
        file: "sim/relay-store.ts",
        find: "journal.isUnsure ? journal.commit() : undefined",
        replace: "journal.isUnsure ? undefined : undefined",
      },
    ],
    caughtBy: "acked-durable",
    scenarios: ["W-06"],
  },
  {
    id: "M20",
    title: "relay identity made anew at each start",
    from: UPSTREAM,
    edits: [
      {
        file: "sim/relay-store.ts",
        find: "identity: (this.#identity ??= operation.fresh)",
        replace: "identity: (this.#identity = operation.fresh)",
      },
    ],
    caughtBy: "converges",
    scenarios: ["S-CONV-02", "T-CONN-01"],
  },
  {
    id: "M21",
    title: "no read timeout after accept",
    from: UPSTREAM,
    edits: [{ file: "core/relay/connections.ts", find: "this.#greeting.arm(session, now.monoMs);", replace: "" }],
    caughtBy: "drains",
    scenarios: ["A-RES-01", "S-SM-03"],
  },
  {
    id: "M22",
    title: "session entry leaks after Bye",
    from: UPSTREAM,
    edits: [
      {
        file: "core/relay/connections.ts",
        find: "close(session: Session): void {",
        replace:
          'close(session: Session): void {\n    if (session.phase === "live") return this.#outputs.push({ type: "close", connection: session.connection });',
      },
    ],
    caughtBy: "drains",
    scenarios: ["W-13", "S-CONC-01"],
  },
  {
    id: "M23",
    title: "after a successful failover the client believes it is disconnected",
    from: UPSTREAM,
    edits: [
      {
        file: "core/client/itinerary.ts",
        find: "return this.#links.find((link) => link.isLive);",
        replace: "return this.#links[0]!.isLive ? this.#links[0] : undefined;",
      },
      {
        file: "core/client/itinerary.ts",
        find: "return this.#links.findIndex((link) => link.isLive);",
        replace: "return this.#links[0]!.isLive ? 0 : -1;",
      },
    ],
    caughtBy: "converges",
    scenarios: ["MR-1", "MR-4", "MR-3"],
  },
  {
    id: "M24",
    title: "Welcome's max cursor taken as one's own",
    from: UPSTREAM,
    edits: [
      {
        file: "core/client/relay-link.ts",
        find: 'tell({ type: "notified", relay, by: "Welcome"',
        replace: `if (${IS_SAME_EPOCH}) this.#position = { ...this.#position!, contiguous: welcome.max };\n    tell({ type: "notified", relay, by: "Welcome"`,
      },
    ],
    caughtBy: "hints-move-nothing",
    scenarios: ["S-CONV-01", "T-CONN-02"],
  },
  {
    id: "M25",
    title:
      "blob id unique over all groups (ids that are the same: upstream's are chosen by the application, here all that begin alike)",
    from: UPSTREAM,
    edits: [
      {
        file: "sim/relay-store.ts",
        find: "(blob) => this.#known(group, blob)",
        replace:
          "(blob) => this.#known(group, blob) ?? [...this.#tables.groups.values()].flatMap((other) => (other === group ? [] : [...other.byBlob].filter(([id]) => id[0] === encodeHex(blob)[0]).map(([, row]) => ({ ...row, payloadHash: items.find(({ blobId }) => blobId === blob)!.payloadHash }))))[0]",
      },
    ],
    caughtBy: "acked-durable",
    scenarios: ["S-CONC-03", "S-CONC-01"],
  },
  {
    id: "M26",
    title: "marked delivered before the response is written",
    from: UPSTREAM,
    edits: [
      {
        file: "core/relay/requests.ts",
        find: 'type: "page", group, after, limit, bytesMax }',
        replace: 'type: "page", group, after, limit, bytesMax, device: session.membership!.device } as RelayOperation',
      },
      {
        file: "sim/relay-store.ts",
        find: 'return { id, type: "paged", page: page ?? null };',
        replace:
          'const { device } = operation as unknown as { device: Uint8Array };\n    const member = group.members.get(encodeHex(device));\n    if (page !== undefined && member !== undefined && page.through > member.acknowledged) {\n      this.#write({ type: "member", group: operation.group, device, acknowledged: page.through, lastSeenMs: member.lastSeenMs });\n    }\n    return { id, type: "paged", page: page ?? null };',
      },
    ],
    caughtBy: "retention",
    scenarios: ["E-HS-05", "T-CONN-02"],
  },
  {
    id: "M27",
    title: "response batch without a byte budget",
    from: UPSTREAM,
    edits: [{ file: "core/log/page.ts", find: "|| cost > bytesLeft", replace: "|| cost < 0" }],
    caughtBy: "limits",
    scenarios: ["S-CONV-01"],
  },
  {
    id: "M28",
    title: "loss during the handshake ignored",
    from: UPSTREAM,
    edits: [
      {
        file: "core/client/connector.ts",
        find: "if (connection !== this.#connection) return;\n    this.#connection = -1;",
        replace:
          'if (connection !== this.#connection || this.#phase === "handshaking") return;\n    this.#connection = -1;',
      },
      {
        file: "core/client/connector.ts",
        find: '} else if (this.#phase !== "live") {',
        replace:
          '} else if (this.#phase === "handshaking") {\n      this.#dueMs = now.monoMs + 3_600_000;\n    } else if (this.#phase !== "live") {',
      },
    ],
    caughtBy: "converges",
    scenarios: ["S-SM-03", "T-CONN-03"],
  },
  {
    id: "M29",
    title: "nack puts items back in reverse order",
    from: UPSTREAM,
    edits: [
      {
        file: "core/client/sent-log.ts",
        find: "holdAll(): void {",
        replace:
          "holdAll(): void {\n    const rows = [...this.#rows].reverse();\n    this.#rows.clear();\n    for (const [blobHex, entry] of rows) this.#rows.set(blobHex, entry);",
      },
    ],
    caughtBy: "sent-log",
    scenarios: ["S-SM-01", "T-CONN-01", "S-CONV-01"],
  },
  {
    id: "M30",
    title: "secret printed by an error message",
    from: UPSTREAM,
    edits: [
      {
        file: "core/redacted.ts",
        find: "toString(): string {\n    return SHOWN;",
        replace: "toString(): string {\n    return String(this.#value);",
      },
    ],
    caughtBy: "a secret shows nothing of itself",
    scenarios: [],
    test: "core/redacted.test.ts",
  },
];
