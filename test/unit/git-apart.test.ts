import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { cpSync } from "node:fs";
import { gitFacts } from "../../src/sys/git/facts.ts";
import { makeSandbox, removeSandbox, setUpGit, write, type Sandbox } from "../support/git.ts";

// A separate git directory is mounted only for the worktree that its core.worktree names.

let box: Sandbox;
let root = "";
beforeEach(() => {
  box = makeSandbox();
  root = box.root;
});
afterEach(() => removeSandbox(box));

const needed = async (cwd: string) => (await gitFacts(cwd, box.home, box.env)).commonDirs;
const point = (target: string, top: string) => write(`${top}/.git`, `gitdir: ${target}\n`);

describe("a submodule", () => {
  let sub = "";
  beforeEach(() => {
    setUpGit(box, `${root}/source`, "init", "-q");
    setUpGit(box, `${root}/source`, "commit", "-q", "--allow-empty", "-m", "first");
    setUpGit(box, `${root}/super`, "init", "-q");
    setUpGit(box, `${root}/super`, "submodule", "--quiet", "add", `${root}/source`, "sub");
    sub = `${root}/super/sub`;
  });

  test("gets only its own git directory", async () => {
    expect(await needed(sub)).toEqual([`${root}/super/.git/modules/sub`]);
  });

  test("copied elsewhere gets none", async () => {
    cpSync(sub, `${root}/copy`, { recursive: true });
    point(`${root}/super/.git/modules/sub`, `${root}/copy`);
    expect(await needed(`${root}/copy`)).toEqual([]);
  });

  test("whose .git file names the outer repository gets none", async () => {
    point(`${root}/super/.git`, sub);
    expect(await needed(sub)).toEqual([]);
  });

  test("inside the repository needs no further directory", async () => {
    expect(await needed(`${root}/super`)).toEqual([]);
  });
});

test("a separate git directory is mounted only if core.worktree in its own config names this worktree", async () => {
  const [project, apart] = [`${root}/project`, `${root}/apart.git`];
  setUpGit(box, project, "init", "-q", "--separate-git-dir", apart);
  expect(await needed(project)).toEqual([]);
  write(`${apart}/config`, "[include]\npath = own\n");
  write(`${apart}/own`, `[core]\nworktree = ${project}\n`);
  expect(await needed(project)).toEqual([]);
  write(`${apart}/config`, "[core]\nworktree = ../project\n");
  expect(await needed(project)).toEqual([apart]);
});
