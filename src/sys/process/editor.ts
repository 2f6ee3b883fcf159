import type { Cmd } from "../../runtime/command.ts";
import { SiloError } from "../../errors.ts";
import { runInteractive } from "./supervised.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** Exit status of a shell whose command is not found. */
const NOT_FOUND = 127;

/** The command that opens a file in `$VISUAL`, `$EDITOR` or vi. A shell splits the variable, as in git. */
export function editorCommand(path: string, env: Env): Cmd {
  const editor =
    [env["VISUAL"], env["EDITOR"]].find((value) => (value ?? "").trim() !== "") ?? "vi";
  return { bin: "sh", args: ["-c", `${editor} "$@"`, editor, path] };
}

/** Opens a file in the user's editor and waits for it. @throws SiloError if it fails. */
export async function openEditor(path: string, env: Env): Promise<void> {
  const cmd = editorCommand(path, env);
  const code = await runInteractive(cmd);
  if (code === 0) return;
  const why = code === NOT_FOUND ? "was not found" : `failed with exit status ${code}`;
  throw new SiloError(`editor "${cmd.args[2]}" ${why}`, { hint: "export EDITOR=nano" });
}
