/** The values of the client's options, from what was typed. Each answers with the value or throws a `UserError` that shows a right one. */
import { TTL_S_MAX } from "../../core/limits.ts";
import type { RevokeReason } from "../../core/wire/messages.ts";
import { UserError } from "../user-error.ts";

const UNIT_MS = { ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const DAY_MS = 86_400_000;

/** Milliseconds of `500ms`, `10s`, `5m`, `1h`, `7d`; at most a day for a wait. */
export function parseWaitOption(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined && ms <= DAY_MS) return ms;
  throw new UserError(
    `"${text}" does not fit --wait: it takes a time of up to a day, such as --wait 10s, 500ms or 5m.`,
  );
}

/** Whole seconds. */
export function parseTtlOption(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined && ms >= 1000 && ms <= TTL_S_MAX * 1000) return Math.floor(ms / 1000);
  throw new UserError(`"${text}" does not fit --ttl: it takes from 1s to 365d, such as --ttl 90s, 1h or 30d.`);
}

function parseDuration(text: string): number | undefined {
  const match = /^([0-9]{1,9}(?:\.[0-9]{1,3})?)(ms|s|m|min|h|d)$/.exec(text.trim());
  return match === null ? undefined : Math.round(Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS]);
}

const REASONS: readonly RevokeReason[] = ["lost", "decommissioned", "compromised"];

export function parseReasonOption(text: string): RevokeReason {
  const reason = REASONS.find((one) => one === text.trim().toLowerCase());
  if (reason !== undefined) return reason;
  throw new UserError(`"${text}" does not fit --reason: it takes ${REASONS.join(", ")}.`);
}
