/** Family A: attackers, on the wire, at the port and in the relay's chair. Rows in document order. */
import type { Scenario } from "../scenario.ts";
import * as limits from "./limit-plans.ts";
import { createRow } from "./row.ts";
import * as tampering from "./tamper-plans.ts";

export const attackers: readonly Scenario[] = [
  createRow("A-PROTO-01", {
    title: "relay flips bits in stored blobs",
    mustHold: "rejected, reported, the others go on",
    on: "S L",
  }),
  createRow("A-PROTO-02", {
    title: "old messages injected again",
    mustHold: "no effect",
    on: "S L",
    plan: tampering.planInjection,
  }),
  createRow("A-PROTO-03", {
    title: "a second device with a stolen identity key",
    mustHold: "one session at a time; noticed",
    on: "S L",
  }),
  createRow("A-PROTO-04", {
    title: "relay tries to read",
    mustHold: "zero plaintext in all it sees, stores and logs",
    on: "S L D",
  }),
  createRow("A-PROTO-05", { title: "garbage on the port", mustHold: "refused, no crash, no memory", on: "S L D" }),
  createRow("A-RES-01", {
    title: "1,000 handshakes never finished",
    mustHold: "limits hold, existing sessions unaffected, log names the address and nothing else",
    on: "S L D",
  }),
  createRow("A-RES-02", { title: "frame header announces 4 GB", mustHold: "refused on the header", on: "S L D" }),
  createRow("A-RES-03", {
    title: "slow loris, in the handshake and after",
    mustHold: "timed out, others served",
    on: "S L D",
  }),
  createRow("A-RES-04", {
    title: "endless pushes",
    mustHold: "quota answer; other groups unaffected",
    on: "S L D",
    plan: limits.planEndlessPushes,
  }),
  createRow("A-RES-05", {
    title: "50 handshakes at once while the machine is busy",
    mustHold: "no weak or repeated randomness",
    on: "L D",
  }),
];
