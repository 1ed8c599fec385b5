/** A run as JUnit XML: what CI systems show without being taught. */
import type { Verdict } from "../../scenarios/verdict.ts";

export interface JunitCase {
  readonly scenario: string;
  readonly seed: string;
  readonly verdict: Verdict;
  readonly simulatedMs: number;
}

export function renderJunit({ scenario, seed, verdict, simulatedMs }: JunitCase): string {
  const isInvalid = verdict.verdict === "invalid";
  const isUnknown = verdict.verdict === "unknown";
  const seconds = (simulatedMs / 1000).toFixed(3);
  const head = `name="${escapeXml(scenario)}" tests="1" failures="${isInvalid ? 1 : 0}" errors="${isUnknown ? 1 : 0}"`;
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuite ${head} time="${seconds}">`,
    `  <testcase classname="${escapeXml(scenario)}" name="seed ${escapeXml(seed)}" time="${seconds}">`,
  ];
  if (isInvalid) {
    for (const { checker, kind, message } of verdict.findings) {
      lines.push(`    <failure type="${escapeXml(`${checker}/${kind}`)}" message="${escapeXml(message)}"/>`);
    }
  }
  if (isUnknown) lines.push(`    <error type="unknown" message="${escapeXml(verdict.unknowns.join("; "))}"/>`);
  lines.push("  </testcase>", "</testsuite>", "");
  return lines.join("\n");
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
  "\t": "&#9;",
  "\n": "&#10;",
  "\r": "&#13;",
};

/** Also takes out what XML 1.0 cannot hold at all: most control characters and lone surrogates. */
export function escapeXml(text: string): string {
  const escaped = text.replace(/[&<>"'\t\n\r]/g, (character) => ENTITIES[character]!);
  return escaped.replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, "\uFFFD");
}
