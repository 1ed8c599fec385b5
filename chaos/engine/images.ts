/** The images of this project on an engine: whether they are there, and whether they hold the code that runs here. */
import type Docker from "dockerode";
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

export async function checkImages(docker: Docker, images: Images): Promise<Result<Images, ImageLack>> {
  const missing: string[] = [];
  for (const image of Object.values(images) as string[]) {
    try {
      await docker.getImage(image).inspect();
    } catch {
      missing.push(image);
    }
  }
  if (missing.length === 0) return ok(images);
  const message = `the engine has no ${missing.join(", ")}: run \`node chaos/images/build.mjs\``;
  return fail({ type: "NoImages", message });
}
