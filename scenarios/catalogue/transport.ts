/** Family T: the transport underneath is slow, lossy, narrow or gone. Rows in document order. */
import type { Scenario } from "../scenario.ts";
import { createRow } from "./row.ts";
import * as latency from "./latency-plans.ts";
import * as loss from "./loss-plans.ts";
import * as plans from "./transport-plans.ts";

export const transport: readonly Scenario[] = [
  createRow("T-LAT-01", { title: "200 ms each way", on: "S L D", plan: plans.planLatency }),
  createRow("T-LAT-02", {
    title: "200 ± 150 ms jitter",
    mustHold: "no reordering seen by the application",
    on: "S L D",
    plan: latency.planJitter,
  }),
  createRow("T-LAT-03", {
    title: "10 ms up, 500 ms down",
    mustHold: "both directions sync",
    on: "S L D",
    plan: plans.planAsymmetricLatency,
  }),
  createRow("T-LAT-04", {
    title: "satellite, 600 ± 50 ms",
    mustHold: "handshake completes within its timeout",
    on: "S L D",
    plan: latency.planSatellite,
  }),
  createRow("T-LOSS-01", { title: "5 % loss", on: "S D", plan: loss.planSomeLoss }),
  createRow("T-LOSS-02", {
    title: "20 % loss",
    mustHold: "completes, or a retryable error; never corruption",
    on: "S D",
    plan: loss.planMuchLoss,
  }),
  createRow("T-LOSS-03", {
    title: "bursty loss (Gilbert–Elliott, 10 %, correlated)",
    on: "S D",
    plan: loss.planBurstyLoss,
  }),
  createRow("T-LOSS-04", {
    title: "100 % loss for 30 s, then healed",
    mustHold: "resumes from its cursor, nothing twice",
    on: "S L D",
    plan: plans.planBlackout,
  }),
  createRow("T-CONN-01", {
    title: "relay killed while a push is under way",
    mustHold: "retry lands once",
    on: "S L D",
    plan: plans.planRelayKill,
  }),
  createRow("T-CONN-02", {
    title: "client killed while pushing",
    mustHold: "relay holds no half state, the others unaffected, outbox resumes",
    on: "S L D",
    plan: plans.planDeviceKill,
  }),
  createRow("T-CONN-03", {
    title: "all clients cut off from the relay",
    mustHold: "both notice, both queue, both recover",
    on: "S L D",
    plan: plans.planAllCutOff,
  }),
  createRow("T-CONN-04", {
    title: "10 connects and disconnects within 5 s by the application, a push in each",
    mustHold: "sessions, timers, file descriptors back to the baseline",
    on: "S L D",
    plan: plans.planFlapping,
  }),
  createRow("T-CONN-05", {
    title: "half-open: one side gone without FIN",
    mustHold: "found by keep-alive within its bound",
    on: "S L D",
    plan: plans.planHalfOpen,
  }),
  createRow("T-BW-01", {
    title: "56 kbit/s",
    mustHold: "small blobs pass; a large one passes or times out cleanly",
    on: "S L D",
    plan: loss.planModem,
  }),
  createRow("T-BW-02", {
    title: "1 MB/s falls to 10 KB/s in mid-transfer",
    on: "S L D",
    plan: loss.planFallingBandwidth,
  }),
  createRow("T-BW-03", {
    title: "fast A, slow B",
    mustHold: "A is never held back by B",
    on: "S L D",
    plan: latency.planFastAndSlow,
  }),
];
