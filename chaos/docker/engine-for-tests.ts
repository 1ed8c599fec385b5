/**
 * What tests on containers need: the engine and the images, or the reason why there are none, which the skipped tests
 * print in their names. The code that runs in the containers is this checkout's build, bound over the images'.
 */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type Docker from "dockerode";
import { openEngine } from "../engine/engine.ts";
import { checkImages, DEFAULT_TAG, imagesOf, type Images } from "../engine/images.ts";

export interface TestEngine {
  readonly docker: Docker;
  readonly images: Images;
  /** Of relays and agents. */
  readonly binds: readonly string[];
}

const dist = fileURLToPath(new URL("../../dist", import.meta.url));

/** The engine, or why the tests on it are skipped. */
export async function findTestEngine(): Promise<TestEngine | string> {
  const engine = await openEngine();
  if (!engine.ok) return engine.error.message;
  const { docker } = engine.value;
  const images = await checkImages(docker, imagesOf(process.env["ZEROK_TAG"] ?? DEFAULT_TAG), undefined);
  if (!images.ok) return images.error.message;
  if (!existsSync(`${dist}/harness/main.js`)) return "there is no build: `npm test` makes it";
  return { docker, images: images.value, binds: [`${dist}:/app/dist:ro`] };
}
