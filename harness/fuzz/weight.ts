/**
 * What a parser made of an input, weighed: a result has no more values than its input could tell of, and no more bytes.
 * This is how the fuzzer sees memory without asking the garbage collector.
 */
import { Redacted } from "../../core/redacted.ts";

export interface Weight {
  /** Objects, list elements and keys. */
  readonly values: number;
  /** Of texts and byte strings. */
  readonly bytes: number;
}

export function weigh(root: unknown): Weight {
  let values = 0;
  let bytes = 0;
  const left: unknown[] = [root];
  while (left.length > 0) {
    const value = left.pop();
    values++;
    if (typeof value === "string") bytes += value.length;
    else if (value instanceof Uint8Array) bytes += value.length;
    else if (value instanceof Redacted) left.push(value.expose());
    else if (value instanceof Map) left.push(...value.keys(), ...value.values());
    else if (Array.isArray(value)) for (const element of value) left.push(element);
    else if (typeof value === "object" && value !== null)
      for (const element of Object.values(value)) left.push(element);
  }
  return { values, bytes };
}

/** Throws when a result is heavier than an input of this length may give. */
export function assertLight(result: unknown, inputBytes: number): void {
  const { values, bytes } = weigh(result);
  const valuesMax = inputBytes + 64;
  const bytesMax = 2 * inputBytes + 4096;
  if (values > valuesMax) throw new Error(`${values} values of an input of ${inputBytes} bytes`);
  if (bytes > bytesMax) throw new Error(`${bytes} bytes of an input of ${inputBytes} bytes`);
}
