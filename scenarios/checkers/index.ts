/**
 * The standing checks: every history is judged by all of them, in the order of this list. A new checker is one file
 * and one line here; its test shows a correct history on which it is silent and one history for each kind of finding.
 */
import type { Checker } from "../checker.ts";
import { ackedDurable } from "./acked-durable.ts";
import { bounded } from "./bounded.ts";
import { converges } from "./converges.ts";
import { cursorBehindApplied } from "./cursor-behind-applied.ts";
import { cursorBinding } from "./cursor-binding.ts";
import { demands } from "./demands.ts";
import { drains } from "./drains.ts";
import { exactlyOnce } from "./exactly-once.ts";
import { failedNeverVisible } from "./failed-never-visible.ts";
import { goneIsTold } from "./gone-is-told.ts";
import { groupIsolation } from "./group-isolation.ts";
import { hang } from "./hang.ts";
import { hintsMoveNothing } from "./hints-move-nothing.ts";
import { invariant } from "./invariant.ts";
import { limits } from "./limits.ts";
import { maxCursor } from "./max-cursor.ts";
import { noFabrication } from "./no-fabrication.ts";
import { noLateLower } from "./no-late-lower.ts";
import { noMetadataInLogs } from "./no-metadata-in-logs.ts";
import { noStorm } from "./no-storm.ts";
import { nonceUnique } from "./nonce-unique.ts";
import { paging } from "./paging.ts";
import { prefixAgreement } from "./prefix-agreement.ts";
import { pushOnce } from "./push-once.ts";
import { realTime } from "./real-time.ts";
import { relayHonesty } from "./relay-honesty.ts";
import { retention } from "./retention.ts";
import { sentLog } from "./sent-log.ts";
import { sessionGuarantees } from "./session-guarantees.ts";
import { shutdown } from "./shutdown.ts";
import { tamper } from "./tamper.ts";
import { zeroKnowledge } from "./zero-knowledge.ts";

export const checkers: readonly Checker[] = [
  invariant,
  hang,
  ackedDurable,
  noFabrication,
  failedNeverVisible,
  pushOnce,
  cursorBinding,
  noLateLower,
  prefixAgreement,
  realTime,
  maxCursor,
  cursorBehindApplied,
  exactlyOnce,
  sessionGuarantees,
  hintsMoveNothing,
  paging,
  sentLog,
  goneIsTold,
  groupIsolation,
  relayHonesty,
  tamper,
  nonceUnique,
  zeroKnowledge,
  noMetadataInLogs,
  converges,
  drains,
  shutdown,
  retention,
  limits,
  noStorm,
  bounded,
  demands,
];
