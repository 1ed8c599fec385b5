import { expect, it } from "vitest";
import { replayOn } from "./build-on.ts";

it("the line that runs a folder again names the backend, and another build", () => {
  expect(replayOn("runs/x", { backend: "docker", build: undefined })).toBe("npx zerok replay runs/x --on docker");
  expect(replayOn("runs/x", { backend: "local", build: "build/M01" })).toBe(
    "npx zerok replay runs/x --on local --build build/M01",
  );
});
