import { displayPath, within } from "../core/paths.ts";
import type { HostFacts, SensitiveMount } from "../core/types.ts";
import { SiloError } from "../errors.ts";

const OTHER_DIRECTORY = "cd <project> && silo ...   # or confirm with --yes";

type Question = { readonly access: string; readonly hint: string };

/**
 * Asks before the tool gets access to the home directory, to keys, or to system directories, because it runs without
 * further confirmations.
 * @throws SiloError if the working directory is `/` or the answer is no, UsageError if stdin is not a TTY.
 */
export async function confirmDirectories(
  { cwd, home }: HostFacts,
  mounts: readonly SensitiveMount[],
  yes: boolean,
): Promise<void> {
  if (cwd === "/") {
    throw new SiloError(
      "the working directory is /, and mounting it would hide the container's own system",
      { hint: "cd <project> && silo ..." },
    );
  }
  const questions = [...homeQuestion(cwd, home), ...mounts.map((mount) => question(mount, home))];
  if (questions.length === 0 || yes) return;
  const { confirm } = await import("../ui/prompts.ts");
  for (const { access, hint } of questions) {
    if (await confirm(`This gives the tool ${access}. Continue?`, hint)) continue;
    throw new SiloError("not confirmed, so not started", { hint: "cd <project> && silo ..." });
  }
}

function homeQuestion(cwd: string, home: string): readonly Question[] {
  if (!within(cwd, home)) return [];
  const what =
    cwd === home ? "your whole home directory" : `${cwd}, which contains your home directory`;
  return [{ access: `read and write access to ${what}`, hint: OTHER_DIRECTORY }];
}

function question({ path, holds, from }: SensitiveMount, home: string): Question {
  if (from === "project")
    return { access: `read and write access to ${holds}`, hint: OTHER_DIRECTORY };
  const shown = displayPath(path, home);
  const file = displayPath(from, home);
  return {
    access: `access to ${shown === holds.replace(/ \(.*$/, "") ? holds : `${shown} with ${holds}`}`,
    hint: `write "!${shown}" in ${file} to allow it permanently   # or --yes for this run`,
  };
}
