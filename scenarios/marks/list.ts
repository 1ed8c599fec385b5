/** Every mark of the pure rooms, and the number by which workers tell of it. Called by sweeps and by guidance. */
import { deviceMarks } from "./device.ts";
import type { Mark } from "./mark.ts";
import { relayMarks } from "./relay.ts";

export const marks: readonly Mark[] = [...deviceMarks, ...relayMarks];

const INDEX: ReadonlyMap<string, number> = new Map(marks.map(({ name }, index) => [name, index]));

/** Where it stands in `marks`; undefined for one that a mutant or a stranger's code made up. */
export function markIndex(name: string): number | undefined {
  return INDEX.get(name);
}
