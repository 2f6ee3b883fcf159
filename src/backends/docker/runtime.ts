import { SiloError } from "../../errors.ts";

/**
 * Checks that a runtime isolates `silo exec` as well as the tool.
 * @throws SiloError for krun, because it runs the container in a VM, but `exec` outside of the VM on the host's kernel.
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
