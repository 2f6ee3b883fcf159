import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, symlinkSync } from "node:fs";
import { gitFacts } from "../../src/sys/git/facts.ts";
import {
  identityByGit,
  makeSandbox,
  removeSandbox,
  setUpGit,
  write,
  type Sandbox,
} from "../support/git.ts";

let box: Sandbox;
let project = "";
beforeAll(() => {
  box = makeSandbox();
  project = `${box.home}/work/Project`;
  setUpGit(box, project, "init", "-q");
  setUpGit(box, project, "remote", "add", "origin", "https://example.com/org/repo.git");
  setUpGit(box, project, "commit", "-q", "--allow-empty", "-m", "first");
  setUpGit(box, project, "checkout", "-q", "-b", "feature/one/two");
  setUpGit(box, project, "worktree", "add", "-q", `${box.root}/tree`);
  setUpGit(box, `${box.root}/unborn`, "init", "-q");
  mkdirSync(`${project}/deep`);
  symlinkSync(`${box.home}/work`, `${box.root}/link`);
  write(`${box.home}/hit`, "[user]\nname = hit\n");
  write(`${box.home}/~nobody-at-all/hit`, "[user]\nname = not this\n");
  write(`${box.home}/dir/hit`, "[user]\nname = dir\n");
});
afterAll(() => removeSandbox(box));

const BASE = "[user]\nname = base\nemail = base@x\n";

/** The name that git and silo find with this global configuration. */
async function names(config: string, cwd = project, env: Record<string, string> = {}) {
  write(`${box.home}/.gitconfig`, BASE + config.replaceAll("ROOT", box.root));
  const all = { ...box.env, ...env };
  const { identity } = await gitFacts(cwd, box.home, all);
  return [identity.GIT_AUTHOR_NAME, identityByGit(cwd, all)["GIT_AUTHOR_NAME"]];
}

describe("include", () => {
  test.each([
    ["relative", "path = hit", "hit"],
    ["below", "path = dir/hit", "dir"],
    ["above", "path = dir/../hit", "hit"],
    ["absolute", "path = ROOT/home/hit", "hit"],
    ["home", "path = ~/hit", "hit"],
    ["missing", "path = missing", "base"],
    ["two", "path = hit\npath = dir/hit", "dir"],
    ["later settings win", "path = hit\n[user]name = later", "later"],
    ["not a path", "paths = hit", "base"],
  ])("%s", async (_, lines, expected) => {
    expect(await names(`[include]\n${lines}\n`)).toEqual([expected, expected]);
  });

  test.each([
    ["an unknown user's home", "path = ~nobody-at-all/hit"],
    ["a directory", "path = dir"],
    ["nothing", "path ="],
    ["no value", "path"],
    ["itself", "path = .gitconfig"],
  ])("%s, which git refuses, is ignored", async (_, lines) => {
    expect(await names(`[include]\n${lines}\n`)).toEqual(["base", "unset"]);
  });

  test("with a subsection is ignored", async () => {
    expect(await names('[include "x"]\npath = hit\n')).toEqual(["base", "base"]);
  });

  test("is relative to the file that contains it, by the path under which that was opened", async () => {
    write(`${box.home}/dots/one`, "[include]\npath = two\n");
    write(`${box.home}/two`, "[user]\nname = beside the link\n");
    write(`${box.home}/dots/two`, "[user]\nname = beside the file\n");
    symlinkSync("dots/one", `${box.home}/one`);
    const expected = "beside the link";
    expect(await names("[include]\npath = one\n")).toEqual([expected, expected]);
  });

  test("from the repository and from the environment", async () => {
    const own = `${box.root}/own`;
    setUpGit(box, own, "init", "-q");
    write(`${own}/.git/conf`, "[user]\nname = own\n");
    setUpGit(box, own, "config", "include.path", "conf");
    expect(await names("", own)).toEqual(["own", "own"]);
    const parameters = { GIT_CONFIG_PARAMETERS: `'include.path'='${box.home}/hit'` };
    expect(await names("", own, parameters)).toEqual(["hit", "hit"]);
  });

  test("a relative one from the environment, which git refuses, is ignored", async () => {
    const env = { GIT_CONFIG_PARAMETERS: "'include.path'='hit'" };
    expect(await names("", project, env)).toEqual(["base", "unset"]);
  });

  test("applies to a depth of ten as in git; deeper ones are ignored", async () => {
    for (let i = 1; i <= 11; i++)
      write(`${box.home}/n${i}`, `[user]name = n${i}\n[include]path = n${i + 1}`);
    write(`${box.home}/n10`, "[user]name = n10");
    expect(await names("[include]path = n1")).toEqual(["n10", "n10"]);
    write(`${box.home}/n10`, "[user]name = n10\n[include]path = n11");
    expect(await names("[include]path = n1")).toEqual(["n10", "unset"]);
  });
});

