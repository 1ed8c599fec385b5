/**
 * A pod: a small container that holds the network and the processes' namespace of one host open, with the host's
 * volume, while the host's own container is killed, started and killed again inside of it. Address, name, published
 * ports and packet rules stay; faults of the network are put here, by its shell.
 */
import type Docker from "dockerode";
import { PodShell } from "./pod-shell.ts";

export interface PodOptions {
  readonly docker: Docker;
  /** With `iptables`, `nft` and the like. */
  readonly image: string;
  /** Of the container; also its name on the network is `alias`. */
  readonly name: string;
  readonly alias: string;
  readonly network: string;
  readonly address: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Named volumes: `name:/where`. */
  readonly volumes: readonly string[];
  /** Ports that the controller reaches on its loopback. */
  readonly published: readonly number[];
}

export interface Pod {
  readonly name: string;
  readonly address: string;
  readonly container: Docker.Container;
  /** Root in the pod's namespaces. */
  readonly shell: PodShell;
  /** For the host's own container. */
  readonly networkMode: string;
  readonly pidMode: string;
  /** Where the controller reaches a published port. */
  endpointOf(port: number): string;
}

/** Rules, captures, reading what another user's process holds; files of another user. */
const CAPABILITIES = [
  "NET_ADMIN",
  "NET_RAW",
  "SYS_PTRACE",
  "DAC_OVERRIDE",
  "CHOWN",
  "FOWNER",
  "SETUID",
  "SETGID",
  "KILL",
];

export async function createPod(options: PodOptions): Promise<Pod> {
  const { docker, image, name, alias, network, address, labels, volumes, published } = options;
  const ports = published.map((port) => `${port}/tcp`);
  const container = await docker.createContainer({
    name,
    Image: image,
    Cmd: ["sleep", "2147483"],
    Labels: { ...labels, "chaos.part": "pod", "chaos.host": alias },
    Healthcheck: { Test: ["NONE"] },
    ExposedPorts: Object.fromEntries(ports.map((port) => [port, {}])),
    HostConfig: {
      Init: true,
      CapDrop: ["ALL"],
      CapAdd: CAPABILITIES,
      SecurityOpt: ["no-new-privileges"],
      NetworkMode: network,
      Binds: [...volumes],
      PortBindings: Object.fromEntries(ports.map((port) => [port, [{ HostIp: "127.0.0.1", HostPort: "" }]])),
    },
    NetworkingConfig: { EndpointsConfig: { [network]: { Aliases: [alias], IPAMConfig: { IPv4Address: address } } } },
  });
  await container.start();
  const shell = await PodShell.open(docker, container, alias);
  const bound = published.length === 0 ? {} : (await container.inspect()).NetworkSettings.Ports;
  return {
    name: alias,
    address,
    container,
    shell,
    networkMode: `container:${container.id}`,
    pidMode: `container:${container.id}`,
    endpointOf(port) {
      const [first] = bound[`${port}/tcp`] ?? [];
      return `127.0.0.1:${first?.HostPort ?? "0"}`;
    },
  };
}
