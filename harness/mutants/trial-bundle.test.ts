import { Worker } from "node:worker_threads";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { findCheckout } from "./checkout.ts";
import { AS_IT_IS, bundleTrial, scriptOf, type TrialCode } from "./trial-bundle.ts";
import { TrialRoom } from "./trial-room.ts";
import type { TrialMessage } from "./trial.ts";

const root = findCheckout();
const PAGE = "core/log/page.ts";
const TRIAL = { scenario: "S-CONC-01", seed: "0x1" };

async function bundle(edit: (source: string) => string): Promise<string | TrialCode> {
  const bundled = await bundleTrial(root, new Map([[PAGE, edit(readFileSync(join(root, PAGE), "utf8"))]]));
  return bundled.ok ? bundled.value : bundled.error;
}

it("has only the edited source and what it brings in apart; the rest is the same script for all", async () => {
  const asItIs = await bundleTrial(root, AS_IT_IS);
  const more =
    'import { renderInviteError } from "../pairing/invite-error.ts";\nexport const more = renderInviteError;\n';
  const edited = (await bundle((source) => `${more}${source}`)) as TrialCode;
  expect(edited.edited).toContain('"core/pairing/invite-error.ts": ');
  const fine = (await bundle((source) => `${source}export const more = 1;\n`)) as TrialCode;
  expect(asItIs).toMatchObject({ ok: true, value: { base: fine.base, edited: "({  })" } });
  expect(fine.edited).toMatch(/^\(\{ "core\/log\/page\.ts": /);
  expect(fine.edited).not.toContain('"core/log/append.ts":');
});

it("says what it cannot take", async () => {
  expect(
    await bundle((source) => `import * as argon from "@noble/hashes/argon2.js";\n${source}\nargon.argon2id;`),
  ).toBe('"@noble/hashes/argon2.js" is a package that no source of a trial imports');
  expect(await bundle((source) => source.replace("let through = after;", "let through = = after;"))).toMatch(
    /^core\/log\/page\.ts, line \d+: /,
  );
});

it("runs alike from a cache of what another room compiled, and as one script", async () => {
  const { value: code } = (await bundleTrial(root, AS_IT_IS)) as { readonly value: TrialCode };
  const first = new TrialRoom(code);
  const second = await first.run(TRIAL, 60_000).then(async (answer) => ({ answer, cache: await first.takeCache() }));
  await first.close();
  expect(second.cache!.length).toBeGreaterThan(100_000);
  const cached = new TrialRoom(code, second.cache);
  const { tookMs: _first, ...expected } = second.answer;
  const { tookMs: _second, ...answer } = await cached.run(TRIAL, 60_000);
  await cached.close();
  expect(answer).toEqual(expected);

  const worker = new Worker(scriptOf(code), { eval: true });
  const heard = (): Promise<TrialMessage> => new Promise((resolve) => worker.once("message", resolve));
  expect(await heard()).toMatchObject({ type: "ready" });
  worker.postMessage(TRIAL);
  expect(await heard()).toEqual(expected);
  await worker.terminate();
}, 120_000);
