/**
 * The way to the backend `docker`: finds the engine and the images, or says in one sentence what is missing and what to
 * type. Also takes away what a killed run left on the engine, for whoever heals.
 */
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import type Docker from "dockerode";
import { ok, type Result } from "../../core/result.ts";
import { hashCode } from "../engine/code-hash.ts";
import { openEngine, type EngineLack } from "../engine/engine.ts";
import { checkImages, DEFAULT_TAG, hasImage, imagesOf, type ImageLack, pumbaImageOf } from "../engine/images.ts";
import { Pumba } from "../engine/pumba.ts";
import { sweepLabel } from "../engine/run-label.ts";
import { DockerBackend, type DockerBackendOptions } from "./docker-backend.ts";

export interface OpenDockerOptions extends Omit<DockerBackendOptions, "docker" | "images" | "pumba"> {
  /** Of the images; `ZEROK_TAG`, else `local`. */
  readonly tag?: string;
  /** The path of Pumba's program, where it was found. */
  readonly pumbaPath?: string | undefined;
}

export type DockerLack = EngineLack | ImageLack;

export async function openDockerBackend(options: OpenDockerOptions = {}): Promise<Result<DockerBackend, DockerLack>> {
  const { tag = process.env["ZEROK_TAG"] ?? DEFAULT_TAG, pumbaPath, ...others } = options;
  const engine = await openEngine();
  if (!engine.ok) return engine;
  const { docker } = engine.value;
  const images = await checkImages(docker, imagesOf(tag), codeHere(others.binds));
  if (!images.ok) return images;
  const pumba = await choosePumba(docker, pumbaImageOf(tag), pumbaPath);
  return ok(new DockerBackend({ ...others, docker, images: images.value, pumba }));
}

/** Its program, else its image, else nothing: the engine does by itself what it would do. */
async function choosePumba(
  docker: Docker,
  image: string,
  path: string | undefined,
): Promise<DockerBackendOptions["pumba"]> {
  if (path !== undefined) return () => Pumba.program(path);
  if (!(await hasImage(docker, image))) return undefined;
  return (labels) => Pumba.image(docker, image, labels);
}

/** A build that is bound over the image's code need not be in the image; source that runs uncompiled cannot be. */
export function codeHere(binds: readonly string[] = []): string | undefined {
  const dist = fileURLToPath(new URL("../..", import.meta.url));
  return binds.length > 0 || basename(dist) !== "dist" ? undefined : hashCode(dist);
}

/** Removes everything that carries this label of a run; words for what it was. Throws when there is no engine. */
export async function removeLabel(label: string): Promise<readonly string[]> {
  const engine = await openEngine();
  if (!engine.ok) throw new Error(engine.error.message);
  return sweepLabel(engine.value.docker, label);
}
