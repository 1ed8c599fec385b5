import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readFileSync } from "node:fs";
import { TOOL_VERSIONS, findTool, toolCache } from "./tool.ts";

let home: string;
beforeAll(() => (home = mkdtempSync(join(tmpdir(), "zerok-tool-"))));
afterAll(() => rmSync(home, { recursive: true, force: true }));

function program(path: string, says: string): string {
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, `#!/bin/sh\necho "${says}"\n`);
  chmodSync(path, 0o755);
  return path;
}

describe("a tool is found", () => {
  it("where a variable says, before all else", async () => {
    const path = program(join(home, "mine"), "toxiproxy-server version 2.9.0");
    program(join(home, "bin", "toxiproxy-server"), "toxiproxy-server version 1.0.0");
    const env = { TOXIPROXY_SERVER: path, PATH: join(home, "bin") };
    const value = { name: "toxiproxy-server", path, where: "TOXIPROXY_SERVER", version: "2.9.0" };
    expect(await findTool("toxiproxy-server", { env, home })).toEqual({ ok: true, value });
  });

  it("on the PATH, then in the cache", async () => {
    const cached = program(join(home, ".cache", "zerok", "bin", "pumba"), "Pumba version 1.1.7 (abc)");
    const first = await findTool("pumba", { env: { PATH: "" }, home });
    expect(first).toEqual({ ok: true, value: { name: "pumba", path: cached, where: "cache", version: "1.1.7" } });
    const path = program(join(home, "bin", "pumba"), "pumba version 1.6.0");
    const second = await findTool("pumba", { env: { PATH: join(home, "bin") }, home });
    expect(second).toEqual({ ok: true, value: { name: "pumba", path, where: "PATH", version: "1.6.0" } });
  });

  it("in the cache of XDG, if that is an absolute path", () => {
    expect(toolCache({ env: { XDG_CACHE_HOME: "/x" }, home: "/h" })).toBe("/x/zerok/bin");
    expect(toolCache({ env: { XDG_CACHE_HOME: "x" }, home: "/h" })).toBe("/h/.cache/zerok/bin");
  });
});

describe("a tool that is not there is said with what to type", () => {
  it("when it is nowhere", async () => {
    const look = await findTool("toxiproxy-server", { env: { PATH: "/nowhere" }, home: "/h" });
    const why = "toxiproxy-server is not in TOXIPROXY_SERVER, not on the PATH and not in /h/.cache/zerok/bin.";
    const install = "node chaos/tools/install.mjs toxiproxy-server";
    expect(look).toEqual({ ok: false, error: { name: "toxiproxy-server", why, install } });
  });

  it("when the variable names nothing, although there is one on the PATH", async () => {
    program(join(home, "bin", "pumba"), "pumba version 1.6.0");
    const look = await findTool("pumba", { env: { PUMBA: "/nowhere/pumba", PATH: join(home, "bin") }, home });
    expect(look.ok ? "" : look.error.why).toBe("PUMBA says /nowhere/pumba, and that is no file that can be executed.");
  });

  it("when it is something else, or does not run", async () => {
    const other = program(join(home, "other"), "hello");
    const look = await findTool("pumba", { env: { PUMBA: other }, home });
    expect(look.ok ? "" : look.error.why).toBe(`${other} does not tell its version: it is no pumba.`);
    const broken = program(join(home, "broken"), "");
    writeFileSync(broken, "#!/nowhere/sh\n");
    const second = await findTool("pumba", { env: { PUMBA: broken }, home });
    expect(second.ok ? "" : second.error.why).toContain(`${broken} cannot be run (`);
  });
});

describe("install.mjs", () => {
  const script = new URL("install.mjs", import.meta.url).pathname;
  const run = (env: Record<string, string>, ...names: string[]): { status: number | null; stderr: string } =>
    spawnSync(process.execPath, [script, ...names], { encoding: "utf8", env });

  it("installs the versions that the project was tried with", () => {
    const text = readFileSync(script, "utf8");
    for (const version of Object.values(TOOL_VERSIONS)) expect(text).toContain(`version: "${version}"`);
  });

  it("leaves alone what is there", () => {
    const cache = join(home, "x");
    program(join(cache, "zerok", "bin", "toxiproxy-server"), "toxiproxy-server version 2.12.0");
    const { status, stderr } = run({ XDG_CACHE_HOME: cache, HOME: home, PATH: "" }, "toxiproxy-server");
    expect([status, stderr]).toEqual([0, expect.stringContaining("toxiproxy-server 2.12.0 is there")]);
  });

  it("says that there is no Go, and ends with 3", () => {
    const { status, stderr } = run({ HOME: join(home, "empty"), PATH: "" }, "pumba");
    expect([status, stderr]).toEqual([3, expect.stringContaining("there is no Go here")]);
  });

  it("knows two tools", () => {
    const { status, stderr } = run({ HOME: home, PATH: "" }, "netem");
    expect([status, stderr.trim()]).toEqual([
      64,
      "netem is none of the tools that this installs: toxiproxy-server, pumba.",
    ]);
  });
});
