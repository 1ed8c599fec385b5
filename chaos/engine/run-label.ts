/**
 * Everything that a run makes on an engine carries its label, and only what carries it is ever removed: other people's
 * containers, networks and volumes are not looked at.
 */
import type Docker from "dockerode";
import { isMoot } from "./engine.ts";

export const RUN_LABEL = "chaos.run";

export function runLabels(run: string): Record<string, string> {
  return { [RUN_LABEL]: run };
}

/** As the engine's filters have it. */
export function labelOf(run: string): string {
  return `${RUN_LABEL}=${run}`;
}

/** What was removed, in words. Removes what it can, and tells at the end what it could not. */
export async function sweepLabel(docker: Docker, label: string): Promise<readonly string[]> {
  // An empty value would match every run.
  if (!/^chaos\.run=[\w.-]+$/.test(label)) throw new RangeError(`no label of a run: ${label}`);
  const removed: string[] = [];
  const failures: unknown[] = [];
  const remove = async (what: string, act: () => Promise<unknown>): Promise<void> => {
    try {
      await act();
      removed.push(what);
    } catch (error) {
      if (!isMoot(error)) failures.push(error);
    }
  };
  const filters = { label: [label] };
  const containers = await docker.listContainers({ all: true, filters });
  const removeContainer = ({ Id, Names }: Docker.ContainerInfo): Promise<void> =>
    remove(`container ${Names[0]?.slice(1) ?? Id}`, () => docker.getContainer(Id).remove({ force: true, v: true }));
  const isPod = ({ Labels }: Docker.ContainerInfo): boolean => Labels["chaos.part"] === "pod";
  // Those that live in another one's namespaces go first.
  await Promise.all(containers.filter((each) => !isPod(each)).map(removeContainer));
  // One by one: an engine of 20.10 was seen to hang for good when several left one network at the same time.
  for (const pod of containers.filter(isPod)) await removeContainer(pod);
  for (const { Id, Name } of await docker.listNetworks({ filters })) {
    await remove(`network ${Name}`, () => docker.getNetwork(Id).remove());
  }
  const { Volumes } = await docker.listVolumes({ filters });
  for (const { Name } of Volumes ?? []) await remove(`volume ${Name}`, () => docker.getVolume(Name).remove());
  if (failures.length > 0)
    throw new AggregateError(failures, `${failures.length} things of ${label} could not be removed`);
  return removed;
}
