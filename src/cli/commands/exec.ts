import { allInstances, findInstance } from "../../run/instances.ts";
import type { BackendName } from "../../core/types.ts";
import type { Action } from "../grammar/command.ts";
import type { BACKEND_OPTION } from "../grammar/options.ts";

/** Command that starts a login shell: zsh, else bash, else sh. Without any configuration file zsh would start its setup dialog, so it gets an empty .zshrc. */
const LOGIN_SHELL = [
  "sh",
  "-c",
  `found=; for file in ~/.zshenv ~/.zprofile ~/.zshrc ~/.zlogin; do [ ! -e "$file" ] || found=1; done
[ "$found" = 1 ] || (: >~/.zshrc) 2>/dev/null
exec "$(command -v zsh || command -v bash || command -v sh)" -l`,
];

async function run(
  backend: BackendName | undefined,
  name: string,
  argv: readonly string[],
): Promise<number> {
  const { owner, ...instance } = findInstance(await allInstances(backend), name);
  return await owner.exec(instance, argv, process.stdin.isTTY && process.stdout.isTTY);
}

/** `silo exec <name> <command…>`. */
export const exec: Action<typeof BACKEND_OPTION> = async ({
  options,
  args: [name = "", ...argv],
}) => await run(options.backend, name, argv);

/** `silo shell <name>`. */
export const shell: Action<typeof BACKEND_OPTION> = async ({ options, args: [name = ""] }) =>
  await run(options.backend, name, LOGIN_SHELL);
