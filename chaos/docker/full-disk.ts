/**
 * A full disk: a host whose plan fills it has a small volume of its own in memory, and a file of the pod's takes all
 * that is left of it. Read back by the kernel refusing one block more, and at the end by its taking one.
 */
import type { PodShell } from "../engine/pod-shell.ts";
import type { Applied } from "../world/backend.ts";
import { FaultError } from "../world/fault-error.ts";

/** Room for what a run stores; what is left of it is memory only while the disk is full. */
export const BOUNDED_BYTES = 64 * 1024 * 1024;

export async function fillDisk(host: string, shell: PodShell, at: string): Promise<Applied> {
  const ballast = `${at}/.ballast`;
  await shell.run(
    `dd if=/dev/zero of=${ballast} bs=65536; dd if=/dev/zero of=${ballast} bs=512 conv=notrunc oflag=append`,
  );
  const room = (): Promise<boolean> =>
    shell
      .run(`dd if=/dev/zero of=${at}/.room bs=4096 count=1; code=$?; rm -f ${at}/.room; exit $code`)
      .then(({ code }) => code === 0);
  if (await room()) throw new FaultError(`the disk of ${host} took a block more after it was filled`);
  const { output } = await shell.run(`df -k ${at} | tail -n 1`);
  return {
    note: `full: ${output.trim().split(/\s+/).slice(1, 4).join("/")} KiB of size/used/free`,
    async end() {
      const { code } = await shell.run(`rm ${ballast}`);
      if (code !== 0) throw new FaultError(`what filled the disk of ${host} was not there any more`);
      if (!(await room())) throw new FaultError(`the disk of ${host} is still full`);
    },
  };
}
