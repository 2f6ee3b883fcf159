import { afterEach, beforeEach, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { MOST_STEPS } from "../../src/sys/git/config.ts";
import { gitFacts } from "../../src/sys/git/facts.ts";
import {
  makeSandbox,
  removeSandbox,
  seeded,
  setUpGit,
  write,
  type Sandbox,
} from "../support/git.ts";
import { CPU_LIMIT_MS, cpuOf } from "../support/cpu.ts";

// Hostile repositories: they may give less information, but never an error or a long wait.

const GLOBAL = "[user]\nname = home\nemail = home@x\n";
const HOME_IDENTITY = {
  GIT_AUTHOR_NAME: "home",
  GIT_AUTHOR_EMAIL: "home@x",
  GIT_COMMITTER_NAME: "home",
  GIT_COMMITTER_EMAIL: "home@x",
};

let box: Sandbox;
let project = "";
beforeEach(() => {
  box = makeSandbox();
  project = `${box.root}/project`;
  setUpGit(box, project, "init", "-q");
  write(`${box.home}/.gitconfig`, GLOBAL);
});
afterEach(() => removeSandbox(box));

const facts = (env: Record<string, string> = {}, steps?: number) =>
  gitFacts(project, box.home, { ...box.env, ...env }, steps);

/** A tenth of the limit of real runs, so that tests end ten times sooner. */
const FEW_STEPS = MOST_STEPS / 10;

const fifo = (path: string) => {
  rmSync(path, { recursive: true, force: true });
  expect(spawnSync("mkfifo", [path]).status).toBe(0);
};

test.each([".git/config", ".git/HEAD", ".git/commondir", ".git/config.worktree", ".git"])(
  "a pipe instead of %s does not block",
  async (path) => {
    setUpGit(box, project, "config", "extensions.worktreeConfig", "true");
    fifo(`${project}/${path}`);
    expect(await facts()).toEqual({ identity: HOME_IDENTITY, remotes: [], commonDirs: [] });
  },
);

test.each([
  "/dev/zero",
  "/dev/tty",
  "/dev/stdin",
  "/proc/kmsg",
  "/proc/self/mem",
  "/",
  "pipe",
  "loop",
])("an include of %s is not read", async (path) => {
  fifo(`${project}/.git/pipe`);
  symlinkSync("loop", `${project}/.git/loop`);
  write(
    `${project}/.git/config`,
    `[user]name = before\n[include]path = ${path}\n[user]email = after@x\n`,
  );
  const { identity } = await facts();
  expect(identity).toMatchObject({ GIT_AUTHOR_NAME: "before", GIT_AUTHOR_EMAIL: "after@x" });
});

test("a file of more than 1 MiB is not read, one of 1 MiB is", async () => {
  const sized = (size: number) => `[user]name = big\n${"#".repeat(size - 17)}`;
  write(`${project}/.git/config`, sized(1 << 20));
  expect((await facts()).identity.GIT_AUTHOR_NAME).toBe("big");
  write(`${project}/.git/config`, sized((1 << 20) + 1));
  expect((await facts()).identity.GIT_AUTHOR_NAME).toBe("home");
});

test.skipIf(process.getuid?.() === 0)("an unreadable file is ignored", async () => {
  chmodSync(`${project}/.git/config`, 0);
  expect((await facts()).identity).toEqual(HOME_IDENTITY);
});

test.each([
  ["that include themselves", () => "[include]path = config\n".repeat(20)],
  [
    "that include each other by conditions",
    () =>
      '[includeIf "gitdir:**"]path = config\n[includeIf "hasconfig:remote.*.url:**"]path = config\n[remote "o"]url = u\n',
  ],
  [
    "with a great many conditions",
    () => '[includeIf "onbranch:*a*a*a*a*"]path = x\n'.repeat(10_000),
  ],
  [
    "with a great many conditions on the file's place",
    () => '[includeIf "gitdir:./x/"]path=x\n'.repeat(10_000),
  ],
  [
    "with a great many missing includes",
    () => Array.from({ length: 10_000 }, (_, i) => `[include]path=${i}\n`).join(""),
  ],
  ["with a small file that includes itself twice", () => "[include]path=config\npath=config\n"],
  [
    "with a great many addresses and conditions on them",
    () =>
      Array.from({ length: 3000 }, (_, i) => `[remote "${i}"]url=${"a".repeat(40)}${i}\n`).join(
        "",
      ) + '[includeIf "hasconfig:remote.*.url:*a*a*b"]path=x\n'.repeat(3000),
  ],
  [
    "with endless patterns",
    () => `[includeIf "gitdir:${"**/*a".repeat(150_000)}"]path = x\n`.repeat(1),
  ],
  [
    "with endless patterns for a short text",
    () =>
      `[remote "o"]url = u\n[includeIf "hasconfig:remote.*.url:${"**/".repeat(100_000)}"]path = x\n`,
  ],
  ["with a hundred thousand keys", () => `[a]\n${"b\n".repeat(100_000)}`],
  ["with a hundred thousand keys, included often", () => `[include]path=more\n`.repeat(200)],
])("files %s are handled quickly", async (_, text) => {
  write(`${project}/.git/more`, `[a]\n${"b\n".repeat(100_000)}`);
  write(`${project}/.git/config`, text());
  let identity: object = {};
  const spent = await cpuOf(async () => ({ identity } = await facts({}, FEW_STEPS)));
  expect(spent).toBeLessThan(CPU_LIMIT_MS);
  expect(identity).toEqual(HOME_IDENTITY);
});

test("the work limit of a run is reached within seconds", async () => {
  const remotes = Array.from({ length: 8000 }, (_, i) => `[remote "${i}"]url=${"a".repeat(40)}\n`);
  const condition = '[includeIf "hasconfig:remote.*.url:*a*a*b"]path=x\n';
  write(`${project}/.git/config`, remotes.join("") + condition.repeat(8000));
  expect(await cpuOf(facts)).toBeLessThan(CPU_LIMIT_MS);
});

test.each([".git/HEAD", ".git/commondir", ".git/gitdir", ".git"])(
  "endless lines in %s are handled quickly",
  async (path) => {
    rmSync(`${project}/${path}`, { recursive: true, force: true });
    const all = async () => {
      for (const start of ["gitdir: ", "ref: refs/heads/", "ref:", ""]) {
        for (const blank of ["\n", " ", "\r\n"]) {
          write(`${project}/${path}`, `${start}${blank.repeat(1_000_000 / blank.length)}x`);
          expect((await facts()).commonDirs).toEqual([]);
        }
      }
    };
    expect(await cpuOf(all)).toBeLessThan(CPU_LIMIT_MS);
  },
);

test("invalid text in every file", async () => {
  const random = seeded(1);
  const noise = () => Uint8Array.from({ length: random(300) }, () => random(256));
  for (let round = 0; round < 100; round++) {
    const name = ["config", "HEAD", "commondir", "config.worktree", "gitdir"][random(5)] ?? "";
    write(`${project}/.git/${name}`, noise());
    const { commonDirs } = await facts();
    expect(commonDirs).toEqual([]);
  }
  rmSync(`${project}/.git`, { recursive: true });
  for (let round = 0; round < 100; round++) {
    const prefix = new TextEncoder().encode(random(2) > 0 ? "gitdir: " : "");
    write(`${project}/.git`, Buffer.concat([prefix, noise()]));
    expect(await facts()).toEqual({ identity: HOME_IDENTITY, remotes: [], commonDirs: [] });
  }
});

test("a working directory that is missing or a file", async () => {
  for (const cwd of [`${box.root}/gone`, `${project}/.git/HEAD`]) {
    const { identity, commonDirs } = await gitFacts(cwd, box.home, box.env);
    expect({ identity, commonDirs }).toEqual({ identity: HOME_IDENTITY, commonDirs: [] });
  }
});

test("only the first thousand subdirectories are checked", async () => {
  setUpGit(box, project, "commit", "-q", "--allow-empty", "-m", "first");
  const many = `${box.root}/many`;
  const add = (name: string) => setUpGit(box, project, "worktree", "add", "-q", `${many}/${name}`);
  for (let i = 1000; i < 1999; i++) mkdirSync(`${many}/${i}`, { recursive: true });
  add("z");
  expect((await gitFacts(many, box.home, box.env)).commonDirs).toEqual([`${project}/.git`]);
  mkdirSync(`${many}/a`);
  expect((await gitFacts(many, box.home, box.env)).commonDirs).toEqual([]);
});

test("an environment of nonsense", async () => {
  const identity = (
    await facts({
      GIT_CONFIG_COUNT: "99999999999999999999",
      GIT_CONFIG_PARAMETERS: "'a.b".repeat(1000),
      GIT_CEILING_DIRECTORIES: "::relative:\u0001:/nowhere",
      GIT_CONFIG_SYSTEM: "",
      GIT_DISCOVERY_ACROSS_FILESYSTEM: "?",
      PWD: "relative",
    })
  ).identity;
  expect(identity).toEqual(HOME_IDENTITY);
});
