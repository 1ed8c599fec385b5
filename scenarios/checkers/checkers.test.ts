/** All checkers are silent on correct histories, and one wrong history for each kind of finding is found by one. */
import { describe, expect, test } from "vitest";
import type { ClientConfig } from "../../core/client/config.ts";
import type { RelayConfig } from "../../core/relay/config.ts";
import { startJudge } from "../judge.ts";
import type { DeliverRecord, DurableStateRecord, HistoryRecord, OperationRecord } from "../history.ts";
import type { Demand, Plan, Step } from "../plan.ts";
import { EPOCH, ExampleHistory, exampleChain, exampleId, examplePlan, GROUP, RELAY } from "./example-history.ts";
import { checkers } from "./index.ts";

/** `checker kind` of each finding, each once. */
function findings(history: { readonly plan: Plan; readonly records: readonly HistoryRecord[] }): string[] {
  const running = startJudge(history.plan);
  for (const record of history.records) running.observe(record);
  return [...new Set(running.finish().findings.map((finding) => `${finding.checker} ${finding.kind}`))];
}

const log = { group: GROUP, relay: RELAY, epoch: EPOCH } as const;
const otherEpoch = exampleId("e", 9);

/** Three blobs, the second of them empty, and both devices up to date. */
function threeBlobs(plan?: Plan): ExampleHistory {
  return new ExampleHistory(plan).push("alice").push("bob", 0).push("alice").pull("alice").pull("bob");
}

function lastState(history: ExampleHistory, device: string): DurableStateRecord {
  const state = history.records.findLast((record) => record.type === "durable-state" && record.device === device);
  return state as DurableStateRecord;
}

function planWith(...steps: Step[]): Plan {
  return examplePlan(steps);
}

function issue(history: ExampleHistory, step: number): ExampleHistory {
  return history.write({ type: "fault", at: history.at, step, stage: "issued" });
}

/** An acknowledgement that the relay made up. */
function ack(history: ExampleHistory, device: string, blob: string, cursor: number): ExampleHistory {
  const chain = exampleChain(EPOCH, cursor);
  return history.write({ type: "ack", at: history.at, device, ...log, blob, cursor, chain });
}

/** Alice's first blob expires before Bob pulls. */
function expired(): ExampleHistory {
  const history = new ExampleHistory().push("alice").push("alice").pull("alice");
  return history.wait(3_600_000).expire(1).pull("bob");
}

/** An answer that calls this cursor gone. */
function goneTo(device: string, cursor: number, why: string): OperationRecord {
  const gone = [{ from: cursor, to: cursor, why }];
  const page = { after: cursor - 1, through: cursor, max: 3, blobs: 0, hasMore: cursor < 3, gone };
  return { type: "op", at: 20, device, ...log, f: "pull", outcome: "ok", process: 900 + cursor, ...page };
}

/** All devices and the relay with these instead of the defaults. */
function planOf(client: Partial<ClientConfig>, relay: Partial<RelayConfig>): Plan {
  const plan = examplePlan();
  const { devices, relays } = plan.topology;
  return {
    ...plan,
    topology: {
      ...plan.topology,
      devices: devices.map((device) => ({ ...device, config: { ...device.config, ...client } })),
      relays: relays.map((each) => ({ ...each, config: { ...each.config, ...relay } })),
    },
  };
}

/** Alice pushes and waits so long; Bob hears of it at the end; then his connection goes. */
function demanding(...asked: readonly Demand[]): ExampleHistory {
  const issued = { id: 1, atMs: 0, do: "pause", host: RELAY, forMs: 1 } as const;
  const history = issue(new ExampleHistory({ ...examplePlan([issued]), demands: asked }), 1);
  const { process, row } = history.queue("alice");
  history.store(row);
  history.wait(1000).acknowledge("alice", process, row).wait(1000).pull("bob").pull("alice");
  const lost = { type: "disconnected", at: history.at, device: "bob", group: GROUP, relay: RELAY } as const;
  history.write({ ...lost, why: "silent" }).write({ ...lost, device: "alice", why: "closed-by-application" });
  return history.connect("bob").end();
}
const span = { fromMs: 0, toMs: 5000 } as const;

const refusal = { type: "refused", device: "alice", group: GROUP, relay: RELAY, code: 2001 } as const;

