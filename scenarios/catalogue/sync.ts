/** Family S: the sync protocol itself. Rows in document order. */
import type { Scenario } from "../scenario.ts";
import { createRow } from "./row.ts";
import * as latency from "./latency-plans.ts";
import * as load from "./load-plans.ts";
import * as plans from "./sync-plans.ts";

export const sync: readonly Scenario[] = [
  createRow("S-SM-01", {
    title: "cut during a push",
    mustHold: "resumed; one copy at the relay",
    on: "S L D",
    plan: plans.planCutPush,
  }),
  createRow("S-SM-02", {
    title: "cut during a pull",
    mustHold: "no partial blob applied; pulled again",
    on: "S L D",
    plan: plans.planCutPull,
  }),
  createRow("S-SM-03", { title: "cut during Hello/Welcome", on: "S L D", plan: plans.planCutHello }),
  createRow("S-SM-04", {
    title: "push, pull, push … in quick alternation",
    mustHold: "no stuck state",
    on: "S L D",
    plan: load.planAlternation,
  }),
  createRow("S-CONC-01", {
    title: "two devices push at the same time",
    mustHold: "both blobs on both, same order everywhere",
    on: "S L D",
    plan: plans.planTwoAtOnce,
  }),
  createRow("S-CONC-02", {
    title: "A pushes while B pulls",
    mustHold: "B has it after its next cycle",
    on: "S L D",
    plan: load.planPushWhilePulling,
  }),
  createRow("S-CONC-03", {
    title: "five devices at once",
    mustHold: "all equal",
    on: "S L D",
    plan: plans.planFiveAtOnce,
  }),
  createRow("S-CONC-04", {
    title: "1,000 pushes while B is away",
    mustHold: "B catches up, transfers only what it lacks",
    on: "S L D",
    plan: plans.planThousandWhileAway,
  }),
  createRow("S-CONV-01", {
    title: "after a partition",
    mustHold: "state vectors byte-identical, no full rescan",
    on: "S L D",
    plan: plans.planPartition,
  }),
  createRow("S-CONV-02", {
    title: "after a relay restart",
    mustHold: "no regression",
    on: "S L D",
    plan: plans.planRelayRestart,
  }),
  createRow("S-CONV-03", {
    title: "A 200 ms, B 20 % loss, 5 minutes of load",
    on: "S D",
    plan: latency.planFiveMinutes,
  }),
  createRow("S-CONV-04", {
    title: "no trouble, 100 blobs",
    mustHold: "the checkers themselves work",
    on: "S L D",
    plan: plans.planCalm,
  }),
  createRow("S-BLOB-01", {
    title: "100 MB of content (scaled down in the simulator), 200 ms + 5 % loss",
    mustHold: "hash right",
    on: "S D",
  }),
  createRow("S-BLOB-02", {
    title: "10,000 × 1 KB as fast as it goes",
    mustHold: "all, once, in order",
    on: "S L D",
    plan: load.planTenThousand,
  }),
  createRow("S-BLOB-03", {
    title: "the same content from two devices",
    mustHold: "two blobs, both seen by both",
    on: "S L D",
    plan: load.planSameContent,
  }),
  createRow("S-BLOB-04", {
    title: "empty blob",
    mustHold: 'a blob, not "nothing"',
    on: "S L D",
    plan: plans.planEmptyBlobs,
  }),
];
