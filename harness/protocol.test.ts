/** `PROTOCOL.md` and the code agree, in both directions. */
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { TAGS } from "../core/wire/tags.ts";
import { checkers } from "../scenarios/checkers/index.ts";
import { builtScenarios } from "../scenarios/registry.ts";

const ROOT = new URL("../", import.meta.url);
const text = readFileSync(new URL("core/PROTOCOL.md", ROOT), "utf8");

interface Named {
  readonly checkers: readonly string[];
  readonly scenarios: readonly string[];
  readonly tests: readonly string[];
}

interface InvariantText extends Named {
  readonly number: number;
  /** Parts of the line that are none of the three lists. */
  readonly strange: readonly string[];
}

function sectionOf(title: string): string {
  const section = text.split(/^## /m).find((part) => part.startsWith(`${title}\n`));
  if (section === undefined) throw new Error(`PROTOCOL.md has no section "${title}"`);
  return section;
}

/** `checkers `a`, `b`; scenarios `X-1`; tests `core/x.test.ts`` – every list may be missing. */
function parseEnforced(line: string): Omit<InvariantText, "number"> {
  const lists: { checkers: string[]; scenarios: string[]; tests: string[] } = {
    checkers: [],
    scenarios: [],
    tests: [],
  };
  const strange: string[] = [];
  for (const part of line.split(";").map((each) => each.trim())) {
    const match = /^(checkers|scenarios|tests) (`[^`]+`(?:, `[^`]+`)*)$/.exec(part);
    if (match === null) strange.push(part);
    else lists[match[1] as keyof typeof lists].push(...match[2]!.split(", ").map((name) => name.slice(1, -1)));
  }
  return { ...lists, strange };
}

function parseInvariants(): readonly InvariantText[] {
  return sectionOf("Invariants")
    .split(/^### /m)
    .slice(1)
    .map((part) => {
      const number = Number(/^(\d+)\. /.exec(part)?.[1]);
      // The paragraph, should a formatter break the line.
      const line = /^Enforced by:\s*([^]*?)(?:\n\n|\n*$)/m.exec(part)?.[1]?.replaceAll(/\s+/g, " ").trim();
      return { number, ...parseEnforced(line ?? "no such line") };
    });
}

const invariants = parseInvariants();

describe("the invariants in PROTOCOL.md", () => {
  it("are numbered 1 to 19 without a hole", () => {
    expect(invariants.map(({ number }) => number)).toEqual(Array.from({ length: 19 }, (_, i) => i + 1));
  });

  it("each say who enforces them, in a form that can be read", () => {
    for (const { number, strange, checkers: names, scenarios, tests } of invariants) {
      expect(strange, `invariant ${number}`).toEqual([]);
      expect(names.length + scenarios.length + tests.length, `invariant ${number}`).toBeGreaterThan(0);
    }
  });

  it("name exactly the checkers that say so themselves", () => {
    for (const { number, checkers: named } of invariants) {
      const enforcing = checkers.filter(({ enforces }) => enforces.includes(number)).map(({ name }) => name);
      expect(named.toSorted(), `invariant ${number}`).toEqual(enforcing.toSorted());
    }
  });

  it("are all that a checker refers to", () => {
    const numbers = new Set(invariants.map(({ number }) => number));
    for (const { name, enforces } of checkers) {
      for (const number of enforces) expect(numbers.has(number), `${name} enforces ${number}`).toBe(true);
    }
  });

  it("name scenarios that are built", () => {
    const built = new Set(builtScenarios().map(({ id }) => id));
    for (const { number, scenarios } of invariants) {
      for (const id of scenarios) expect(built.has(id), `invariant ${number}: ${id}`).toBe(true);
    }
  });

  it("name test files that exist", () => {
    for (const { number, tests } of invariants) {
      for (const path of tests) {
        expect(path, `invariant ${number}`).toMatch(/\.test\.ts$/);
        expect(existsSync(new URL(path, ROOT)), `invariant ${number}: ${path}`).toBe(true);
      }
    }
  });
});

describe("the table of messages in PROTOCOL.md", () => {
  it("has every message with its tag, and no other", () => {
    const rows = [...sectionOf("Messages").matchAll(/^\| +(\d+) +\| +(\w+) +\|/gm)];
    const documented = rows.map(([, tag, name]) => [name!, Number(tag)] as const);
    expect(documented).toEqual(Object.entries(TAGS));
  });
});

it("every file that PROTOCOL.md names exists", () => {
  const paths = [...text.matchAll(/`((?:core|scenarios|sim|chaos|harness)\/[\w./-]+)`/g)].map(([, path]) => path!);
  expect(paths.length).toBeGreaterThan(0);
  for (const path of paths) expect(existsSync(new URL(path, ROOT)), path).toBe(true);
});
