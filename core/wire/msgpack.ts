/**
 * The MessagePack library as this protocol configures it: no extension (the library's own would turn a `Date` into
 * one), no map, no nesting that the grammar would refuse. The decoder trusts the grammar check that ran before it; its
 * own limits are a second lock. The only file that imports the library for version 2; `codec.ts` and
 * `hello-signature.ts` call it.
 */
import { Decoder, Encoder } from "@msgpack/msgpack";
import { InvariantViolation } from "../invariant.ts";
import { TEXT_BYTES_MAX, WIRE_DEPTH_MAX, WIRE_ELEMENTS_MAX } from "../limits.ts";

const NO_EXTENSIONS = {
  tryToEncode(): null {
    return null;
  },
  decode(): never {
    throw new InvariantViolation("an extension passed the grammar check");
  },
};

/** Scalars inside the deepest array count as one level more. */
const DEPTH_MAX = WIRE_DEPTH_MAX + 1;

export function createEncoder(initialBytes: number): Encoder {
  return new Encoder({ extensionCodec: NO_EXTENSIONS, maxDepth: DEPTH_MAX, initialBufferSize: initialBytes });
}

export function createDecoder(): Decoder {
  return new Decoder({
    extensionCodec: NO_EXTENSIONS,
    keyDecoder: null,
    maxStrLength: TEXT_BYTES_MAX,
    maxArrayLength: WIRE_ELEMENTS_MAX,
    maxMapLength: 0,
    maxExtLength: 0,
  });
}
