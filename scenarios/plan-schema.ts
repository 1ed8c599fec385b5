/**
 * Takes a plan from a stranger: a capsule is a file that people send each other, so everything in it is checked before
 * anything runs. Field by field here (nothing missing, nothing mistyped, nothing unknown), the plan as a whole by
 * `findPlanFlaw`. A refusal names the path of what is wrong. Called by whoever reads a capsule or a plan file.
 */
import * as v from "valibot";
import { type ClientConfig, DEFAULT_CLIENT_CONFIG } from "../core/client/config.ts";
import { assertInvariant } from "../core/invariant.ts";
import { PAGE_BLOBS_MAX, TTL_S_MAX } from "../core/limits.ts";
import { DEFAULT_RELAY_CONFIG, type RelayConfig } from "../core/relay/config.ts";
import { fail, ok, type Result } from "../core/result.ts";
import { MESSAGE_TYPES } from "../core/wire/tags.ts";
import { PLAN_FORMAT, type Plan } from "./plan.ts";
import { findPlanFlaw } from "./plan-rules.ts";

export interface PlanError {
  readonly type: "InvalidPlan";
  /** `steps[3].toxic.latencyMs`; empty for the plan itself. */
  readonly path: string;
  /** For a person; begins with the path. */
  readonly message: string;
}

/** Ten years: longer than any run, and sums of times stay exact. */
const TIME_MS_MAX = 10 * 365 * 24 * 3600 * 1000;
const STEPS_MAX = 1_000_000;
const HOSTS_MAX = 10_000;
/** Each is drawn one after the other. */
const ROT_BITS_MAX = 4096;

const whole = (min: number, max: number) => v.pipe(v.number(), v.integer(), v.minValue(min), v.maxValue(max));
const count = whole(0, Number.MAX_SAFE_INTEGER);
const atLeastOne = whole(1, Number.MAX_SAFE_INTEGER);
const ms = whole(0, TIME_MS_MAX);
const permille = whole(0, 1000);
const name = v.pipe(v.string(), v.regex(/^[a-z][a-z0-9-]{0,31}$/, "a name: lower-case letters, digits and dashes"));
const names = v.pipe(v.array(name), v.minLength(1), v.maxLength(HOSTS_MAX));
/** What a host counts: `sessions`, `inFlight`. */
const resource = v.pipe(v.string(), v.regex(/^[a-z][A-Za-z]{0,31}$/, "the name of a count"));
/** Reasons for which a connection ended. */
const whys = v.pipe(v.array(name), v.minLength(1), v.maxLength(32));

const link = v.strictObject({ name, latencyMs: ms, jitterMs: ms });

// Those with a default are not in plans that were made before a relay had them.
const relayConfig = v.strictObject({
  handshakeTimeoutMs: ms,
  idleTimeoutMs: ms,
  sessionsMax: count,
  sessionsPerAddressMax: count,
  connectionsPerAddressPerMinute: v.optional(count, DEFAULT_RELAY_CONFIG.connectionsPerAddressPerMinute),
  totalConnectionsPerSecond: v.optional(count, DEFAULT_RELAY_CONFIG.totalConnectionsPerSecond),
  messagesPerMinute: count,
  messagesBurst: count,
  totalMessagesPerSecond: count,
  groupBytesMax: count,
  payloadBytesMax: v.optional(count, DEFAULT_RELAY_CONFIG.payloadBytesMax),
  totalBytesMax: v.optional(count, DEFAULT_RELAY_CONFIG.totalBytesMax),
  groupsMax: count,
  devicesPerGroupMax: v.optional(count, DEFAULT_RELAY_CONFIG.devicesPerGroupMax),
  invitesMax: v.optional(count, DEFAULT_RELAY_CONFIG.invitesMax),
  groupInvitesMax: v.optional(count, DEFAULT_RELAY_CONFIG.groupInvitesMax),
  inviteClaimsPerMinute: v.optional(count, DEFAULT_RELAY_CONFIG.inviteClaimsPerMinute),
  totalInviteClaimsPerMinute: v.optional(count, DEFAULT_RELAY_CONFIG.totalInviteClaimsPerMinute),
  rateEntriesMax: v.optional(count, DEFAULT_RELAY_CONFIG.rateEntriesMax),
  pullLimitMax: atLeastOne,
  notify: v.boolean(),
  defaultTtlS: count,
  dedupeRetentionS: count,
  acknowledgedRetentionS: v.optional(count, 0),
  sweepMs: whole(1, TIME_MS_MAX),
  rekeyAfterMessages: atLeastOne,
} satisfies { [K in keyof RelayConfig]: v.GenericSchema<unknown, RelayConfig[K]> });

