/**
 * Tells the engine that worlds die young. While a process warms up its nursery is small, a whole run looks long-lived in
 * it, and V8 decides once and for all to put what such a run makes among the old objects: there, dead worlds keep their
 * parts alive until the next full collection. Called first by whoever runs many seeds: a worker, the benchmark.
 */
import { setFlagsFromString } from "node:v8";

export function tuneEngine(): void {
  setFlagsFromString("--no-allocation-site-pretenuring");
}
