import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chownSync, mkdirSync, realpathSync, renameSync, symlinkSync, unlinkSync } from "node:fs";
import { gitFacts } from "../../src/sys/git/facts.ts";
import {
  addressesByGit,
  askGit,
  identityByGit,
  makeSandbox,
  removeSandbox,
  setUpGit,
  write,
  type Sandbox,
} from "../support/git.ts";

let box: Sandbox;
beforeAll(() => {
  box = makeSandbox();
  const { root, home } = box;
  const git = (directory: string, ...args: readonly string[]) =>
    setUpGit(box, `${root}/${directory}`, ...args);
  const named = (directory: string, name: string) => {
    git(directory, "config", "user.name", name);
    git(directory, "remote", "add", name, `https://example.com/${name}`);
  };
  write(`${home}/.gitconfig`, "[user]\nname = home\nemail = home@x\n");
  git("main", "init", "-q");
  git("main", "commit", "-q", "--allow-empty", "-m", "first");
  named("main", "main");
  mkdirSync(`${root}/main/deep/er`, { recursive: true });
  git("main", "worktree", "add", "-q", "../tree");
  mkdirSync(`${root}/tree/deep`);
  git("main", "config", "extensions.worktreeConfig", "true");
  git("tree", "config", "--worktree", "user.name", "only this tree");
  git("super", "init", "-q");
  git("super", "submodule", "--quiet", "add", "../main", "sub");
  named("super/sub", "sub");
  git("super/sub", "worktree", "add", "-q", "../../subtree");
  git("super", "submodule", "--quiet", "add", "../main", "sparse");
  git("super/sparse", "sparse-checkout", "set", "x");
  git("bare.git", "init", "-q", "--bare");
  git("main", "push", "-q", "../bare.git", "main");
  named("bare.git", "bare");
  git("bare.git", "worktree", "add", "-q", "../baretree", "main");
  git("separate", "init", "-q", "--separate-git-dir", `${root}/separate.git`);
  named("separate", "separate");
  git("told", "init", "-q", "--separate-git-dir", `${root}/told.git`);
  git("told", "config", "core.worktree", `${root}/told`);
  git("hidden", "clone", "-q", "--bare", "../main", ".bare");
  write(`${root}/hidden/.git`, "gitdir: ./.bare\n");
  git("hidden", "worktree", "add", "-q", "tree");
  symlinkSync(`${root}/main/.git`, `${mkdirs(`${root}/linked`)}/.git`);
  write(`${root}/separate.git/config.worktree`, "[user]\nname = not switched on\n");
  write(`${root}/main/broken/.git`, "gitdir: nowhere\n");
  write(`${root}/main/empty/.git/config`, "[user]\nname = no repository\n");
  mkdirSync(`${root}/none/deep`, { recursive: true });
});
afterAll(() => removeSandbox(box));

function mkdirs(path: string): string {
  mkdirSync(path, { recursive: true });
  return path;
}

const facts = (directory: string, env: Record<string, string> = {}) =>
  gitFacts(`${box.root}/${directory}`, box.home, { ...box.env, ...env });

const PLACES = [
  "main",
  "main/deep/er",
  "main/.git",
  "main/.git/objects",
  "tree",
  "tree/deep",
  "super",
  "super/sub",
  "super/sparse",
  "subtree",
  "bare.git",
  "bare.git/refs",
  "baretree",
  "separate",
  "told",
  "hidden",
  "hidden/tree",
  "linked",
  "main/broken",
  "main/empty",
  "none",
  "none/deep",
];

test.each(PLACES)("%s has git's identity and remotes", async (place) => {
  const { identity, remotes } = await facts(place);
  const directory = `${box.root}/${place}`;
  const refused = place === "main/broken";
  expect(identity).toEqual(identityByGit(refused ? box.root : directory, box.env));
  expect(remotes.toSorted()).toEqual(addressesByGit(directory, box.env));
});

const NEEDED: readonly (readonly [string, readonly string[]])[] = [
  ["tree", ["main/.git"]],
  ["super/sub", ["super/.git/modules/sub"]],
  ["super/sparse", ["super/.git/modules/sparse"]],
  ["subtree", ["super/.git/modules/sub"]],
  ["baretree", ["bare.git"]],
  ["told", ["told.git"]],
  ["hidden/tree", ["hidden/.bare"]],
];

test.each(NEEDED)("%s needs %p", async (place, needed) => {
  const { commonDirs } = await facts(place);
  expect(commonDirs).toEqual(needed.map((path) => `${box.root}/${path}`));
  const asked = askGit(`${box.root}/${place}`, box.env, "rev-parse", "--git-common-dir")?.trim();
  expect(commonDirs).toContain(
    realpathSync(asked?.startsWith("/") ? asked : `${box.root}/${place}/${asked}`),
  );
});

test.each(PLACES.filter((place) => NEEDED.every(([needing]) => place !== needing)))(
  "%s needs no directory outside",
  async (place) => {
    expect((await facts(place)).commonDirs).toEqual([]);
  },
);