const clientConfig = v.strictObject({
  pollMs: ms,
  keepAliveMs: ms,
  answerTimeoutMs: ms,
  connectTimeoutMs: ms,
  pushWindow: atLeastOne,
  queueRowsMax: v.optional(atLeastOne, DEFAULT_CLIENT_CONFIG.queueRowsMax),
  queueBytesMax: v.optional(atLeastOne, DEFAULT_CLIENT_CONFIG.queueBytesMax),
  // What the wire can say: a relay refuses more.
  pullLimit: whole(1, PAGE_BLOBS_MAX),
  pullBytesMax: atLeastOne,
  ttlS: whole(0, TTL_S_MAX),
  rekeyAfterMessages: atLeastOne,
  preferAgainMs: ms,
  visitMs: ms,
} satisfies { [K in keyof ClientConfig]: v.GenericSchema<unknown, ClientConfig[K]> });

const topology = v.strictObject({
  relays: v.pipe(v.array(v.strictObject({ name, config: relayConfig })), v.minLength(1), v.maxLength(HOSTS_MAX)),
  groups: v.pipe(v.array(v.strictObject({ name })), v.maxLength(HOSTS_MAX)),
  devices: v.pipe(
    v.array(v.strictObject({ name, group: name, relays: names, config: clientConfig, online: v.boolean() })),
    v.maxLength(HOSTS_MAX),
  ),
  link,
});

const toxic = v.variant("type", [
  v.strictObject({ type: v.literal("latency"), latencyMs: ms, jitterMs: ms }),
  v.strictObject({ type: v.literal("bandwidth"), bytesPerS: atLeastOne }),
  v.strictObject({ type: v.literal("slow_close"), delayMs: ms }),
  v.strictObject({ type: v.literal("timeout"), timeoutMs: ms }),
  v.strictObject({ type: v.literal("reset_peer"), timeoutMs: ms }),
  v.strictObject({ type: v.literal("slicer"), averageBytes: atLeastOne, delayMs: ms }),
  v.strictObject({ type: v.literal("limit_data"), bytes: count }),
  v.strictObject({ type: v.literal("down") }),
  v.strictObject({ type: v.literal("loss"), permille, burst: atLeastOne }),
  v.strictObject({ type: v.literal("blocked") }),
  v.strictObject({
    type: v.literal("tamper"),
    how: v.picklist(["flip", "truncate", "duplicate", "reorder", "replay", "inject"]),
    skip: count,
  }),
]);

const disk = v.variant("type", [
  v.strictObject({ type: v.literal("full") }),
  v.strictObject({ type: v.literal("slow"), syncMs: ms }),
  v.strictObject({ type: v.literal("write-error"), permille }),
  v.strictObject({ type: v.literal("bit-rot"), bits: whole(1, ROT_BITS_MAX) }),
  v.strictObject({ type: v.literal("lost-fsync") }),
]);