const correct: { readonly [title: string]: () => ExampleHistory } = {
  "two devices in turn": () => threeBlobs().push("bob").end(),
  "everything that was asked for": () =>
    demanding(
      { demand: "acked", devices: ["alice"], ...span, withinMs: 1010 },
      // The push was made before this span, and Bob makes none.
      { demand: "acked", devices: ["alice"], fromMs: 1000, toMs: 5000, withinMs: 1 },
      { demand: "acked", devices: ["bob"], ...span, withinMs: 1 },
      { demand: "heard", device: "bob", ...span, withinMs: 1010 },
      { demand: "noticed", step: 1, device: "bob", whys: ["closed", "silent"], withinMs: 2020 },
      { demand: "kept", devices: ["alice"], ...span },
      { demand: "kept", devices: ["bob"], fromMs: 0, toMs: 2000 },
      { demand: "back", devices: ["bob"], fromMs: 1000, withinMs: 1020 },
      { demand: "spread", fromMs: 0, windowMs: 1000, dialsMax: 2 },
      { demand: "lean", device: "bob", blobsMax: 1 },
      { demand: "failed", devices: ["alice", "bob"], most: 0 },
      { demand: "held", host: RELAY, what: "sessions", most: 0 },
    ),
  "nothing pushed": () => new ExampleHistory().end(),
  "crashes of a device": () => {
    const history = threeBlobs().crash("bob").push("alice").crash("alice");
    const { process, row } = history.queue("bob");
    history.crash("bob").store(row);
    return history.acknowledge("bob", process, row).crash("bob").end();
  },
  "a crash after the commit, before the answer was told": () => {
    const history = new ExampleHistory().push("alice").pull("alice");
    const before = history.records.length;
    history.pull("bob");
    const page = history.records.splice(before);
    const delivery = page.find((record) => record.type === "deliver")!;
    const invoked = page[0] as OperationRecord;
    history.write(invoked).write({ ...invoked, outcome: "info", error: "died" });
    return history.state("bob", "crash").write(delivery).connect("bob").push("alice").end();
  },
  "the commit is written before the pull's answer": () => {
    const history = threeBlobs();
    const answer = history.records.findLastIndex((record) => record.type === "op");
    history.records.push(...history.records.splice(answer, 1));
    return history.end();
  },
  "what expired is told": () => expired().end(),
  "a definite refusal": () => {
    const history = threeBlobs();
    const { process, row } = history.queue("alice");
    const { at } = history;
    history.write({ ...refusal, at, blob: row.blob, retryable: false });
    const push = { type: "op", at, device: "alice", group: GROUP, f: "push", process } as const;
    history.write({ ...push, outcome: "fail", error: "TooLarge" });
    return history.end().change("final-state", { outbox: [] }, (record) => record.device === "alice");
  },
  "a blob that was put off comes later than its successor": () => {
    const history = threeBlobs();
    const first = history.queue("alice");
    const second = history.queue("alice");
    history.write({ ...refusal, at: history.at, blob: first.row.blob, code: 2002, retryable: true });
    for (const each of [second, first]) {
      history.store(each.row);
      history.acknowledge("alice", each.process, each.row);
    }
    return history.end();
  },
  "a quarantined blob is delivered when its key comes": () => {
    const history = threeBlobs();
    const { row } = history.queue("alice");
    const cursor = history.store(row);
    const before = history.records.length;
    history.pull("bob");
    const delivery = history.records.slice(before).find((record) => record.type === "deliver")!;
    history.drop((record) => record === delivery).change("durable-state", { inbox: 3 });
    const { at } = history;
    history.records.splice(before, 0, {
      type: "quarantine",
      at,
      device: "bob",
      ...log,
      cursor,
      blob: row.blob,
      why: "no key",
    });
    return history.write(delivery).cut();
  },
  "the relay's disk is wiped and the pusher pushes again": () => {
    const history = new ExampleHistory(planWith({ id: 1, atMs: 1, do: "wipe", host: RELAY, downMs: 10 }));
    const { process, row } = history.queue("alice");
    history.store(row);
    history.acknowledge("alice", process, row).pull("alice");
    issue(history, 1).loseLog().connect("alice").connect("bob").store(row);
    // Alice has it already and drops it; Bob takes it in.
    history.acknowledge("alice", process, row).pull("bob").pull("alice");
    history.drop((record) => record.type === "deliver" && record.device === "alice" && record.index === 1);
    history.change("durable-state", { inbox: 1 });
    return history.end().change("final-state", { inbox: 1 }, (record) => record.device === "alice");
  },
  "a rolled-back relay goes on in its old epoch until that is noticed": () => {
    const plan = planWith({ id: 1, atMs: 1, do: "rollback", host: RELAY, agoMs: 5, downMs: 10 });
    const history = issue(new ExampleHistory(plan).push("alice").pull("alice"), 1);
    const { row } = history.queue("bob");
    const chain = exampleId("a", 99);
    history.write({ type: "ack", at: history.at, device: "bob", ...log, blob: row.blob, cursor: 1, chain });
    return history.connect("bob").change("op", { max: 0 }).cut();
  },
  "a device's own disk is wiped": () => {
    const history = threeBlobs(planWith({ id: 1, atMs: 1, do: "wipe", host: "bob", downMs: 10 }));
    const ofBob = history.records.filter(
      (record) =>
        (record.type === "deliver" || (record.type === "op" && record.f === "pull")) && record.device === "bob",
    );
    const committed = lastState(history, "bob");
    const empty = { why: "crash", cursor: 0, chain: exampleChain(EPOCH, 0), inbox: 0, outbox: [] } as const;
    issue(history, 1)
      .write({ ...committed, ...empty })
      .connect("bob");
    const process = history.freshProcess();
    for (const record of ofBob) history.write(record.type === "op" ? { ...record, process } : record);
    return history.write(committed).end();
  },
};

