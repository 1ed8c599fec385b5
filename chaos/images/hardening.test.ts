/** What the images and the compose file promise of themselves, where no engine is needed to see it. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";

const HERE = new URL(".", import.meta.url);
const COMPOSE = new URL("../../docker-compose.chaos.yml", import.meta.url);

interface Service {
  readonly image?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly user?: string;
  readonly privileged?: boolean;
}

const dockerfiles = readdirSync(HERE).filter((name) => name.endsWith("Dockerfile"));
const linesOf = (name: string): readonly string[] => readFileSync(new URL(name, HERE), "utf8").split("\n");

/** `name:tag`, and the tag is no moving one. */
const isPinned = (image: string): boolean => /:[\w.-]+$/.test(image) && !image.endsWith(":latest");

describe.each(dockerfiles)("%s", (name) => {
  it("F-031: stands on a base with a tag", () => {
    const bases = linesOf(name).flatMap((line) => /^ARG BASE_IMAGE=(.*)$/.exec(line)?.slice(1) ?? []);
    expect(bases).toHaveLength(1);
    expect(bases.every(isPinned)).toBe(true);
    expect(linesOf(name).filter((line) => line.startsWith("FROM "))).toEqual(["FROM ${BASE_IMAGE}"]);
  });

  it("F-033: says by which signal it is stopped", () => {
    expect(linesOf(name).filter((line) => /^STOPSIGNAL SIG(TERM|KILL)$/.test(line))).toHaveLength(1);
  });
});

describe("docker-compose.chaos.yml", () => {
  const { services } = parse(readFileSync(COMPOSE, "utf8"), { merge: true }) as {
    readonly services: Readonly<Record<string, Service>>;
  };

  it.each(Object.entries(services))(
    "F-032: %s has a read-only root, no capability and no way to more",
    (_, service) => {
      expect(service).toMatchObject({
        read_only: true,
        cap_drop: ["ALL"],
        security_opt: ["no-new-privileges:true"],
        user: "1000:1000",
      });
      expect(service.privileged ?? false).toBe(false);
    },
  );

  it("F-034: names no image without a tag, and none that moves", () => {
    const images = Object.values(services).map(({ image }) => /^\$\{\w+:-(.*)\}$/.exec(image ?? "")?.[1] ?? "");
    expect(images.length).toBeGreaterThan(4);
    expect(images.filter((image) => !isPinned(image))).toEqual([]);
  });
});
