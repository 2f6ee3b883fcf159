import { displayPath, within } from "../core/paths.ts";
import type { HostFacts, SensitiveMount } from "../core/types.ts";
import { SiloError } from "../errors.ts";

const ELSEWHERE = "cd <project> && silo ...   # or --yes if you mean it";

type Question = { readonly gives: string; readonly hint: string };

/**
 * Asks before a tool that asks nobody gets the home directory, or a place with keys or parts of the system in it.
 * @throws SiloError for `/`, which no guest can have, where the answer is no, or where there is no terminal to ask on.
 */
export async function confirmPlace(
  { cwd, home }: HostFacts,
  places: readonly SensitiveMount[],
  yes: boolean,
): Promise<void> {
  if (cwd === "/") {
    throw new SiloError("the working directory is /, which would hide the guest's own system", {
      hint: "cd <project> && silo ...",
    });
  }
  const questions = [...homeQuestion(cwd, home), ...places.map((place) => question(place, home))];
  if (questions.length === 0 || yes) return;
  const { confirm } = await import("../ui/prompts.ts");
  for (const { gives, hint } of questions) {
    if (await confirm(`This gives the tool ${gives}. Continue?`, hint)) continue;
    throw new SiloError("not started", { hint: "cd <project> && silo ..." });
  }
}

function homeQuestion(cwd: string, home: string): readonly Question[] {
  if (!within(cwd, home)) return [];
  const what =
    cwd === home ? "your whole home directory" : `${cwd}, which holds your home directory`;
  return [{ gives: `${what} to read and write`, hint: ELSEWHERE }];
}

function question({ path, holds, from }: SensitiveMount, home: string): Question {
  if (from === "project") return { gives: `${holds} to read and write`, hint: ELSEWHERE };
  const named = displayPath(path, home);
  const file = displayPath(from, home);
  return {
    gives: named === holds.replace(/ \(.*$/, "") ? holds : `${named} with ${holds}`,
    hint: `write "!${named}" in ${file} to allow it for good   # or --yes for this run`,
  };
}