const message = v.picklist(MESSAGE_TYPES);
const moment = v.variant("on", [
  v.strictObject({ on: v.literal("sent"), host: name, message, to: name, nth: atLeastOne }),
  v.strictObject({ on: v.literal("stored"), host: name, stage: v.picklist(["written", "synced"]), nth: atLeastOne }),
]);
const place = { id: count, atMs: ms };
const fault = { ...place, when: v.exactOptional(moment) };
const op = v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/, "32 lower-case hex digits"));

const step = v.variant("do", [
  v.strictObject({
    ...place,
    do: v.literal("push"),
    device: name,
    op,
    sizeBytes: count,
    ttlS: whole(0, TTL_S_MAX),
  }),
  v.strictObject({ ...place, do: v.literal("pull"), device: name }),
  v.strictObject({ ...place, do: v.literal("connect"), device: name }),
  v.strictObject({ ...place, do: v.literal("disconnect"), device: name }),
  v.strictObject({
    ...fault,
    do: v.literal("toxic"),
    dialler: name,
    listener: name,
    stream: v.picklist(["up", "down", "both"]),
    toxic,
    forMs: ms,
  }),
  v.strictObject({
    ...fault,
    do: v.literal("partition"),
    left: names,
    right: names,
    oneWay: v.boolean(),
    forMs: ms,
  }),
  v.strictObject({ ...fault, do: v.literal("crash"), host: name, how: v.picklist(["kill", "power"]), downMs: ms }),
  v.strictObject({
    ...fault,
    do: v.literal("restart"),
    host: name,
    downMs: ms,
    groupBytesMax: v.exactOptional(count),
  }),
  v.strictObject({ ...fault, do: v.literal("pause"), host: name, forMs: ms }),
  v.strictObject({ ...fault, do: v.literal("wipe"), host: name, downMs: ms }),
  v.strictObject({ ...fault, do: v.literal("rollback"), host: name, agoMs: ms, downMs: ms }),
  v.strictObject({
    ...fault,
    do: v.literal("clock"),
    host: name,
    how: v.picklist(["skew", "step"]),
    byMs: whole(-TIME_MS_MAX, TIME_MS_MAX),
    forMs: ms,
  }),
  v.strictObject({ ...fault, do: v.literal("disk"), host: name, disk, forMs: ms }),
  v.strictObject({ ...fault, do: v.literal("withhold"), host: name, message, nth: atLeastOne }),
]);

const evidence = v.variant("see", [
  v.strictObject({ see: v.literal("observed"), step: count }),
  v.strictObject({
    see: v.literal("open"),
    step: count,
    f: v.picklist(["push", "pull", "connect"]),
    device: v.exactOptional(name),
  }),
  v.strictObject({ see: v.literal("overlap"), devices: count }),
  v.strictObject({ see: v.literal("missed"), device: name, blobs: count }),
  v.strictObject({ see: v.literal("acked"), blobs: count }),
  v.strictObject({ see: v.literal("polled") }),
  v.strictObject({ see: v.literal("renewed"), step: count }),
  v.strictObject({ see: v.literal("regrown"), step: count }),
  v.strictObject({ see: v.literal("refused"), device: name, code: whole(0, 0xffff) }),
  v.strictObject({ see: v.literal("told-lost"), device: name }),
  v.strictObject({ see: v.literal("landed"), step: count, relay: name }),
  v.strictObject({ see: v.literal("copy-owed"), step: count, relay: name }),
  v.strictObject({ see: v.literal("sooner"), relay: name, than: name }),
  v.strictObject({ see: v.literal("relays-failed"), device: name }),
  v.strictObject({ see: v.literal("disconnected"), step: count, device: name, whys }),
  v.strictObject({ see: v.literal("waited"), device: name, ms }),
  v.strictObject({ see: v.literal("failed"), device: name }),
  v.strictObject({ see: v.literal("crossed"), pusher: name, puller: name }),
  v.strictObject({ see: v.literal("quarantined"), device: name }),
]);

