import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { cpSync } from "node:fs";
import { gitFacts } from "../../src/sys/git/facts.ts";
import { makeSandbox, removeSandbox, setUpGit, write, type Sandbox } from "../support/git.ts";

// A git directory apart counts for the one directory that its core.worktree names.

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

  test("is given its own directory only", async () => {
    expect(await needed(sub)).toEqual([`${root}/super/.git/modules/sub`]);
  });

  test("copied elsewhere has none", async () => {
    cpSync(sub, `${root}/copy`, { recursive: true });
    point(`${root}/super/.git/modules/sub`, `${root}/copy`);
    expect(await needed(`${root}/copy`)).toEqual([]);
  });

  test("that leads to the one around it has none", async () => {
    point(`${root}/super/.git`, sub);
    expect(await needed(sub)).toEqual([]);
  });

  test("below the working directory needs nothing more", async () => {
    expect(await needed(`${root}/super`)).toEqual([]);
  });
});

test("a directory apart is given once core.worktree names this one, and not because of an include", async () => {
  const [project, apart] = [`${root}/project`, `${root}/apart.git`];
  setUpGit(box, project, "init", "-q", "--separate-git-dir", apart);
  expect(await needed(project)).toEqual([]);
  write(`${apart}/config`, "[include]\npath = own\n");
  write(`${apart}/own`, `[core]\nworktree = ${project}\n`);
  expect(await needed(project)).toEqual([]);
  write(`${apart}/config`, "[core]\nworktree = ../project\n");
  expect(await needed(project)).toEqual([apart]);
});
