import { expect, it } from "vitest";
import { escapeXml, renderJunit } from "./junit.ts";

it("keeps every character from being taken for markup", () => {
  expect(escapeXml(`<a href="x">'&'</a>`)).toBe("&lt;a href=&quot;x&quot;&gt;&apos;&amp;&apos;&lt;/a&gt;");
  expect(escapeXml("two\nlines\tand\rmore")).toBe("two&#10;lines&#9;and&#13;more");
});

it("replaces what XML cannot hold", () => {
  expect(escapeXml("a\u0000b\u001fc\ud800d\uffff")).toBe("a\ufffdb\ufffdc\ufffdd\ufffd");
  expect(escapeXml("émoji 🙂 stay")).toBe("émoji 🙂 stay");
});

it("counts a finding as a failure and an open question as an error", () => {
  const run = { scenario: "S-ONE-01", seed: "0x1", simulatedMs: 1500 };
  const none = { idle: false, findings: [], unknowns: [] };
  const finding = { checker: "drains", kind: "left", message: 'one "blob"', witness: [] };
  expect(renderJunit({ ...run, verdict: { ...none, verdict: "valid" } })).toMatch(
    /failures="0" errors="0" time="1.500"/,
  );
  expect(renderJunit({ ...run, verdict: { ...none, verdict: "invalid", findings: [finding] } })).toMatch(
    /failures="1" errors="0"[\s\S]*<failure type="drains\/left" message="one &quot;blob&quot;"\/>/,
  );
  expect(renderJunit({ ...run, verdict: { ...none, verdict: "unknown", unknowns: ["a", "b"] } })).toMatch(
    /errors="1"[\s\S]*message="a; b"/,
  );
});