test.each(Object.entries(correct))("all are silent: %s", (_title, build) => {
  expect(findings(build())).toEqual([]);
});

const ofBob = (record: { readonly device: string }): boolean => record.device === "bob";
const isFinal = (record: HistoryRecord): boolean => record.type === "final-state";

const wrong: { readonly [finding: string]: () => ExampleHistory } = {
  "acked-durable acked-blob-missing": () => {
    const history = threeBlobs().push("alice").pull("alice").cut();
    return history.finalReads().drop(isFinal);
  },
  "acked-durable lost-before-ttl + retention expired-too-early": () =>
    new ExampleHistory().push("alice").push("alice").pull("alice").expire(1).pull("bob").end(),
  "no-fabrication fabricated-blob": () =>
    threeBlobs()
      .drop((record) => (record.type === "queued" || record.type === "op") && record.op === exampleId("0", 1))
      .end(),
  "no-fabrication altered-blob": () =>
    threeBlobs()
      .change("deliver", { digest: exampleId("d", 77) })
      .end(),
  "no-fabrication second-blob-of-a-push": () => {
    const history = new ExampleHistory();
    const { process, row } = history.queue("alice");
    history.store(row);
    history.acknowledge("alice", process, row).pull("bob");
    return history.write(history.delivery("bob", { ...row, blob: exampleId("b", 99) }, 2)).cut();
  },
  "failed-never-visible failed-push-delivered": () =>
    threeBlobs()
      .change("op", { outcome: "fail" }, (record) => record.f === "push" && record.outcome === "ok")
      .end(),
  "push-once second-cursor": () => {
    const history = threeBlobs();
    return ack(history, "alice", exampleId("b", 1), 4).cut();
  },
  "cursor-binding cursor-reused": () => {
    const history = new ExampleHistory();
    const { row } = history.queue("bob");
    return ack(history.push("alice").pull("alice").pull("bob"), "bob", row.blob, 1).cut();
  },
  "cursor-binding cursor-hole": () => {
    // At a second relay alice passes cursor 1, which nobody can name; she may have dropped it as a duplicate.
    const history = threeBlobs();
    const there = { device: "alice", group: GROUP, relay: "r2", epoch: otherEpoch } as const;
    const pull = {
      type: "op",
      at: history.at,
      f: "pull",
      ...there,
      process: history.freshProcess(),
      after: 0,
    } as const;
    const chain = exampleChain(otherEpoch, 2);
    history.write({ type: "ack", at: history.at, ...there, blob: exampleId("b", 1), cursor: 2, chain });
    history.write({ ...pull, outcome: "invoke" }).write({ ...pull, outcome: "ok", through: 2, max: 2, blobs: 2 });
    const state = { type: "durable-state", at: history.at, ...there, why: "commit" } as const;
    return history.write({ ...state, cursor: 2, chain, inbox: 3 }).end();
  },
  "no-late-lower late-lower-delivery + session-guarantees read-backwards": () => {
    const history = new ExampleHistory();
    const { process, row } = history.queue("alice");
    history.store(row);
    history.acknowledge("alice", process, row).push("alice").wait(3_600_000).expire(1).pull("bob");
    return history.write(history.delivery("bob", row, 1)).cut();
  },
  "no-late-lower late-lower-commit + session-guarantees write-before-read": () => {
    const history = expired().drop(
      (record) => (record.type === "ack" || record.type === "deliver") && record.cursor === 1,
    );
    history.change("deliver", { index: 0 }, (record) => record.device === "alice");
    return ack(history, "bob", history.queue("bob").row.blob, 1)
      .drop((record) => record.type === "durable-state")
      .cut();
  },
  "prefix-agreement chains-differ": () =>
    threeBlobs()
      .change("durable-state", { chain: exampleId("a", 99) })
      .cut(),
  "max-cursor max-fell": () =>
    threeBlobs()
      .change("op", { max: 9 }, (record) => record.f === "connect" && record.outcome === "ok")
      .end(),
  "max-cursor max-below-ack": () =>
    threeBlobs()
      .change("op", { max: 2 }, (record) => record.f === "pull" && record.outcome === "ok")
      .end(),
  "cursor-behind-applied cursor-ahead-of-inbox": () =>
    threeBlobs()
      .drop((record) => record.type === "deliver" && record.device === "bob" && record.index === 2)
      .cut(),
  "cursor-behind-applied inbox-shrank": () => {
    const history = threeBlobs();
    return history.write({ ...lastState(history, "bob"), why: "crash", inbox: 1 }).cut();
  },
  "cursor-behind-applied cursor-fell": () => {
    const history = threeBlobs();
    const back = { why: "crash", cursor: 2, chain: exampleChain(EPOCH, 2) } as const;
    return history.write({ ...lastState(history, "bob"), ...back }).cut();
  },
  "exactly-once delivered-twice": () => {
    const history = threeBlobs();
    const first = history.records.find((record) => record.type === "deliver" && record.device === "bob")!;
    return history.write({ ...first, epoch: otherEpoch, index: 3 } as HistoryRecord).cut();
  },
  "exactly-once index-skipped": () => threeBlobs().change("deliver", { index: 5 }).end(),
  "exactly-once index-repeated": () => threeBlobs().change("deliver", { index: 1 }).end(),
  "hints-move-nothing cursor-from-a-hint": () => {
    const history = threeBlobs();
    const { process, row } = history.queue("bob");
    history.store(row);
    history.acknowledge("bob", process, row).write(history.delivery("bob", row, 4));
    const state = { cursor: 4, chain: exampleChain(EPOCH, 4), inbox: 4 };
    return history.write({ ...lastState(history, "bob"), ...state }).cut();
  },
  "hints-move-nothing pull-from-a-hint": () => {
    const history = threeBlobs().push("bob");
    const pull = { type: "op", at: history.at, device: "bob", ...log, f: "pull", outcome: "invoke" } as const;
    return history.write({ ...pull, process: history.freshProcess(), after: 4 }).cut();
  },
  "hints-move-nothing pull-from-behind": () => {
    const history = threeBlobs();
    const pull = { type: "op", at: history.at, device: "bob", ...log, f: "pull", outcome: "invoke" } as const;
    return history.write({ ...pull, process: history.freshProcess(), after: 1 }).cut();
  },
  "sent-log left-without-an-answer": () => {
    const history = threeBlobs();
    history.queue("bob");
    return history.crash("bob").change("durable-state", { outbox: [] }).cut();
  },
  "session-guarantees writes-reordered + sent-log order-broken": () => {
    const history = threeBlobs();
    const first = history.queue("alice");
    const second = history.queue("alice");
    for (const each of [second, first]) {
      history.store(each.row);
      history.acknowledge("alice", each.process, each.row);
    }
    return history.end();
  },
  "sent-log never-answered": () => {
    const history = threeBlobs();
    history.queue("bob");
    return history.end().drop(isFinal);
  },
  "acked-durable acked-blob-missing + gone-is-told gone-untold": () => {
    const history = expired();
    const told = history.records.findIndex((record) => record.type === "lost");
    const aside = { type: "quarantine", at: history.at, device: "bob", ...log, cursor: 1, why: "" } as const;
    history.records[told] = { ...aside, blob: exampleId("b", 1) };
    return history.end();
  },
  "gone-is-told lost-but-not-gone": () => {
    const history = threeBlobs();
    return history.write({ type: "lost", at: history.at, device: "bob", ...log, from: 2, to: 2, why: "" }).cut();
  },
  "group-isolation blob-of-another-group": () => {
    const history = threeBlobs();
    const chain = exampleChain(otherEpoch, 1);
    const there = { device: "carol", group: "g2", relay: RELAY, epoch: otherEpoch } as const;
    return history.write({ type: "ack", at: history.at, ...there, blob: exampleId("b", 1), cursor: 1, chain }).cut();
  },
  "group-isolation payload-of-another-group": () => {
    const history = threeBlobs();
    const first = history.records.find((record) => record.type === "deliver")!;
    const there = { device: "carol", group: "g2", blob: exampleId("b", 99) } as const;
    const queued = { type: "queued", at: history.at, ...there, process: history.freshProcess(), sequence: 1 } as const;
    history.write({ ...queued, op: exampleId("0", 1) });
    return history.write({ ...first, ...there, epoch: otherEpoch } as HistoryRecord).cut();
  },
  "nonce-unique nonce-reused": () => threeBlobs().write({ type: "seal", at: 99, host: "bob", key: 2, nonce: 0 }).end(),
  "zero-knowledge canary-seen": () => {
    const bytes = new Uint8Array(100);
    const op = exampleId("0", 1);
    for (let i = 0; i < 16; i++) bytes[84 + i] = Number.parseInt(op.slice(2 * i, 2 * i + 2), 16);
    return threeBlobs().write({ type: "relay-view", at: 99, relay: RELAY, bytes }).end();
  },
  "zero-knowledge unusable-canary": () =>
    threeBlobs().write({ type: "secret", at: 99, what: "pin", value: "1234" }).end(),
  "converges never-healed": () => threeBlobs(),
  "converges not-converged": () => {
    const history = threeBlobs().healed();
    const waiting = ["bob waits for a Welcome of r1"];
    return history.write({ type: "phase", at: history.at, phase: "stalled", frames: 30, waiting }).finalReads();
  },
  "converges converged-late": () => threeBlobs().healed().wait(60_001).end(),
  "converges too-many-frames": () =>
    threeBlobs()
      .end()
      .change("phase", { frames: 1100 }, (r) => r.phase === "converged"),
  "converges states-differ": () =>
    threeBlobs()
      .end()
      .change("final-state", { epoch: otherEpoch, cursor: 0, chain: exampleChain("", 0) }, ofBob),
  "converges inboxes-differ": () =>
    threeBlobs()
      .end()
      .drop((record) => record.type === "ack")
      .drop((record) => (record.type === "deliver" || record.type === "durable-state") && record.device === "bob")
      .change("final-state", { relay: "r2", epoch: otherEpoch, cursor: 0, chain: exampleChain("", 0) }, ofBob),
  "drains resource-left": () =>
    threeBlobs()
      .end()
      .change("resources", { counts: { sessions: 1, timers: 1 } }, (record) => record.stage === "end"),
  "drains outbox-not-empty": () =>
    threeBlobs()
      .end()
      .change("final-state", { outbox: [exampleId("b", 99)] }, ofBob),
  "invariant invariant-broken": () =>
    threeBlobs().write({ type: "stopped", at: 99, why: "invariant", host: "bob", message: "page before Welcome" }),
  "retention expired-too-early": () =>
    threeBlobs()
      .write(goneTo("bob", 1, "expired"))
      .end(),
  "paging gone-came-back + retention acknowledged-too-early": () => {
    const history = new ExampleHistory().push("alice").pull("alice");
    return history
      .write(goneTo("alice", 1, "acknowledged"))
      .pull("bob")
      .end();
  },
  "retention rotted-too-early": () =>
    threeBlobs()
      .write(goneTo("bob", 2, "rotted"))
      .end(),
  "retention deleted-too-early": () =>
    threeBlobs()
      .write(goneTo("bob", 3, "deleted"))
      .end(),
  "limits page-over-limit": () => threeBlobs(planOf({ pullLimit: 2 }, {})).end(),
  "limits page-over-budget": () => threeBlobs(planOf({ pullBytesMax: 3 * (296 + 96) - 1 }, {})).end(),
  "limits quota-overrun": () => threeBlobs(planOf({}, { groupBytesMax: 3 * 296 - 1 })).end(),
  "limits oversize-accepted": () => new ExampleHistory(planOf({}, { groupBytesMax: 295 })).push("alice").cut(),
  "limits wrong-finality": () => {
    const history = threeBlobs();
    const { row } = history.queue("alice");
    return history.write({ ...refusal, at: history.at, blob: row.blob, code: 2001, retryable: true }).cut();
  },
  "no-storm reconnect-storm": () => {
    const history = new ExampleHistory();
    for (let i = 0; i < 5; i++) history.connect("bob");
    return history.cut();
  },
  "no-storm retry-storm": () => {
    const history = new ExampleHistory();
    const { row } = history.queue("alice");
    const put = { ...refusal, blob: row.blob, code: 2002, retryable: true };
    for (let i = 0; i < 13; i++) history.wait(100).write({ ...put, at: history.at });
    return history.cut();
  },
  "no-storm load-stays": () =>
    threeBlobs()
      .end()
      .change("phase", { frames: 60 }, (record) => record.phase === "quiet"),
  "bounded over-limit": () => {
    const history = threeBlobs();
    const counts = { inFlight: examplePlan().topology.devices[0]!.config.pushWindow + 1 };
    return history.write({ type: "resources", at: history.at, host: "bob", stage: "healed", counts }).end();
  },
  "bounded two-pulls": () => {
    const history = threeBlobs();
    const pull = { type: "op", at: history.at, device: "bob", ...log, f: "pull", outcome: "invoke", after: 3 } as const;
    history.write({ ...pull, process: history.freshProcess() }).write({ ...pull, process: history.freshProcess() });
    return history.end();
  },
  "demands acked-late": () => demanding({ demand: "acked", devices: ["alice"], ...span, withinMs: 999 }),
  "demands heard-late": () => demanding({ demand: "heard", device: "bob", ...span, withinMs: 999 }),
  "demands noticed-late": () =>
    demanding({ demand: "noticed", step: 1, device: "bob", whys: ["silent"], withinMs: 1999 }),
  "demands not-kept": () => demanding({ demand: "kept", devices: ["alice", "bob"], ...span }),
  "demands back-late": () => demanding({ demand: "back", devices: ["bob"], fromMs: 1000, withinMs: 999 }),
  "demands not-spread": () => demanding({ demand: "spread", fromMs: 0, windowMs: 3000, dialsMax: 2 }),
  "demands too-many-failed": () => {
    const history = demanding({ demand: "failed", devices: ["alice"], most: 0 });
    const process = history.freshProcess();
    const push = {
      type: "op",
      at: 1,
      device: "alice",
      group: GROUP,
      f: "push",
      process,
      op: exampleId("0", 50),
    } as const;
    history.write({ ...push, outcome: "invoke", sizeBytes: 9, digest: exampleId("d", 50), ttlS: 0 });
    return history.write({ ...push, outcome: "fail", error: "TooLarge" });
  },
  "demands too-much-held": () => {
    const history = demanding({ demand: "held", host: RELAY, what: "sessions", most: 2 });
    return history.write({ type: "resources", at: 1, host: RELAY, stage: "healed", counts: { sessions: 3 } });
  },
  "demands not-lean": () => demanding({ demand: "lean", device: "bob", blobsMax: 0 }),
  "real-time acknowledged-not-in-range + max-cursor max-below-ack": () =>
    threeBlobs()
      .change("op", { through: 2, max: 2, blobs: 2 }, (record) => record.f === "pull" && record.outcome === "ok")
      .drop((record) => record.type === "deliver" && record.device === "bob" && record.cursor === 3)
      .change("durable-state", { cursor: 2, inbox: 2, chain: exampleChain(EPOCH, 2) })
      .cut(),
  "session-guarantees read-backwards": () => {
    const history = new ExampleHistory().push("alice").push("bob").pull("alice");
    const read = history.records.flatMap((record, at) => (record.type === "deliver" ? [at] : []));
    const [first, second] = read.map((at) => history.records[at] as DeliverRecord);
    history.records[read[0]!] = { ...second!, index: 0 };
    history.records[read[1]!] = { ...first!, index: 1 };
    return history.cut();
  },
  "cursor-behind-applied cursor-ahead-of-inbox + session-guarantees write-not-read": () =>
    threeBlobs()
      .drop((record) => record.type === "deliver" && record.device === "alice" && record.index === 2)
      .cut(),
  "paging page-unaccounted": () =>
    threeBlobs()
      .change("op", { blobs: 2 }, (record) => record.f === "pull" && record.outcome === "ok")
      .end(),
  "paging has-more-untrue": () =>
    threeBlobs()
      .change("op", { hasMore: true }, (record) => record.f === "pull" && record.outcome === "ok")
      .end(),
  "paging page-stands-still": () => {
    const history = threeBlobs();
    const pull = { type: "op", device: "bob", ...log, f: "pull", process: history.freshProcess(), after: 3 } as const;
    const page = { through: 3, max: 4, gone: [], blobs: 0, hasMore: true };
    history.write({ ...pull, at: history.at, outcome: "invoke" });
    return history.write({ ...pull, at: history.at, outcome: "ok", ...page }).cut();
  },
  "paging gone-came-back": () => {
    const history = new ExampleHistory().push("alice").pull("alice").wait(3_600_000);
    return history
      .write({ ...goneTo("alice", 1, "expired"), at: history.at })
      .pull("bob")
      .end();
  },
  "relay-honesty accused-in-vain": () =>
    threeBlobs()
      .write({ type: "accused", at: 99, device: "bob", ...log, what: "rolled-back", cursor: 3 })
      .end(),
  "sent-log never-answered + relay-honesty omission-unnoticed": () => {
    // The relay never acknowledged it; alice's next blob came through.
    const history = threeBlobs();
    history.queue("alice");
    return history.push("alice").end().drop(isFinal);
  },
  "max-cursor max-fell + max-cursor max-below-ack + relay-honesty rollback-unnoticed": () =>
    threeBlobs().connect("bob").change("op", { max: 1 }).end(),
  "tamper tampering-unnoticed": () => {
    const link = { dialler: "bob", listener: RELAY, stream: "down", forMs: 10 } as const;
    const plan = planWith({ id: 1, atMs: 1, do: "toxic", ...link, toxic: { type: "tamper", how: "flip", skip: 0 } });
    return threeBlobs(plan).write({ type: "fault", at: 99, step: 1, stage: "observed" }).end();
  },
  "relay-honesty accused-in-vain + tamper refused-page-taken": () => {
    const history = threeBlobs();
    const commit = history.records.pop()!;
    history.write({ type: "accused", at: history.at, device: "bob", ...log, what: "page-refused", cursor: 0 });
    return history.write(commit).end();
  },
  "no-metadata-in-logs field-not-loggable": () =>
    threeBlobs().write({ type: "log", at: 99, host: RELAY, line: '{"msg":"swept","sizeBytes":412}' }).end(),
  "no-metadata-in-logs identity-in-log": () =>
    threeBlobs().write({ type: "log", at: 99, host: RELAY, line: '{"msg":"dropped","why":"192.168.1.7"}' }).end(),
  "no-metadata-in-logs short-id-in-log": () =>
    threeBlobs()
      .write({ type: "log", at: 99, host: RELAY, line: `{"msg":"push of ${exampleId("b", 1).slice(0, 9)}"}` })
      .end(),
  "shutdown killed": () =>
    threeBlobs().write({ type: "exit", at: 5099, host: RELAY, askedAt: 99, graceMs: 5000, code: null }).end(),
  "shutdown exit-code": () =>
    threeBlobs().write({ type: "exit", at: 100, host: RELAY, askedAt: 99, graceMs: 5000, code: 70 }).end(),
  "shutdown left-late": () =>
    threeBlobs().write({ type: "exit", at: 5100, host: RELAY, askedAt: 99, graceMs: 5000, code: 0 }).end(),
  "cursor-behind-applied cursor-fell + shutdown half-written": () => {
    const history = threeBlobs();
    history.write({ type: "exit", at: 100, host: "bob", askedAt: 99, graceMs: 5000, code: 0 });
    const back = { why: "crash", cursor: 2, chain: exampleChain(EPOCH, 2) } as const;
    return history.write({ ...lastState(history, "bob"), ...back }).cut();
  },
  "hang event-budget-spent": () =>
    threeBlobs().write({ type: "stopped", at: 99, why: "hang", host: null, message: "1,000,000 events" }),
};

