/**
 * The container of a host's own process, inside of its pod: nothing that it does not need. Read-only root, no
 * capability, no new privileges, a user of its own, only the host's volume and a small /tmp to write to.
 */
import type Docker from "dockerode";
import type { Pod } from "./pod.ts";

export interface NodeContainerOptions {
  readonly docker: Docker;
  readonly image: string;
  readonly name: string;
  readonly pod: Pod;
  readonly labels: Readonly<Record<string, string>>;
  readonly binds: readonly string[];
  readonly words: readonly string[];
  readonly env: readonly string[];
}

/** As in the images. */
export const NODE_USER = "1000:1000";

/** Created, not started. */
export function createNodeContainer(options: NodeContainerOptions): Promise<Docker.Container> {
  const { docker, image, name, pod, labels, binds, words, env } = options;
  return docker.createContainer({
    name,
    Image: image,
    Cmd: [...words],
    Env: [...env],
    User: NODE_USER,
    Labels: { ...labels, "chaos.part": "node", "chaos.host": pod.name },
    // An exec each few seconds would stand in the events, and in the way.
    Healthcheck: { Test: ["NONE"] },
    OpenStdin: true,
    StdinOnce: true,
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    HostConfig: {
      NetworkMode: pod.networkMode,
      PidMode: pod.pidMode,
      Binds: [...binds],
      ReadonlyRootfs: true,
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges"],
      Tmpfs: { "/tmp": "size=64m,mode=1777" },
    },
  });
}
