import { createServer, type Server } from "node:http";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkImages, imagesOf } from "./images.ts";
import { engineAnswer, openEngine } from "./engine.ts";

let folder = "";
let server: Server | undefined;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "zerok-engine-"))));
afterEach(() => {
  server?.close();
  server?.closeAllConnections();
  server = undefined;
  rmSync(folder, { recursive: true, force: true });
});

/** An engine that knows only what a test needs. */
async function serve(answers: { readonly [path: string]: readonly [status: number, body: unknown] }): Promise<string> {
  const socket = join(folder, "engine.sock");
  server = createServer((request, response) => {
    const [status, body] = answers[decodeURIComponent(request.url ?? "")] ?? [404, { message: "no such thing" }];
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server!.listen(socket, resolve));
  return `unix://${socket}`;
}

const VERSION = { Version: "20.10.24", ApiVersion: "1.41", Os: "linux" };

describe("the engine", () => {
  it("is found where DOCKER_HOST says", async () => {
    const DOCKER_HOST = await serve({ "/version": [200, VERSION] });
    expect(await openEngine({ DOCKER_HOST })).toMatchObject({ ok: true, value: { version: "20.10.24" } });
  });

  it("that is not there is said with where it was looked for and what to do", async () => {
    const engine = await openEngine({ DOCKER_HOST: "unix:///nowhere/docker.sock" });
    expect(engine).toEqual({
      ok: false,
      error: {
        type: "NoEngine",
        what: "no Docker engine answers at unix:///nowhere/docker.sock (ENOENT)",
        message:
          "no Docker engine answers at unix:///nowhere/docker.sock (ENOENT): start Docker, or run chaos/images/start-engine.sh as root",
      },
    });
  });

  it("of another system is none", async () => {
    const DOCKER_HOST = await serve({ "/version": [200, { ...VERSION, Os: "windows" }] });
    const engine = await openEngine({ DOCKER_HOST });
    expect(engine.ok ? "" : engine.error.message).toContain("it runs windows containers, and Linux ones are needed");
  });
});

describe("the images", () => {
  const images = imagesOf("t");
  const held = (code: string): readonly [number, unknown] => [200, { Config: { Labels: { "zerok.code": code } } }];

  async function check(nodeImage: readonly [number, unknown] | undefined, code: string | undefined) {
    const DOCKER_HOST = await serve({
      "/version": [200, VERSION],
      "/images/zerok/faults:t/json": held(""),
      "/images/zerok/toxiproxy:t/json": held(""),
      ...(nodeImage === undefined ? {} : { "/images/zerok/node:t/json": nodeImage }),
    });
    const engine = await openEngine({ DOCKER_HOST });
    if (!engine.ok) throw new Error(engine.error.message);
    const checked = await checkImages(engine.value.docker, images, code);
    return checked.ok ? "ok" : checked.error.message;
  }

  it("are there, and hold the code that runs here", async () => {
    expect(await check(held("abc"), "abc")).toBe("ok");
  });

  it("are named when they are missing, with the command that builds them", async () => {
    expect(await check(undefined, "abc")).toBe("the engine has no zerok/node:t: run `node chaos/images/build.mjs`");
  });

  it("of other code are refused, unless any will do", async () => {
    expect(await check(held("old"), "new")).toBe(
      "the image zerok/node:t holds other code (old) than runs here (new): run `node chaos/images/build.mjs`",
    );
  });

  it("of other code will do when the code is bound over theirs", async () => {
    expect(await check(held("old"), undefined)).toBe("ok");
  });
});

it("tells an answer of the engine from any other error", () => {
  const answer = Object.assign(new Error("(HTTP code 409)"), { statusCode: 409, json: { message: "is paused" } });
  expect(engineAnswer(answer)).toEqual({ statusCode: 409, message: "is paused" });
  expect(engineAnswer(new Error("socket hang up"))).toBeUndefined();
});