describe("each kind of finding is found by its checker, and by no other (or by those named with it)", () => {
  test.each(Object.entries(wrong))("%s", (finding, build) => {
    expect(findings(build())).toEqual(finding.split(" + "));
  });

  test("and each checker has at least one", () => {
    const named = new Set(
      Object.keys(wrong).flatMap((all) => all.split(" + ").map((finding) => finding.split(" ")[0])),
    );
    expect([...named].sort()).toEqual(checkers.map((checker) => checker.name).sort());
  });
});

test("a device's queue is bounded, in rows and in bytes, by what is not settled yet", () => {
  const queued = (client: Partial<ClientConfig>, settled: number): string[] => {
    const history = new ExampleHistory(planOf(client, {}));
    for (let i = 0; i < settled; i++) history.push("alice");
    for (let i = 0; i < 3; i++) history.queue("alice");
    return findings(history.cut());
  };
  const overrun = ["limits queue-overrun"];
  expect([queued({ queueRowsMax: 3 }, 5), queued({ queueRowsMax: 2 }, 0)]).toEqual([[], overrun]);
  expect([queued({ queueBytesMax: 1000 }, 5), queued({ queueBytesMax: 800 }, 0)]).toEqual([[], overrun]);

  const history = threeBlobs();
  const counts = { queuedRows: examplePlan().topology.devices[0]!.config.queueRowsMax + 1 };
  history.write({ type: "resources", at: history.at, host: "bob", stage: "healed", counts });
  expect(findings(history.end())).toEqual(["bounded over-limit"]);
});

