/**
 * What the kernel does to the packets of one link, by an nftables table of its own in the dialler's pod: it counts what
 * passes, and drops all of it or what a pattern names. The counters are the proof that a fault acted; taking the fault
 * away is deleting its table.
 */
import type { PodShell } from "../engine/pod-shell.ts";
import type { Streams } from "../world/backend.ts";
import { FaultError } from "../world/fault-error.ts";

/** Seen from the dialler. */
export interface LinkEnd {
  readonly address: string;
  readonly port: number;
}

/** Which packets are counted: all, those that carry data, or those that end a connection. */
export type Watch = "all" | "data" | "ends";

export interface PacketFaultSpec {
  /** Of the table; unique in its pod. */
  readonly name: string;
  readonly end: LinkEnd;
  readonly streams: Streams;
  readonly watch: Watch;
  /** `all`, or which of so many packets in a row are dropped, again and again, each way; without it none is. */
  readonly drop?: "all" | { readonly up: DropPattern; readonly down: DropPattern };
}

export interface DropPattern {
  readonly of: number;
  readonly dropped: readonly number[];
}

export interface PacketCounts {
  /** Packets that passed the rule. */
  readonly met: number;
  readonly dropped: number;
}

/** A TCP packet without data is shorter, and one that opens a connection just as long. */
const BARE_BYTES = 60;

export function renderPacketFault({ name, end, streams, watch, drop }: PacketFaultSpec): string {
  const { address, port } = end;
  const matches = { all: "", data: `ip length > ${BARE_BYTES}`, ends: "tcp flags & (fin | rst) != 0" }[watch];
  const verdict = (way: "up" | "down"): string => {
    if (drop === undefined) return "";
    if (drop === "all") return "goto lost";
    const { of, dropped } = drop[way];
    if (dropped.length === 0) return "";
    return `numgen inc mod ${of} vmap { ${dropped.map((at) => `${at} : goto lost`).join(", ")} }`;
  };
  const chain = (hook: string, packets: string, way: "up" | "down"): readonly string[] => [
    `  chain ${hook} {`,
    `    type filter hook ${hook} priority 0; policy accept;`,
    `    ${packets} ${matches} counter name "met" ${verdict(way)}`,
    "  }",
  ];
  return [
    `table ip ${name} {`,
    "  counter met {",
    "  }",
    "  counter lost {",
    "  }",
    "  chain lost {",
    '    counter name "lost" drop',
    "  }",
    ...(streams === "down" ? [] : chain("output", `ip daddr ${address} tcp dport ${port}`, "up")),
    ...(streams === "up" ? [] : chain("input", `ip saddr ${address} tcp sport ${port}`, "down")),
    "}",
    "",
  ].join("\n");
}

export class PacketFault {
  readonly name: string;
  readonly #shell: PodShell;

  private constructor(name: string, shell: PodShell) {
    this.name = name;
    this.#shell = shell;
  }

  /** Resolves when the kernel has listed it again. */
  static async apply(shell: PodShell, spec: PacketFaultSpec): Promise<PacketFault> {
    const fault = new PacketFault(spec.name, shell);
    const text = Buffer.from(renderPacketFault(spec)).toString("base64");
    const { code, output } = await shell.run(`printf %s '${text}' | base64 -d | nft -f -`);
    if (code !== 0) throw new FaultError(`the kernel took no rule for ${spec.name}: ${output.trim()}`);
    if ((await fault.counts()) === undefined)
      throw new FaultError(`the rule ${spec.name} is not there after it was set`);
    return fault;
  }

  /** `undefined` when it is not there. */
  async counts(): Promise<PacketCounts | undefined> {
    const { code, output } = await this.#shell.run(`nft list counters table ip ${this.name}`);
    return code === 0 ? parseCounts(output) : undefined;
  }

  /** Resolves with the last counts when it is gone; throws when it was not there any more. */
  async end(): Promise<PacketCounts> {
    const counts = await this.counts();
    const { code } = await this.#shell.run(`nft delete table ip ${this.name}`);
    if (counts === undefined || code !== 0) throw new FaultError(`somebody took the rule ${this.name} away`);
    if ((await this.counts()) !== undefined) throw new FaultError(`the rule ${this.name} does not go away`);
    return counts;
  }
}

export function parseCounts(listed: string): PacketCounts | undefined {
  const of = (name: string): number | undefined => {
    const found = new RegExp(`counter ${name} \\{[^}]*?packets (\\d+)`).exec(listed);
    return found === null ? undefined : Number(found[1]);
  };
  const met = of("met");
  const dropped = of("lost");
  return met === undefined || dropped === undefined ? undefined : { met, dropped };
}
