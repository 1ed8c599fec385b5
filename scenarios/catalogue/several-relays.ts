/** Family MR: several relays. Rows in document order. */
import type { Scenario } from "../scenario.ts";
import { createRow } from "./row.ts";
import * as plans from "./several-relays-plans.ts";

export const severalRelays: readonly Scenario[] = [
  createRow("MR-1", {
    title: "primary killed during a push, after Hello",
    mustHold: "lands on the secondary, cursor kept per relay",
    on: "S L D",
    plan: plans.planPrimaryKill,
  }),
  createRow("MR-2", {
    title: "secondary killed during fan-out",
    mustHold: "primary's ack counts; copy retried later",
    on: "S L D",
    plan: plans.planSecondaryKill,
  }),
  createRow("MR-3", {
    title: "all killed",
    mustHold: "AllRelaysFailed, no hang, recovery",
    on: "S L D",
    plan: plans.planAllKilled,
  }),
  createRow("MR-4", {
    title: "a relay flaps",
    mustHold: "nothing twice, nothing missed",
    on: "S L D",
    plan: plans.planFlappingRelay,
  }),
  createRow("MR-5", {
    title: "primary +5 s",
    mustHold: "secondaries fast, primary in the end",
    on: "S L D",
    plan: plans.planSlowPrimary,
  }),
];
