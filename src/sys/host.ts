import { accessSync, constants } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { homedir, userInfo } from "node:os";
import type { HostFacts, PathFact } from "../core/types.ts";
import { errorCode, SiloError } from "../errors.ts";
import { gitFacts } from "./git.ts";
import { resolved } from "./links.ts";

/** What is known of this machine without looking at a file. */
export type Place = Omit<HostFacts, "git" | "logicalCwd" | "cwdOwner">;

/** The user, the working directory and the terminal, at once and without a process. */
export function place(): Place {
  if (process.platform !== "linux" && process.platform !== "darwin") {
    throw new SiloError(`silo runs on Linux and macOS, not on ${process.platform}`);
  }
  const user = userInfo();
  return {
    platform: process.platform,
    home: home(),
    user: user.username,
    uid: user.uid,
    gid: user.gid,
    cwd: workingDirectory(),
    env: process.env,
    stdinTty: process.stdin.isTTY,
    stdoutTty: process.stdout.isTTY,
  };
}

function home(): string {
  const path = homedir();
  if (!path.startsWith("/")) {
    throw new SiloError("HOME is not an absolute path", { hint: "export HOME=/home/<you>" });
  }
  return path.length > 1 ? path.replace(/\/+$/, "") : path;
}

function workingDirectory(): string {
  try {
    return process.cwd();
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
    throw new SiloError("the working directory does not exist any more", { hint: "cd ." });
  }
}

/** All facts of this machine that a run needs, gathered side by side. */
export async function hostFacts(place: Place): Promise<HostFacts> {
  const [git, logicalCwd, owner] = await Promise.all([
    gitFacts(place.cwd, place.home, place.env),
    shellDirectory(place),
    stat(place.cwd),
  ]);
  return { ...place, git, logicalCwd, cwdOwner: owner.uid };
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

/** Whether a command of that name is on PATH. */
export function onPath(bin: string): boolean {
  return (process.env["PATH"] ?? "").split(":").some((directory) => {
    try {
      accessSync(`${directory}/${bin}`, constants.X_OK);
      return directory !== "";
    } catch {
      return false;
    }
  });
}
