/** What the trace says of an input that a machine takes. Called by the host, once a turn. */
import type { Input } from "../../core/machine.ts";
import type { Cause } from "./choices.ts";
import { TRACE_KIND } from "./trace.ts";
import type { TraceDigest } from "./trace.ts";

export function traceInput(
  trace: TraceDigest,
  host: number,
  input: Input<unknown, unknown>,
  cause: Cause,
  nowMs: number,
): void {
  switch (input.type) {
    case "bytes":
      trace.event(TRACE_KIND.bytes, host, input.connection, cause.key, nowMs, input.bytes);
      break;
    case "opened":
    case "closed":
    case "refused":
      trace.event(TRACE_KIND[input.type], host, input.connection, cause.key, nowMs);
      break;
    default:
      trace.event(TRACE_KIND[input.type], host, 0, cause.key, nowMs);
  }
}
