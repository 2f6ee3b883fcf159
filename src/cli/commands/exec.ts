import type { Flags } from "../grammar/flags.ts";
import { backendFlag } from "../grammar/flags.ts";
import { allContainers, pick } from "../../run/instances.ts";
import type { Action } from "../grammar/command.ts";

/** zsh before bash. Without any file of its own zsh would not greet but question who comes. */
const LOGIN_SHELL = [
  "sh",
  "-c",
  `found=; for file in ~/.zshenv ~/.zprofile ~/.zshrc ~/.zlogin; do [ ! -e "$file" ] || found=1; done
[ "$found" = 1 ] || (: >~/.zshrc) 2>/dev/null
exec "$(command -v zsh || command -v bash || command -v sh)" -l`,
];

async function run(flags: Flags, name: string, argv: readonly string[]): Promise<number> {
  const { owner, ...instance } = pick(await allContainers(backendFlag(flags)), name);
  return await owner.exec(instance, argv, process.stdin.isTTY && process.stdout.isTTY);
}

/** `silo exec <name> <command…>`. */
export const exec: Action = async ({ flags, words: [name = "", ...argv] }) =>
  await run(flags, name, argv);

/** `silo shell <name>`. */
export const shell: Action = async ({ flags, words: [name = ""] }) =>
  await run(flags, name, LOGIN_SHELL);
