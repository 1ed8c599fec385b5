/**
 * Family W: what broke elsewhere, as users of like systems reported it. A title begins with the row's name. Rows in
 * document order.
 */
import type { Scenario } from "../scenario.ts";
import * as clocks from "./clock-plans.ts";
import * as crowds from "./crowd-plans.ts";
import * as eachStep from "./each-step-plans.ts";
import * as plans from "./elsewhere-plans.ts";
import * as latency from "./latency-plans.ts";
import * as limits from "./limit-plans.ts";
import { createRow, type On, type Row } from "./row.ts";

/** Rows that come from experience rather than from one issue. */
const EXPERIENCE = "what broke elsewhere";

function row(
  id: string,
  title: string,
  mustHold: string,
  on: On,
  source = EXPERIENCE,
  plan?: Row["plan"],
  cases?: number,
): Scenario {
  return createRow(id, {
    title,
    mustHold,
    source,
    on,
    ...(plan === undefined ? {} : { plan }),
    ...(cases === undefined ? {} : { cases }),
  });
}

export const elsewhere: readonly Scenario[] = [
  row(
    "W-01",
    "relay-amnesia: relay's store wiped between two restarts",
    "new epoch noticed, devices push again what only they hold; no ack is ever a lie",
    "S L D",
    "evolu#660",
    plans.planRelayAmnesia,
  ),
  row(
    "W-02",
    "relay-rollback: whole data folder restored from an older copy, then used again",
    "as W-01, found by the chain even after the log has grown past the old cursor",
    "S L D",
    EXPERIENCE,
    plans.planRelayRollback,
  ),
  row(
    "W-03",
    "quota-then-top-up: a push is refused, then the relay comes back with a larger quota",
    "the refused blob arrives without a restart of the device",
    "S L D",
    "trezor-suite#32162",
    plans.planQuotaThenTopUp,
  ),
  row(
    "W-04",
    "quota-zero-first: no quota at the first connect",
    "clear answer, works later",
    "S L D",
    "trezor-suite#25539",
    plans.planQuotaZeroFirst,
  ),
  row(
    "W-05",
    "lost-one-reply: exactly one frame of each type withheld at the machine's boundary, each in turn (systematic)",
    "bounded number of messages per blob",
    "S",
    "automerge-repo#206, automerge#1284",
    eachStep.planLostReply,
    eachStep.LOST_REPLY_CASES.length,
  ),
  row(
    "W-06",
    "ack-then-power-loss: power lost between ack and fsync",
    "acked is durable",
    "S",
    "automerge-repo#264",
    plans.planAckThenPowerLoss,
  ),
  row("W-07", "contradictory-replies: two answers to one request", "harmless", "S", "automerge-repo#343"),
  row(
    "W-08",
    "offline-writes-while-relay-restarts",
    "all arrive",
    "S L D",
    "classic-jazz#1373",
    crowds.planOfflineWrites,
  ),
  row(
    "W-09",
    "client-crash-each-step: crash at every step of push, pull, apply, ack (exhaustive)",
    "outbox and cursor right after each",
    "S",
    "classic-jazz#307",
    eachStep.planDeviceEachStep,
    eachStep.DEVICE_STEP_CASES.length,
  ),
  row(
    "W-10",
    "relay-crash-each-step: crash at every storage step × before, after, torn (exhaustive)",
    "acked durable, cursors whole",
    "S",
    EXPERIENCE,
    eachStep.planRelayEachStep,
    eachStep.RELAY_STEP_CASES.length,
  ),
  row(
    "W-11",
    "oversize-is-loud: one byte below, at and above every limit",
    "accepted ones are pullable, refused ones say so",
    "S L D",
    "jazz (unbounded-payload-sizes)",
    limits.planOversize,
  ),
  row(
    "W-12",
    "cursor-ahead-of-relay: client's cursor beyond the relay's",
    "defined recovery, told to the application",
    "S L",
    "electric#1552, electric#3899",
    plans.planCursorAhead,
  ),
  row(
    "W-13",
    "below-the-floor: away longer than the ttl; single blobs gone in between",
    "loss of history is told, no endless refill",
    "S L",
    "electric#1922",
    plans.planBelowTheFloor,
  ),
  row(
    "W-14",
    "reconnect-storm: 200 devices after a restart",
    "attempts spread, relay stays within its limits, all back within a bound",
    "S L",
    "hocuspocus#698",
    crowds.planReconnectStorm,
  ),
  row("W-15", "handshake-flood: as A-RES-01 with good citizens among them", "they get in", "S L D", "syncthing#8913"),
  row(
    "W-16",
    "stuck-outbox: one poisoned item at the head",
    "the others go on, the item is reported",
    "S L",
    "jazz (sync-protocol-reliability)",
    limits.planStuckOutbox,
  ),
  row(
    "W-17",
    "late-key: blobs under a key that arrives later",
    "quarantined, then delivered",
    "S L",
    "element-x-ios#2417, matrix-rust-sdk#4429",
  ),
  row(
    "W-18",
    "clock-steps: ±1 h, ±5 min, drift, backwards, on any node",
    "no effect on order; ttl within its margin",
    "S D",
    EXPERIENCE,
    clocks.planClockSteps,
  ),
  row(
    "W-19",
    "cloned-device: a device's files copied to a second machine",
    "no nonce twice, the clone noticed, no eviction storm",
    "S L D",
  ),
  row(
    "W-20",
    "slow-reader: one device reads a byte a second",
    "memory bounded, others unaffected",
    "S L D",
    EXPERIENCE,
    latency.planSlowReader,
  ),
  row(
    "W-21",
    "asymmetric-forever: A hears but is not heard, for good",
    "the others make progress, A reports",
    "S L D",
    EXPERIENCE,
    crowds.planUnheard,
  ),
  row(
    "W-22",
    "swizzle: links clogged one by one, freed in another order",
    "convergence",
    "S L D",
    EXPERIENCE,
    crowds.planSwizzle,
  ),
  row(
    "W-23",
    "notify-lost: relay configured to send no Notify",
    "poll finds it within its bound",
    "S L D",
    "electric#1922",
    plans.planNotifyLost,
  ),
  row(
    "W-24",
    "version-mix: devices and relays of protocol v2 minor n and n+1, unknown fields and messages",
    "the older ignores or answers clearly",
    "S L",
    "any-sync-dockercompose#103, any-sync-dockercompose#137",
  ),
  row(
    "W-25",
    "long-haul: a simulated year: ttl sweeps, rekeys, restarts, epochs",
    "no growth, no drift",
    "S",
    EXPERIENCE,
    crowds.planLongHaul,
  ),
];
