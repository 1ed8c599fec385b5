import { describe, expect, it } from "vitest";
import { parseCounts, renderPacketFault } from "./packet-fault.ts";

const end = { address: "10.0.0.9", port: 20_001 };

describe("the rules of a packet fault", () => {
  it("drop one way only, when one way is asked for", () => {
    const up = renderPacketFault({ name: "zerok_0", end, streams: "up", watch: "all", drop: "all" });
    expect(up).toContain('ip daddr 10.0.0.9 tcp dport 20001  counter name "met" goto lost');
    expect(up).not.toContain("hook input");
    const down = renderPacketFault({ name: "zerok_0", end, streams: "down", watch: "all", drop: "all" });
    expect(down).toContain("ip saddr 10.0.0.9 tcp sport 20001");
    expect(down).not.toContain("hook output");
  });

  it("count through the pattern of a loss", () => {
    const drop = { up: { of: 10, dropped: [3, 7] }, down: { of: 20, dropped: [1] } };
    const text = renderPacketFault({ name: "zerok_1", end, streams: "both", watch: "data", drop });
    expect(text).toMatch(/dport 20001 .* numgen inc mod 10 vmap \{ 3 : goto lost, 7 : goto lost \}/);
    expect(text).toMatch(/sport 20001 .* numgen inc mod 20 vmap \{ 1 : goto lost \}/);
    expect(text).toContain("ip length > 60");
  });

  it("only count for whoever only watches", () => {
    const text = renderPacketFault({ name: "zerok_2", end, streams: "both", watch: "ends" });
    expect(text).not.toMatch(/goto/);
    expect(text).toContain("tcp flags & (fin | rst) != 0");
  });
});

it("reads counters as nft lists them, and nothing else", () => {
  const listed =
    "table ip zerok_0 {\n\tcounter met {\n\t\tpackets 12 bytes 800\n\t}\n\tcounter lost {\n\t\tpackets 3 bytes 200\n\t}\n}";
  expect(parseCounts(listed)).toEqual({ met: 12, dropped: 3 });
  expect(parseCounts("Error: No such file or directory")).toBeUndefined();
});
