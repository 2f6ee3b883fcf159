import { SiloError } from "../../errors.ts";

/**
 * Refuses a runtime that does not confine all of a container.
 * @throws SiloError for krun: it runs the container in a virtual machine, but `exec` beside it, on the host's kernel.
 */
export function checkRuntime(runtime: string | undefined): void {
  const program = runtime?.slice(runtime.lastIndexOf("/") + 1) ?? "";
  if (!/krun/i.test(program)) return;
  throw new SiloError(
    `backends.docker.runtime "${runtime}" is not supported: with krun, "silo exec" runs outside of the virtual machine, on the host's kernel`,
    {
      hint: 'set "runtime" under backends.docker in silo.jsonc to another one, such as kata or runsc',
    },
  );
}