const demand = v.variant("demand", [
  v.strictObject({ demand: v.literal("acked"), devices: names, fromMs: ms, toMs: ms, withinMs: ms }),
  v.strictObject({ demand: v.literal("heard"), device: name, fromMs: ms, toMs: ms, withinMs: ms }),
  v.strictObject({ demand: v.literal("noticed"), step: count, device: name, whys, withinMs: ms }),
  v.strictObject({ demand: v.literal("kept"), devices: names, fromMs: ms, toMs: ms }),
  v.strictObject({ demand: v.literal("back"), devices: names, fromMs: ms, withinMs: ms }),
  v.strictObject({ demand: v.literal("spread"), fromMs: ms, windowMs: ms, dialsMax: count }),
  v.strictObject({ demand: v.literal("failed"), devices: names, most: count }),
  v.strictObject({ demand: v.literal("held"), host: name, what: resource, most: count }),
  v.strictObject({ demand: v.literal("lean"), device: name, blobsMax: count }),
]);

const choice = v.strictObject({
  label: v.pipe(v.string(), v.maxLength(100)),
  cause: whole(0, 0xffff_ffff),
  ordinal: count,
  bound: atLeastOne,
  value: atLeastOne,
});

const PICKS_MAX = 100_000;
const order = v.strictObject({ fromMs: ms, picks: v.pipe(v.array(count), v.maxLength(PICKS_MAX)) });

const plan = v.strictObject({
  format: v.literal(PLAN_FORMAT),
  scenario: v.pipe(v.string(), v.regex(/^(?!latest$)[A-Za-z0-9][A-Za-z0-9-]{0,63}$/, "a scenario's id")),
  seed: v.pipe(v.string(), v.regex(/^0x(0|[1-9a-f][0-9a-f]{0,15})$/, "a seed: 0x and at most 16 hex digits")),
  topology,
  steps: v.pipe(v.array(step), v.maxLength(STEPS_MAX)),
  healAtMs: ms,
  bound: v.strictObject({ withinMs: ms, framesMax: count }),
  trouble: v.pipe(v.array(evidence), v.maxLength(STEPS_MAX)),
  demands: v.exactOptional(v.pipe(v.array(demand), v.maxLength(STEPS_MAX))),
  choices: v.exactOptional(v.pipe(v.array(choice), v.maxLength(STEPS_MAX))),
  order: v.exactOptional(order),
  drawn: v.exactOptional(v.pipe(v.array(v.pipe(v.string(), v.maxLength(1000))), v.maxLength(1000))),
});

/** A step, toxic, disk fault or evidence that `plan.ts` gains and this file does not know fails to compile here. */
type Deep<T> = T extends readonly (infer E)[]
  ? readonly Deep<E>[]
  : T extends object
    ? { readonly [K in keyof T]: Deep<T[K]> }
    : T;
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
const isSameShape: Same<Deep<v.InferOutput<typeof plan>>, Deep<Plan>> = true;
assertInvariant(isSameShape, "the schema takes exactly what the type allows");

/** A fresh copy of what was read, once it is known to be a plan that can be run. */
export function parsePlan(value: unknown): Result<Plan, PlanError> {
  const parsed = v.safeParse(plan, value, { abortEarly: true });
  if (!parsed.success) return refuse(renderPath(parsed.issues[0].path), parsed.issues[0].message);
  const flaw = findPlanFlaw(parsed.output);
  return flaw === undefined ? ok(parsed.output) : refuse(flaw.path, flaw.message);
}

function refuse(path: string, why: string) {
  return fail<PlanError>({ type: "InvalidPlan", path, message: `${path === "" ? "the plan" : path}: ${why}` });
}

function renderPath(path: readonly { readonly key?: unknown }[] | undefined): string {
  let text = "";
  for (const { key } of path ?? []) {
    if (typeof key === "number") text += `[${key}]`;
    else text += text === "" ? String(key) : `.${String(key)}`;
  }
  return text;
}
