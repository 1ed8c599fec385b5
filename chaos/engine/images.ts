/** The images of this project on an engine: whether they are there, and whether they hold the code that runs here. */
import type Docker from "dockerode";
import { engineAnswer } from "./engine.ts";
import { fail, ok, type Result } from "../../core/result.ts";

export interface Images {
  /** Relay and device. */
  readonly node: string;
  /** Network tools; holds a pod. */
  readonly faults: string;
  readonly toxiproxy: string;
}

export interface ImageLack {
  readonly type: "NoImages";
  readonly message: string;
}

export const DEFAULT_TAG = "local";

export function imagesOf(tag: string): Images {
  return { node: `zerok/node:${tag}`, faults: `zerok/faults:${tag}`, toxiproxy: `zerok/toxiproxy:${tag}` };
}

/** Seldom there, and not needed. */
export function pumbaImageOf(tag: string): string {
  return `zerok/pumba:${tag}`;
}

/** `code`: the hash that the image of relay and device must hold; without it any will do. */
export async function checkImages(
  docker: Docker,
  images: Images,
  code: string | undefined,
): Promise<Result<Images, ImageLack>> {
  const lack = (what: string): Result<Images, ImageLack> =>
    fail({ type: "NoImages", message: `${what}: run \`node chaos/images/build.mjs\`` });
  const missing: string[] = [];
  for (const image of [images.node, images.faults, images.toxiproxy]) {
    try {
      const { Config } = await docker.getImage(image).inspect();
      const held = Config.Labels?.["zerok.code"];
      if (image === images.node && code !== undefined && held !== code) {
        return lack(`the image ${image} holds other code (${held ?? "unknown"}) than runs here (${code})`);
      }
    } catch (error) {
      if (engineAnswer(error)?.statusCode !== 404) throw error;
      missing.push(image);
    }
  }
  return missing.length === 0 ? ok(images) : lack(`the engine has no ${missing.join(", ")}`);
}

export async function hasImage(docker: Docker, image: string): Promise<boolean> {
  try {
    await docker.getImage(image).inspect();
    return true;
  } catch (error) {
    if (engineAnswer(error)?.statusCode === 404) return false;
    throw error;
  }
}