test("worktrees right below the working directory count, in order and once", async () => {
  const { root } = box;
  const around = mkdirs(`${root}/around`);
  for (const name of ["b", "a"])
    setUpGit(box, `${root}/main`, "worktree", "add", "-q", `${around}/${name}`);
  setUpGit(box, `${root}/bare.git`, "worktree", "add", "-q", `${around}/Z`);
  setUpGit(box, `${root}/main`, "worktree", "add", "-q", `${around}/c/d`);
  symlinkSync(`${root}/told`, `${around}/link`);
  expect((await facts("around")).commonDirs).toEqual([`${root}/bare.git`, `${root}/main/.git`]);
  expect((await facts("around")).remotes).toEqual([]);
});

test("a bare repository that contains its worktree is not mounted, because it is above the working directory", async () => {
  setUpGit(box, `${box.root}/bare.git`, "worktree", "add", "-q", "inner");
  const found = await facts("bare.git/inner");
  expect(found.commonDirs).toEqual([]);
  expect(found.remotes).toContain("https://example.com/bare");
});

test("a common directory that the .git file names through a link is mounted by both names", async () => {
  const { root } = box;
  renameSync(`${root}/super`, `${root}/moved`);
  symlinkSync(`${root}/moved`, `${root}/super`);
  try {
    const { commonDirs } = await facts("subtree");
    expect(commonDirs).toEqual([
      `${root}/moved/.git/modules/sub`,
      `${root}/super/.git/modules/sub`,
    ]);
  } finally {
    unlinkSync(`${root}/super`);
    renameSync(`${root}/moved`, `${root}/super`);
  }
});

test("a working directory named by a link counts as its target", async () => {
  symlinkSync(`${box.root}/tree`, `${box.root}/treelink`);
  expect(await facts("treelink")).toEqual(await facts("tree"));
});

describe("the environment", () => {
  test.each<[string, string, Record<string, string>]>([
    ["a ceiling above", "main/deep/er", { GIT_CEILING_DIRECTORIES: "ROOT" }],
    ["a ceiling between", "main/deep/er", { GIT_CEILING_DIRECTORIES: "/nowhere:ROOT/main" }],
    ["a ceiling here", "main", { GIT_CEILING_DIRECTORIES: "ROOT/main" }],
    ["a git directory", "none", { GIT_DIR: "ROOT/main/.git" }],
    ["a relative one", "none", { GIT_DIR: "../bare.git" }],
    ["a .git file", "none", { GIT_DIR: "ROOT/tree/.git" }],
    ["no git directory", "main", { GIT_DIR: "ROOT/none" }],
  ])("%s", async (_, place, set) => {
    const env = Object.fromEntries(
      Object.entries(set).map(([name, value]) => [name, value.replace("ROOT", box.root)]),
    );
    const all = { ...box.env, ...env };
    const found = await facts(place, env);
    expect(found.remotes.toSorted()).toEqual(addressesByGit(`${box.root}/${place}`, all));
    if (found.remotes.length > 0)
      expect(found.identity).toEqual(identityByGit(`${box.root}/${place}`, all));
    else expect(found.identity.GIT_AUTHOR_NAME).toBe("home");
    expect(found.commonDirs).toEqual([]);
  });

  test("GIT_DIR does not change the directories to mount", async () => {
    const { commonDirs } = await facts("tree", { GIT_DIR: `${box.root}/super/.git` });
    expect(commonDirs).toEqual([`${box.root}/main/.git`]);
  });
});

describe.skipIf(process.getuid?.() !== 0)("somebody else's repository", () => {
  const OTHER = 12_345;
  const planted = (name: string) => {
    const top = `${box.root}/${name}`;
    setUpGit(box, top, "init", "-q");
    setUpGit(box, top, "remote", "add", "planted", "https://example.com/planted");
    mkdirSync(`${top}/below`);
    chownSync(`${top}/.git`, OTHER, OTHER);
    return top;
  };

  test("above the user's own directory is ignored, as by git", async () => {
    const top = planted("planted");
    expect(addressesByGit(`${top}/below`, box.env)).toEqual([]);
    expect((await facts("planted/below")).remotes).toEqual([]);
  });

  test("counts in a directory of the same owner", async () => {
    chownSync(`${planted("theirs")}/below`, OTHER, OTHER);
    expect((await facts("theirs/below")).remotes).toEqual(["https://example.com/planted"]);
  });

  test("is not mounted for the user's own worktree", async () => {
    setUpGit(box, `${box.root}/source`, "init", "-q");
    setUpGit(box, `${box.root}/source`, "commit", "-q", "--allow-empty", "-m", "first");
    setUpGit(box, `${box.root}/source`, "worktree", "add", "-q", "../own");
    expect((await facts("own")).commonDirs).toEqual([`${box.root}/source/.git`]);
    chownSync(`${box.root}/source/.git`, OTHER, OTHER);
    expect((await facts("own")).commonDirs).toEqual([]);
  });
});
