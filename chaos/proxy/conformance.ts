/**
 * What every server of Toxiproxy's API must do, as named cases that reject on failure. Run by test files on the
 * embedded proxy always, and on the real server where there is one. Where the two are not the same, the case is one of
 * `differences.ts`, and each must do what is listed there.
 */
import { API_CASES } from "./conformance-api.ts";
import { ConformanceDesk, checkSame } from "./conformance-desk.ts";
import type { ConformanceServer } from "./conformance-desk.ts";
import { DIFFERENCE_PROBES } from "./conformance-differences.ts";
import { TOXIC_CASES } from "./conformance-toxics.ts";
import { DIFFERENCES } from "./differences.ts";
import type { Side } from "./differences.ts";

export interface ConformanceCase {
  readonly name: string;
  readonly run: () => Promise<void>;
}

/** On one server, case after case. */
export function toxiproxyConformance(server: () => ConformanceServer): readonly ConformanceCase[] {
  return [...API_CASES, ...TOXIC_CASES].map(([name, run]) => ({ name, run: () => atDesk(server(), run) }));
}

/** Each on a server of its own: some end it. */
export function toxiproxyDifferences(side: Side, start: () => Promise<ConformanceServer>): readonly ConformanceCase[] {
  return DIFFERENCES.map((difference) => ({
    name: `differs: ${difference.id}`,
    run: async () => {
      const server = await start();
      try {
        await atDesk(server, async (desk) => {
          checkSame(await DIFFERENCE_PROBES[difference.id](desk, start), difference[side], difference.id);
        });
      } finally {
        await server.stop();
      }
    },
  }));
}

async function atDesk(server: ConformanceServer, run: (desk: ConformanceDesk) => Promise<void>): Promise<void> {
  const desk = new ConformanceDesk(server);
  try {
    await run(desk);
  } finally {
    await desk.close();
  }
}