describe("includeIf", () => {
  const given = (condition: string, cwd?: string, env?: Record<string, string>) =>
    names(`[includeIf "${condition}"]\npath = ~/hit\n`, cwd, env);

  test.each([
    ["gitdir:~/work/Project/.git", true],
    ["gitdir:~/work/Project/", true],
    ["gitdir:~/work/Project", false],
    ["gitdir:~/work/", true],
    ["gitdir:~/work/**", true],
    ["gitdir:~/work/*", false],
    ["gitdir:~/work/*/.git", true],
    ["gitdir:~", false],
    ["gitdir:~/", true],
    ["gitdir:ROOT/home/work/", true],
    ["gitdir:ROOT/link/", false],
    ["gitdir:Project/", true],
    ["gitdir:Project/.git", true],
    ["gitdir:ject/", false],
    ["gitdir:project/", false],
    ["gitdir/i:project/", true],
    ["gitdir/i:~/WORK/", true],
    ["gitdir:./work/", true],
    ["gitdir:./Work/", false],
    ["gitdir/i:./Work/", true],
    ["gitdir:./**", true],
    ["gitdir:./", true],
    ["gitdir:.", false],
    ["gitdir:../home/", false],
    ["gitdir:**", true],
    ["gitdir:", true],
    ["gitdir", false],
    ["Gitdir:**", false],
    ["onbranch:feature/one/two", true],
    ["onbranch:feature/", true],
    ["onbranch:feature", false],
    ["onbranch:feature/*", false],
    ["onbranch:**", true],
    ["onbranch:**/two", true],
    ["onbranch:main", false],
    ["hasconfig:remote.*.url:https://example.com/**", true],
    ["hasconfig:remote.*.url:https://example.com/*/repo.git", true],
    ["hasconfig:remote.*.url:https://example.com/*", false],
    ["hasconfig:remote.*.url:https://example.com/", false],
    ["hasconfig:remote.*.url:**/repo.git", true],
    ["hasconfig:remote.origin.url:**", false],
    ["hasconfig:remote.*.pushurl:**", false],
    ["always:**", false],
  ])("%s", async (condition, holds) => {
    const expected = holds ? "hit" : "base";
    expect(await given(condition)).toEqual([expected, expected]);
  });

  test.each([
    ["gitdir:Project/", "work/Project/deep", "hit"],
    ["gitdir:~/work/Project/.git/worktrees/tree", "../tree", "hit"],
    ["gitdir:**/tree/.git", "../tree", "base"],
    ["gitdir:**", "dir", "base"],
    ["onbranch:tree", "../tree", "hit"],
    ["onbranch:main", "../unborn", "hit"],
    ["onbranch:**", "dir", "base"],
    ["hasconfig:remote.*.url:**", "../unborn", "base"],
  ])("%s in %s", async (condition, place, expected) => {
    expect(await given(condition, `${box.home}/${place}`)).toEqual([expected, expected]);
  });

  test.each([
    ["gitdir:ROOT/link/", "work/Project", "ROOT/link/Project", "hit"],
    ["gitdir:ROOT/link/", "work/Project", "ROOT/link", "base"],
    ["gitdir:ROOT/link/", "work/Project/deep", "ROOT/link/Project/deep", "base"],
    ["gitdir:ROOT/home/", "work/Project", "ROOT/link/Project", "hit"],
  ])("%s in %s, which the shell calls %s", async (condition, place, shell, expected) => {
    const PWD = shell.replace("ROOT", box.root);
    expect(await given(condition, `${box.home}/${place}`, { PWD })).toEqual([expected, expected]);
  });

  test("~ works with a linked home", async () => {
    symlinkSync(box.home, `${box.root}/homelink`);
    write(`${box.home}/.gitconfig`, `${BASE}[includeIf "gitdir:~/work/"]\npath = ~/hit\n`);
    const env = { ...box.env, HOME: `${box.root}/homelink` };
    const { identity } = await gitFacts(project, env.HOME, env);
    expect(identity.GIT_AUTHOR_NAME).toBe("hit");
    expect(identityByGit(project, env)).toMatchObject(identity);
  });

  test("./ is the real directory of the file", async () => {
    write(`${box.home}/work/conf`, '[includeIf "gitdir:./Project/"]\npath = ../hit\n');
    symlinkSync("work/conf", `${box.home}/conf`);
    write(`${box.root}/hit`, "[user]\nname = beside\n");
    expect(await names("[include]\npath = conf\n")).toEqual(["beside", "beside"]);
  });

  test("./ is matched literally", async () => {
    write(`${box.root}/hexe/conf`, '[includeIf "gitdir:./work/"]\npath = ../home/hit\n');
    expect(await names("[include]\npath = ROOT/hexe/conf\n")).toEqual(["base", "base"]);
  });

  test("an address set later or in another file counts, one from the conditional include does not", async () => {
    const condition = (pattern: string) =>
      `[includeIf "hasconfig:remote.*.url:${pattern}"]\npath = ~/hit\n`;
    const later = '[remote "later"]\nurl = later:x\n';
    expect(await names(condition("later:*") + later)).toEqual(["hit", "hit"]);
    write(`${box.home}/remote`, '[remote "r"]\nurl = behind:x\n');
    const behind = `[includeIf "hasconfig:remote.*.url:https:**"]\npath = ~/remote\n`;
    const [own] = await names(behind + condition("behind:*"));
    expect(own).toBe("base");
  });

  test("HEAD may be a link to its branch", async () => {
    setUpGit(box, `${box.root}/old`, "init", "-q");
    setUpGit(box, `${box.root}/old`, "config", "core.preferSymlinkRefs", "true");
    setUpGit(box, `${box.root}/old`, "symbolic-ref", "HEAD", "refs/heads/linked");
    expect(await given("onbranch:linked", `${box.root}/old`)).toEqual(["hit", "hit"]);
    setUpGit(box, `${box.root}/blanks`, "init", "-q");
    write(`${box.root}/blanks/.git/HEAD`, "ref:  refs/heads/padded \r\n");
    expect(await given("onbranch:padded", `${box.root}/blanks`)).toEqual(["hit", "hit"]);
  });

  test("a detached HEAD has no branch", async () => {
    setUpGit(box, project, "worktree", "add", "-q", "--detach", `${box.root}/detached`);
    expect(await given("onbranch:**", `${box.root}/detached`)).toEqual(["base", "base"]);
  });
});
