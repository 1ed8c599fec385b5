/**
 * The entropy of one incarnation of one host.
 *
 * Bytes are a hash of seed, host, incarnation, label, present cause and ordinal: no draw moves another, and a restarted
 * process never repeats what it drew before. Small numbers go through the run's choices under "entropy.<label>", so
 * that they can be recorded and shrunk. Machines get it through their program's `start`.
 */
import type { Entropy } from "../../core/machine.ts";
import { nextOrdinal } from "./choices.ts";
import type { Label } from "./choices.ts";
import { finish, mix } from "./hash.ts";
import type { Substrate } from "./scheduler.ts";

/** Four independent chains: two draws meet with probability 2⁻¹²⁸. */
const CHAINS: readonly number[] = [0x13198a2e, 0x03707344, 0x299f31d0, 0x082efa98];

export class HostEntropy implements Entropy {
  private readonly substrate: Substrate;
  private readonly starts: readonly number[];
  /** Literal label to handle; two namespaces, because bytes and numbers of one label are counted apart. */
  private readonly fillLabels = new Map<string, Label>();
  private readonly belowLabels = new Map<string, Label>();
  private readonly chains = new Int32Array(4);

  constructor(substrate: Substrate, seedLo: number, seedHi: number, hostHash: number, incarnation: number) {
    this.substrate = substrate;
    this.starts = CHAINS.map((chain) => mix(mix(mix(mix(chain, seedLo), seedHi), hostHash), incarnation));
  }

  fill(label: string, out: Uint8Array): void {
    const handle = this.handle(this.fillLabels, "bytes.", label);
    const { cause } = this.substrate.scheduler;
    const ordinal = nextOrdinal(handle, cause);
    const { chains } = this;
    for (let i = 0; i < 4; i++) {
      chains[i] = mix(mix(mix(this.starts[i]!, handle.hash), cause.key), ordinal);
    }
    for (let at = 0, block = 0; at < out.length; block++) {
      // Each word mixes two chains, so that a block repeats only if all four chains do.
      for (let i = 0; i < 4 && at < out.length; i++) {
        const word = finish(mix(mix(chains[i]!, block), chains[(i + 1) & 3]!));
        const end = Math.min(out.length, at + 4);
        for (let shift = 0; at < end; at++, shift += 8) out[at] = word >>> shift;
      }
    }
  }

  below(label: string, bound: number): number {
    const { choices, scheduler } = this.substrate;
    return choices.choose(this.handle(this.belowLabels, "entropy.", label), scheduler.cause, bound);
  }

  private handle(known: Map<string, Label>, prefix: string, label: string): Label {
    let handle = known.get(label);
    if (handle === undefined) known.set(label, (handle = this.substrate.labels.label(prefix + label)));
    return handle;
  }
}
