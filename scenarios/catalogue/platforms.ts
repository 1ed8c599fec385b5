/** Family X: platforms. Rows in document order, which puts 03 beside 01. */
import type { Scenario } from "../scenario.ts";
import * as clocks from "./clock-plans.ts";
import { createRow } from "./row.ts";

export const platforms: readonly Scenario[] = [
  createRow("X-PLAT-01", { title: "devices on different Node majors", mustHold: "equal", on: "L" }),
  createRow("X-PLAT-03", { title: "devices on different systems (in the CI matrix)", mustHold: "equal", on: "L" }),
  createRow("X-PLAT-02", {
    title: "sleep and wake: pause 10 min, clock jumps",
    mustHold: "stale session replaced, sync resumes",
    on: "S L D",
    plan: clocks.planSleepAndWake,
  }),
  createRow("X-PLAT-04", {
    title: "the store's file is locked by someone else",
    mustHold: "retried or queued, never corrupt",
    on: "S L",
  }),
];
