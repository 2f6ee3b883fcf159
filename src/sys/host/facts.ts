import { statSync } from "node:fs";
import { userInfo } from "node:os";
import { dirname } from "node:path";
import type { HostFacts, PathFact } from "../../core/types.ts";
import { gitFacts } from "../git/facts.ts";
import { realPathOf, statOf, tryRead } from "../files/peek.ts";
import type { HostEnvironment } from "./environment.ts";
import { linksOn, resolveLinks } from "../files/links.ts";
import { isTerminal } from "../process/tty.ts";

/** All facts of this machine that a run needs. Read synchronously, because waking threads takes longer. */
export async function hostFacts(place: HostEnvironment): Promise<HostFacts> {
  return {
    ...place,
    user: userInfo().username,
    git: await gitFacts(place.cwd, place.home, place.env),
    logicalCwd: shellDirectory(place),
    cwdOwner: statSync(place.cwd).uid,
    stdinTty: isTerminal(0),
    stdoutTty: isTerminal(1),
    bootId: bootId(place),
  };
}

function bootId({ platform }: HostEnvironment): string | undefined {
  if (platform !== "linux") return undefined;
  return tryRead("/proc/sys/kernel/random/boot_id")?.trim();
}

/** $PWD if it is a path of the working directory, links included. */
function shellDirectory({ cwd, env }: HostEnvironment): string {
  const named = env["PWD"];
  if (named === undefined || named === cwd || !named.startsWith("/")) return cwd;
  return realPathOf(named) === cwd ? named : cwd;
}

/**
 * The facts of each path, links followed; a dangling link counts as missing.
 * @param writtenIn returns the nearest directory at or above a path in which a tool could write in an earlier run.
 */
export function pathFacts(
  paths: readonly string[],
  writtenIn: (path: string) => string | undefined = () => undefined,
): Record<string, PathFact> {
  return Object.fromEntries(paths.map((path) => [path, pathFact(path, writtenIn)]));
}

function pathFact(path: string, writtenIn: (path: string) => string | undefined): PathFact {
  const [real, found] = [realPathOf(path), statOf(path)];
  if (real === undefined || found === undefined)
    return { kind: "missing", real: resolveLinks(path) ?? path, ...linkFacts(path, writtenIn) };
  const kind = found.isDirectory() ? "dir" : found.isFile() ? "file" : "other";
  return real === path ? { kind, real } : { kind, real, ...linkFacts(path, writtenIn) };
}

function linkFacts(
  path: string,
  writtenIn: (path: string) => string | undefined,
): Pick<PathFact, "links"> {
  const links = linksOn(path).map((at) => ({ at, writtenIn: writtenIn(dirname(at)) }));
  return links.length === 0 ? {} : { links };
}
