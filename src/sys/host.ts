import { realpath, stat } from "node:fs/promises";
import type { HostFacts, PathFact } from "../core/types.ts";
import { gitFacts } from "./git.ts";
import type { Place } from "./place.ts";
import { resolved } from "./links.ts";

/** All facts of this machine that a run needs, gathered side by side. */
export async function hostFacts(place: Place): Promise<HostFacts> {
  const [git, logicalCwd, owner] = await Promise.all([
    gitFacts(place.cwd, place.home, place.env),
    shellDirectory(place),
    stat(place.cwd),
  ]);
  const stdinTty = process.stdin.isTTY;
  const stdoutTty = process.stdout.isTTY;
  return { ...place, git, logicalCwd, cwdOwner: owner.uid, stdinTty, stdoutTty };
}

/** $PWD where it names the working directory, links and all. */
async function shellDirectory({ cwd, env }: Place): Promise<string> {
  const named = env["PWD"];
  if (named === undefined || named === cwd || !named.startsWith("/")) return cwd;
  return (await realPath(named)) === cwd ? named : cwd;
}

async function realPath(path: string): Promise<string | undefined> {
  try {
    return await realpath(path);
  } catch {
    return undefined;
  }
}

/** What each path is, after following links; a link that leads nowhere counts as missing. */
export async function pathFacts(paths: readonly string[]): Promise<Record<string, PathFact>> {
  const facts = await Promise.all(paths.map(async (path) => [path, await pathFact(path)] as const));
  return Object.fromEntries(facts);
}

async function pathFact(path: string): Promise<PathFact> {
  try {
    const [real, found] = await Promise.all([realpath(path), stat(path)]);
    const kind = found.isDirectory() ? "dir" : found.isFile() ? "file" : "other";
    return { kind, real };
  } catch {
    return { kind: "missing", real: resolved(path) ?? path };
  }
}
