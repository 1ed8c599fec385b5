import type { BytePool } from "./bytes.ts";
import type { CryptoSuite } from "./crypto/suite.ts";
import type { Entropy } from "./machine.ts";

/** All that a machine of this protocol gets from outside when it is made. */
export interface Context {
  readonly entropy: Entropy;
  readonly suite: CryptoSuite;
  /** A coverage mark: "this rare thing did happen". The name is a literal, unique in the code. */
  readonly mark: (name: string) => void;
  /** Where the machine's short-lived buffers come from; without one it has its own. Contents of a buffer are anything. */
  readonly pool?: BytePool;
}
