import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** A directory with its own home, and git for expected results; the machine's git configuration is not used. */
export type Sandbox = {
  readonly root: string;
  readonly home: string;
  readonly env: Readonly<Record<string, string>>;
};

export function makeSandbox(): Sandbox {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "silo-git-")));
  const home = join(root, "home");
  mkdirSync(home);
  const env = { PATH: process.env["PATH"] ?? "", HOME: home, GIT_CONFIG_NOSYSTEM: "1" };
  return { root, home, env };
}

export function removeSandbox({ root }: Sandbox): void {
  rmSync(root, { recursive: true, force: true });
}

export function write(path: string, text: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** The output of git; undefined if it fails. */
export function askGit(
  cwd: string,
  env: Readonly<Record<string, string | undefined>>,
  ...args: readonly string[]
): string | undefined {
  const { status, stdout } = spawnSync("git", args, { cwd, env, encoding: "utf8" });
  return status === 0 ? stdout : undefined;
}

/** Prepares a repository, regardless of the current configuration in the home directory. */
export function setUpGit({ env }: Sandbox, cwd: string, ...args: readonly string[]): void {
  const settings = [
    "-c",
    "init.defaultBranch=main",
    // Without sample hooks.
    "-c",
    "init.templateDir=",
    "-c",
    "protocol.file.allow=always",
    "-c",
    "user.name=setup",
    "-c",
    "user.email=setup@example.com",
  ];
  mkdirSync(cwd, { recursive: true });
  const { status, stderr } = spawnSync("git", [...settings, ...args], {
    cwd,
    env: { ...env, GIT_CONFIG_GLOBAL: "/dev/null" },
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`git ${args.join(" ")}: ${stderr}`);
}

/** Pseudo-random numbers that are the same in every run (mulberry32). */
export function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** The files and directories by which git recognises a git directory. */
export function makeGitDirectory(path: string): void {
  for (const part of ["objects", "refs"]) mkdirSync(`${path}/${part}`, { recursive: true });
  write(`${path}/HEAD`, "ref: refs/heads/main\n");
}

/** The git directory of a linked worktree, which names the worktree's `.git` file. */
export function makeWorktreeDirectory(path: string, dotGit: string, commondir = "../.."): void {
  write(`${path}/HEAD`, "ref: refs/heads/main\n");
  write(`${path}/commondir`, `${commondir}\n`);
  write(`${path}/gitdir`, `${dotGit}\n`);
}

type Env = Readonly<Record<string, string | undefined>>;

/** The identity that git would use for a commit; usable only if names and addresses of author and committer are set. */
export function identityByGit(cwd: string, env: Env): Record<string, string> {
  const parts = ["AUTHOR", "COMMITTER"].flatMap((role) => {
    const said = /^(.*) <(.*)> \d+ [+-]\d+$/m.exec(
      askGit(cwd, env, "var", `GIT_${role}_IDENT`) ?? "",
    );
    return [
      [`GIT_${role}_NAME`, said?.[1] ?? "unset"],
      [`GIT_${role}_EMAIL`, said?.[2] ?? "unset"],
    ] as const;
  });
  return Object.fromEntries(parts);
}

/** All URLs that git would fetch from or push to, and the URLs as configured, sorted. */
export function addressesByGit(cwd: string, env: Env): string[] {
  const lines = (...args: readonly string[]) =>
    (askGit(cwd, env, ...args) ?? "").split("\n").filter((line) => line !== "");
  const names = lines("remote");
  const fetched = names.flatMap((name) => lines("remote", "get-url", "--all", name));
  const pushed = names.flatMap((name) => lines("remote", "get-url", "--push", "--all", name));
  const written = lines(
    "config",
    "--includes",
    "--get-regexp",
    String.raw`^remote\..*\.(push)?url$`,
  );
  const asWritten = written.map((line) => line.replace(/^\S+ /, ""));
  return [...new Set([...fetched, ...pushed, ...asWritten])].toSorted();
}