test("a device that joined after the acknowledgement is owed nothing", () => {
  const history = new ExampleHistory(examplePlan([], ["alice", "carol"]));
  history.drop((record) => "device" in record && record.device === "carol");
  history.push("alice").pull("alice").connect("carol").cut().finalReads().drop(isFinal);
  expect(findings(history)).toEqual([]);
});

test("in a later epoch a cursor that only duplicates have is no hole", () => {
  const history = threeBlobs().loseLog();
  const place = { device: "alice", group: GROUP, relay: RELAY, epoch: exampleId("e", 2) } as const;
  const pull = { type: "op", at: history.at, f: "pull", ...place, process: history.freshProcess(), after: 0 } as const;
  history.write({ ...pull, outcome: "invoke" }).write({ ...pull, outcome: "ok", through: 2, max: 2, blobs: 2 });
  const state = { cursor: 2, chain: exampleChain(place.epoch, 2), inbox: 3 } as const;
  history.write({ type: "durable-state", at: history.at, ...place, why: "commit", ...state });
  expect(findings(history.cut().finalReads().drop(isFinal))).toEqual([]);
});

test("a lower commit is late from the very cursor that was reached", () => {
  const history = new ExampleHistory().push("alice").pull("bob");
  history.drop((record) => record.type === "ack" || record.type === "deliver" || record.type === "durable-state");
  expect(findings(ack(history, "bob", history.queue("bob").row.blob, 1).cut())).toEqual([
    "no-late-lower late-lower-commit",
  ]);
});

