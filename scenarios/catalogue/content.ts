/** Family C: content and storage. Rows in document order. */
import type { Scenario } from "../scenario.ts";
import { createRow } from "./row.ts";
import * as storage from "./storage-plans.ts";

export const content: readonly Scenario[] = [
  createRow("C-STOR-01", {
    title: "relay disk full during a write",
    mustHold: "clear retryable error, nothing partial, recovery after space",
    on: "S L D",
    plan: storage.planRelayDiskFull,
  }),
  createRow("C-STOR-02", {
    title: "client disk full during a pull",
    mustHold: "clear retryable error, nothing partial, recovery after space; relay unaffected",
    on: "S L D",
    plan: storage.planDeviceDiskFull,
  }),
  createRow("C-STOR-03", {
    title: "bit rot in the relay's store",
    mustHold: "found by the client, quarantined, reported",
    on: "S L D",
    plan: storage.planBitRot,
  }),
  createRow("C-STOR-04", {
    title: "relay restarts cold",
    mustHold: "serves from disk",
    on: "S L D",
    plan: storage.planColdRestart,
  }),
  createRow("C-COLL-01", { title: "cut after 3 of 10 parts", mustHold: "resumes at part 4", on: "S L D" }),
  createRow("C-COLL-02", { title: "deleted while being pulled", mustHold: "a clear error", on: "S L D" }),
];
