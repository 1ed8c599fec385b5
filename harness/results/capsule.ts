/**
 * A capsule: one run in one readable file, the unit of exchange between people. It holds the plan, so it can be
 * replayed without the scenario that made it, and a checksum, so that an edit by hand is noticed: an edited plan is a
 * fine experiment, but its hash is no longer that of the seed.
 */
import { createHash } from "node:crypto";
import { parsePlan } from "../../scenarios/plan-schema.ts";
import type { Plan } from "../../scenarios/plan.ts";
import { fail, ok, type Result } from "../../core/result.ts";
import type { Suite } from "../sweep/sim-world.ts";
import type { BriefFinding } from "../sweep/task.ts";

export const CAPSULE_FORMAT = "zerok-capsule/1";
const CAPSULE_FAMILY = "zerok-capsule/";

export interface Capsule {
  readonly format: typeof CAPSULE_FORMAT;
  /** What to type to see it again. */
  readonly replay: string;
  readonly scenario: string;
  readonly seed: string;
  readonly backend: "sim" | "local" | "docker";
  readonly suite: Suite;
  readonly verdict: "valid" | "invalid" | "unknown";
  readonly idle: boolean;
  readonly findings: readonly BriefFinding[];
  readonly unknowns: readonly string[];
  /** Null of a run in the real world, as is `shapeHash`: no two of them are alike to the last byte. */
  readonly traceHash: string | null;
  readonly shapeHash: string | null;
  /** Of a run in the real world, the records of its history. */
  readonly events: number;
  readonly simulatedMs: number;
  readonly version: string;
  readonly commit: string;
  readonly fingerprint: string;
  readonly node: string;
  readonly plan: Plan;
}

export type CapsuleError =
  | { readonly type: "NotJson"; readonly isTruncated: boolean }
  | { readonly type: "NotACapsule" }
  | { readonly type: "OtherFormat"; readonly format: string }
  | { readonly type: "Edited" }
  | { readonly type: "BadField"; readonly field: string }
  | { readonly type: "BadPlan"; readonly why: string };

export function encodeCapsule(capsule: Capsule): string {
  return `${JSON.stringify({ ...capsule, checksum: checksumOf(capsule) }, undefined, 2)}\n`;
}

/** `isEditedWelcome`: do not ask for the checksum. */
export function parseCapsule(text: string, isEditedWelcome: boolean): Result<Capsule, CapsuleError> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return fail({ type: "NotJson", isTruncated: text.trimStart().startsWith("{") && !text.trimEnd().endsWith("}") });
  }
  if (!isRecord(value) || typeof value["format"] !== "string" || !value["format"].startsWith(CAPSULE_FAMILY)) {
    return fail({ type: "NotACapsule" });
  }
  if (value["format"] !== CAPSULE_FORMAT) return fail({ type: "OtherFormat", format: value["format"] });
  const { checksum, ...content } = value;
  if (!isEditedWelcome && !isSumOf(checksum, content)) return fail({ type: "Edited" });
  for (const [field, isRight] of Object.entries(FIELDS)) {
    if (!isRight(content[field])) return fail({ type: "BadField", field });
  }
  const plan = parsePlan(content["plan"]);
  if (!plan.ok) return fail({ type: "BadPlan", why: plan.error.message });
  return ok({ ...(content as unknown as Capsule), plan: plan.value });
}

function isSumOf(checksum: unknown, content: object): boolean {
  try {
    return checksum === checksumOf(content);
  } catch {
    // Nested deeper than anything that we write.
    return false;
  }
}

/** Over the content, not over blanks and line breaks. */
function checksumOf(content: object): string {
  return createHash("sha256").update(JSON.stringify(content)).digest("hex");
}

const isText = (value: unknown): boolean => typeof value === "string";
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const isHash = (value: unknown): boolean =>
  value === null || (typeof value === "string" && /^[0-9a-f]{32}$/.test(value));

/** What replay relies on. */
const FIELDS: Readonly<Record<string, (value: unknown) => boolean>> = {
  scenario: isText,
  seed: isText,
  suite: (value) => value === "toy" || value === "portable",
  verdict: (value) => value === "valid" || value === "invalid" || value === "unknown",
  traceHash: isHash,
  shapeHash: isHash,
  events: isCount,
  commit: isText,
  fingerprint: isText,
};

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