test("after a wipe of the relay, what its pusher still has must arrive again", () => {
  const plan = planWith({ id: 1, atMs: 1, do: "wipe", host: RELAY, downMs: 10 });
  const history = issue(new ExampleHistory(plan).push("alice").pull("alice"), 1).loseLog();
  expect(findings(history.cut().finalReads().drop(isFinal))).toEqual(["acked-durable acked-blob-missing"]);
  // A pusher that lost its own disk as well has nothing to push again.
  const both = planWith(plan.steps[0]!, { id: 2, atMs: 1, do: "wipe", host: "alice", downMs: 10 });
  const bereft = issue(issue(new ExampleHistory(both).push("alice").pull("alice"), 1), 2).loseLog();
  expect(findings(bereft.cut().finalReads().drop(isFinal))).toEqual([]);
});

test("a wiped relay that keeps its epoch uses a cursor twice", () => {
  const plan = planWith({ id: 1, atMs: 1, do: "wipe", host: RELAY, downMs: 10 });
  const history = new ExampleHistory(plan);
  const { row } = history.queue("bob");
  issue(history.push("alice").pull("alice"), 1);
  expect(findings(ack(history, "bob", row.blob, 1).cut())).toContain("cursor-binding cursor-reused");
});

test("a run that did not converge says who waits for what", () => {
  const running = startJudge(examplePlan());
  for (const record of wrong["converges not-converged"]!().records) running.observe(record);
  expect(running.finish().findings[0]!.message).toContain("bob waits for a Welcome of r1");
});
