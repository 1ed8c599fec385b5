/**
 * The relay learns nothing: the canaries – the operation ids at the front of all payloads, and every secret that the
 * run names – occur in nothing that a relay can read after transport decryption, neither as they are nor reversed, in
 * hex or in base64 (`canary-search.ts`). A canary is looked for from its record on: a push is invoked, and a secret
 * named, before anything made from it can reach a relay. Each relay-view record is a whole frame, so nothing is looked
 * for across two of them.
 */
import type { Checker } from "../checker.ts";
import type { OperationRecord, SecretRecord } from "../history.ts";
import { ByNumber } from "./by-number.ts";
import { CANARY_BYTES_MIN } from "./canary-forms.ts";
import { CanarySearch } from "./canary-search.ts";
import { shortId } from "./render-place.ts";

export const zeroKnowledge: Checker = {
  name: "zero-knowledge",
  holdsWhen: "no payload, key or passphrase occurs in anything that a relay can read",
  enforces: [15],
  start(plan, report) {
    const search = new CanarySearch(Math.max(50, plan.steps.length));
    /** By the canary's number; those of settled blobs are gone. */
    const origins = new ByNumber<OperationRecord | SecretRecord>();
    /** By the push's number. */
    const canaryOf = new ByNumber<number>();
    const secrets = new Set<string>();

    function plant(value: string, origin: OperationRecord | SecretRecord): number | undefined {
      const canary = search.add(value);
      if (canary === undefined) {
        const message = `a canary that cannot be looked for: ${value.length} characters, needed is hex of ${CANARY_BYTES_MIN} bytes or more`;
        report({ kind: "unusable-canary", message, witness: [origin] });
        return undefined;
      }
      origins.set(canary, origin);
      return canary;
    }

    return {
      on: {
        push(record, { isNewOp, push }) {
          if (!isNewOp) return;
          const canary = secrets.has(record.op!) ? undefined : plant(record.op!, record);
          if (canary !== undefined) canaryOf.set(push!.number, canary);
        },
        secret(record) {
          if (secrets.has(record.value)) return;
          secrets.add(record.value);
          plant(record.value, record);
        },
        "relay-view"(record) {
          const hit = search.find(record.bytes);
          if (hit === undefined) return;
          const origin = origins.get(hit.canary);
          const what =
            origin === undefined
              ? "the payload of an old push"
              : origin.type === "secret"
                ? `the secret "${origin.what}"`
                : `the payload of push ${shortId(origin.op ?? "")} by ${origin.device}`;
          report({
            kind: "canary-seen",
            message: `${record.relay} could read ${what} as ${hit.form}, at byte ${hit.offset} of a frame`,
            witness: origin === undefined ? [record] : [origin, record],
          });
        },
      },
      forget(_blob, push) {
        const canary = push === undefined ? undefined : canaryOf.get(push.number);
        if (push === undefined || canary === undefined) return;
        canaryOf.delete(push.number);
        origins.delete(canary);
      },
    };
  },
};
