/** Family E: handshake and encryption. Rows in document order. */
import type { Scenario } from "../scenario.ts";
import * as encryption from "./encryption-plans.ts";
import * as plans from "./handshake-plans.ts";
import { createRow } from "./row.ts";
import * as tampering from "./tamper-plans.ts";

const CUT = "timeout or clean failure, no session half made, retry works";
const NO_FALLBACK = "never falls back to one component";

export const handshake: readonly Scenario[] = [
  createRow("E-HS-01", {
    title: "cut after handshake message 1",
    mustHold: CUT,
    on: "S L D",
    plan: plans.planCutAfterFirst,
  }),
  createRow("E-HS-02", {
    title: "cut after handshake message 2",
    mustHold: CUT,
    on: "S L D",
    plan: plans.planCutAfterSecond,
  }),
  createRow("E-HS-03", {
    title: "cut after handshake message 3",
    mustHold: `${CUT}; the side that thinks it is established finds out`,
    on: "S L D",
    plan: plans.planCutAfterThird,
  }),
  createRow("E-HS-04", {
    title: "5 s latency per handshake message",
    mustHold: "with the usual limit a clear timeout; with a limit of 60 s it completes",
    on: "S L D",
    plan: plans.planSlowHandshake,
  }),
  createRow("E-HS-05", {
    title: "handshake messages reordered, split, merged",
    mustHold: "rejected or reassembled as Noise says; no state change",
    on: "S L",
    plan: tampering.planHandshakeTampering,
  }),
  createRow("E-HS-06", {
    title: "two handshakes of one device at once",
    mustHold: "one session remains, nothing leaks",
    on: "S L D",
    plan: plans.planTwoHandshakes,
  }),
  createRow("E-ENC-01", {
    title: "one bit flipped in a transport message",
    mustHold: "rejected, connection closed, no plaintext, recovery",
    on: "S L",
    plan: tampering.planFlip,
  }),
  createRow("E-ENC-02", {
    title: "transport message truncated",
    mustHold: "rejected, connection closed, no plaintext, recovery",
    on: "S L",
    plan: tampering.planTruncate,
  }),
  createRow("E-ENC-03", {
    title: "a valid transport message replayed",
    mustHold: "rejected, no state change",
    on: "S L",
    plan: tampering.planReplay,
  }),
  createRow("E-ENC-04", {
    title: "1,000 messages per second with latency",
    mustHold: "no nonce used twice, memory level",
    on: "S L D",
    plan: encryption.planThousandPerSecond,
  }),
  createRow("E-ENC-05", {
    title: "rekey during a transfer",
    mustHold: "no loss, old keys gone",
    on: "S L",
    plan: encryption.planRekeyInTransfer,
  }),
  createRow("E-PQ-01", { title: "hybrid handshake: corrupted ciphertext", mustHold: NO_FALLBACK, on: "S L" }),
  createRow("E-PQ-02", { title: "hybrid handshake: large messages on 56 kbit/s", mustHold: NO_FALLBACK, on: "S L" }),
  createRow("E-PQ-03", { title: "hybrid handshake: one component fails", mustHold: NO_FALLBACK, on: "S L" }),
  createRow("E-PQ-04", { title: "hybrid handshake: binding of both secrets", mustHold: NO_FALLBACK, on: "S L" }),
  createRow("E-PQ-05", { title: "hybrid handshake: clocks 5 minutes apart", mustHold: NO_FALLBACK, on: "S L" }),
];
