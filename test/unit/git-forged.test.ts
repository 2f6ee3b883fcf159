import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { linkSync, mkdirSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { gitFacts } from "../../src/sys/git/facts.ts";
import {
  askGit,
  makeGitDirectory,
  makeWorktreeDirectory,
  makeSandbox,
  removeSandbox,
  setUpGit,
  write,
  type Sandbox,
} from "../support/git.ts";

// A tool can write the working directory and a linked worktree's common directory. No file that it leaves there may
// cause a mount of another host directory.

let box: Sandbox;
let root = "";
/** The project that a tool could write. */
let project = "";
beforeEach(() => {
  box = makeSandbox();
  root = box.root;
  project = `${box.home}/project`;
  mkdirSync(project);
  // Another repository of the same user with a worktree, which must never be mounted for the project.
  makeGitDirectory(`${root}/other/.git`);
  makeWorktreeDirectory(`${root}/other/.git/worktrees/tree`, `${root}/tree/.git`);
  point(`${root}/other/.git/worktrees/tree`, `${root}/tree`);
});
afterEach(() => removeSandbox(box));

/** The directories that silo would mount for git here. */
const needed = async (cwd = project) => (await gitFacts(cwd, box.home, box.env)).commonDirs;
const point = (target: string, top = project) => write(`${top}/.git`, `gitdir: ${target}\n`);

test("a genuine worktree is mounted, so that the other tests are meaningful", async () => {
  const byGit = askGit(`${root}/tree`, box.env, "rev-parse", "--git-common-dir", "--show-toplevel");
  expect(byGit).toBe(`${root}/other/.git\n${root}/tree\n`);
  expect(await needed(`${root}/tree`)).toEqual([`${root}/other/.git`]);
});

describe("a .git file that names", () => {
  test.each([
    "/worktrees/x",
    "/",
    "/etc",
    "ROOT/home/.ssh",
    "ROOT/home",
    "..",
    ".",
    "",
    "ROOT/other",
    "ROOT/other/.git",
    "../../other/.git",
    "ROOT/other/.git/worktrees",
    "ROOT/other/.git/worktrees/tree",
    "ROOT/other/.git/worktrees/tree/",
    "ROOT/other/.git/worktrees/none/../tree",
    "ROOT/tree",
    "ROOT/tree/.git",
    "/dev/zero",
  ])("%s", async (target) => {
    mkdirSync(`${box.home}/.ssh`);
    point(target.replace("ROOT", root));
    expect(await needed()).toEqual([]);
  });
});

describe("a forged git directory", () => {
  const prepared = () => `${project}/prepared/worktrees/x`;

  test.each(["../../../..", "ROOT/other/.git", "/", "ROOT/home", "ROOT", "../../../../.ssh"])(
    "with the common directory %s",
    async (commondir) => {
      mkdirSync(`${box.home}/.ssh`);
      makeWorktreeDirectory(prepared(), `${project}/.git`, commondir.replace("ROOT", root));
      makeGitDirectory(`${project}/prepared`);
      point(prepared());
      expect(await needed()).toEqual([]);
    },
  );

  test("inside the working directory is mounted already", async () => {
    makeWorktreeDirectory(prepared(), `${project}/.git`);
    makeGitDirectory(`${project}/prepared`);
    point("prepared/worktrees/x");
    expect(await needed()).toEqual([]);
  });

  test("above the working directory, where an earlier run may have written", async () => {
    makeGitDirectory(box.home);
    makeWorktreeDirectory(`${box.home}/worktrees/x`, `${project}/.git`);
    point(`${box.home}/worktrees/x`);
    expect(await needed()).toEqual([]);
    makeGitDirectory(root);
    makeWorktreeDirectory(`${root}/worktrees/x`, `${project}/.git`);
    point(`${root}/worktrees/x`);
    expect(await needed()).toEqual([]);
  });

  test("that is or contains the home directory, from another directory", async () => {
    const elsewhere = `${root}/elsewhere`;
    for (const top of [box.home, root]) {
      makeGitDirectory(top);
      makeWorktreeDirectory(`${top}/worktrees/x`, `${elsewhere}/.git`);
      point(`${top}/worktrees/x`, elsewhere);
      expect(await needed(elsewhere)).toEqual([]);
    }
  });

  test("that contains the working directory through a linked home", async () => {
    const elsewhere = `${root}/elsewhere`;
    symlinkSync(box.home, `${root}/homelink`);
    makeGitDirectory(box.home);
    makeWorktreeDirectory(`${box.home}/worktrees/x`, `${elsewhere}/.git`);
    point(`${root}/homelink/worktrees/x`, elsewhere);
    for (const home of [`${root}/homelink`, box.home]) {
      expect((await gitFacts(elsewhere, home, box.env)).commonDirs).toEqual([]);
    }
  });
});

describe("links", () => {
  const borrowed = () => `${root}/other/.git/worktrees/tree`;

  test("a .git that is a link to another worktree's file", async () => {
    symlinkSync(`${root}/tree/.git`, `${project}/.git`);
    expect(await needed()).toEqual([]);
  });

  test("a .git that is the same file as another worktree's", async () => {
    linkSync(`${root}/tree/.git`, `${project}/.git`);
    expect(await needed()).toEqual([]);
  });

  test.each(["ROOT/other/.git", "ROOT/other/.git/worktrees/tree", "ROOT/home", "/"])(
    "a .git that is a link to %s",
    async (target) => {
      symlinkSync(target.replace("ROOT", root), `${project}/.git`);
      expect(await needed()).toEqual([]);
    },
  );

  test("a path through a link to another worktree's directory", async () => {
    mkdirSync(`${project}/x/worktrees`, { recursive: true });
    makeGitDirectory(`${project}/x`);
    symlinkSync(borrowed(), `${project}/x/worktrees/x`);
    point("x/worktrees/x");
    expect(await needed()).toEqual([]);
  });

  test("a subdirectory that is a link to a worktree", async () => {
    symlinkSync(`${root}/tree`, `${project}/tree`);
    expect(await needed()).toEqual([]);
  });

  test("another name inside the working directory is not a mount target", async () => {
    symlinkSync(`${root}/other/.git`, `${root}/tree/link`);
    point("link/worktrees/tree", `${root}/tree`);
    expect(await needed(`${root}/tree`)).toEqual([`${root}/other/.git`]);
  });

  test("another name that resolves elsewhere is not a mount target", async () => {
    symlinkSync(`${root}/other/.git`, `${root}/link`);
    point(`${root}/link/../.git/worktrees/tree`, `${root}/tree`);
    expect(await needed(`${root}/tree`)).toEqual([`${root}/other/.git`]);
  });

  test("a .git directory whose commondir is outside", async () => {
    makeGitDirectory(`${project}/.git`);
    write(`${project}/.git/commondir`, `${root}/other/.git\n`);
    expect(await needed()).toEqual([]);
  });
});

describe("in a worktree whose common directory was writable", () => {
  const own = () => `${root}/other/.git/worktrees/tree`;
  const there = () => needed(`${root}/tree`);

  test.each([
    "..",
    "/",
    "ROOT",
    "ROOT/home",
    "ROOT/third/.git",
    "../../../../third/.git",
    "../../objects",
  ])("the common directory %s is refused", async (commondir) => {
    setUpGit(box, `${root}/third`, "init", "-q");
    write(`${own()}/commondir`, `${commondir.replace("ROOT", root)}\n`);
    expect(await there()).toEqual([]);
  });

  test("a common directory that names another one is refused", async () => {
    write(`${root}/other/.git/commondir`, "/\n");
    expect(await there()).toEqual([]);
  });

  test("without commondir core.worktree must name the worktree", async () => {
    rmSync(`${own()}/commondir`);
    for (const part of ["objects", "refs"]) mkdirSync(`${own()}/${part}`, { recursive: true });
    expect(await there()).toEqual([]);
    write(`${own()}/config`, `[core]\nworktree = ${project}\n`);
    expect(await there()).toEqual([]);
  });

  test.each([
    "ROOT/other/.git",
    "ROOT/home/project/.git",
    "ROOT/tree",
    "ROOT/tree/x/.git",
    "ROOT/tree/x",
    "",
    "/.git",
  ])("the back-pointer %s names another worktree", async (gitdir) => {
    write(`${own()}/gitdir`, `${gitdir.replace("ROOT", root)}\n`);
    expect(await there()).toEqual([]);
  });

  test("a relative back-pointer, as new versions of git write it, names this worktree", async () => {
    write(`${own()}/gitdir`, "../../../../tree/.git\n");
    expect(await there()).toEqual([`${root}/other/.git`]);
  });

  test("a moved worktree is not mounted until `git worktree repair`", async () => {
    renameSync(`${root}/tree`, `${root}/moved`);
    expect(await needed(`${root}/moved`)).toEqual([]);
    setUpGit(box, `${root}/other`, "worktree", "repair", `${root}/moved`);
    expect(await needed(`${root}/moved`)).toEqual([`${root}/other/.git`]);
  });

  test.each(["objects", "refs", "HEAD"])(
    "a common directory without %s is invalid",
    async (part) => {
      rmSync(`${root}/other/.git/${part}`, { recursive: true });
      expect(await there()).toEqual([]);
    },
  );
});
