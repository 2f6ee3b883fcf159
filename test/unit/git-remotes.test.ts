import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { gitFacts } from "../../src/sys/git/facts.ts";
import {
  addressesByGit,
  makeSandbox,
  removeSandbox,
  setUpGit,
  write,
  type Sandbox,
} from "../support/git.ts";
import { CPU_LIMIT_MS, cpuOf } from "../support/cpu.ts";

let box: Sandbox;
let repository = "";
beforeAll(() => {
  box = makeSandbox();
  repository = `${box.root}/project`;
  setUpGit(box, repository, "init", "-q");
});
afterAll(() => removeSandbox(box));

async function remotes(own: string, global = "", env: Record<string, string> = {}) {
  write(`${repository}/.git/config`, own);
  write(`${box.home}/.gitconfig`, global);
  return (await gitFacts(repository, box.home, { ...box.env, ...env })).remotes;
}

const ORIGIN = '[remote "origin"]\nurl = https://github.com/o/r.git\n';

describe("all addresses that git knows", () => {
  test.each<[string, string, string]>([
    ["none", "[core]\nbare = false\n", ""],
    ["one", ORIGIN, ""],
    ["several of several", `${ORIGIN}url = b\n[remote "B.c"]\nurl = "d e"\nfetch = x\n`, ""],
    ["of a global file", ORIGIN, '[remote "up"]\nurl = u\n'],
    ["one in both files", ORIGIN, '[remote "origin"]\nurl = u\n'],
    ["for pushing", `${ORIGIN}pushurl = p\npushurl = q\n`, ""],
    ["the deprecated section", "[remote.Up]\nurl = u\n", ""],
    [
      "a shorthand",
      '[remote "o"]\nurl = gh:o/r\n',
      '[url "https://github.com/"]\ninsteadOf = "gh:"\n',
    ],
    ["a mirror", ORIGIN, '[url "https://mirror/"]\nInsteadOf = https://github.com/\n'],
    [
      "the longest prefix",
      ORIGIN,
      '[url "a:"]\ninsteadOf = https://\ninsteadOf = https://github.com/o/\n[url "b:"]\ninsteadOf = https://github.com/\n',
    ],
    [
      "the first of equal ones",
      ORIGIN,
      '[url "a:"]\ninsteadOf = https://\n[url "b:"]\ninsteadOf = https://\n',
    ],
    ["every prefix", ORIGIN, '[url "a:"]\ninsteadOf =\n'],
    ["once only", ORIGIN, '[url "b:"]\ninsteadOf = https:\n[url "c:"]\ninsteadOf = b:\n'],
    [
      "for pushing elsewhere",
      ORIGIN,
      '[url "git@github.com:"]\npushInsteadOf = https://github.com/\n',
    ],
    [
      "an own one for pushing",
      `${ORIGIN}pushurl = gh:o/p\n`,
      '[url "x:"]\npushInsteadOf = "gh:"\npushInsteadOf = https:\n[url "y:"]\ninsteadOf = "gh:"\n',
    ],
    [
      "both rewritings",
      ORIGIN,
      '[url "x:"]\npushInsteadOf = https://github.com/\n[url "y:"]\ninsteadOf = https:\n',
    ],
    ["a value-less rewriting", ORIGIN, '[url]\ninsteadOf = https:\n[url "b:"]\n'],
  ])("%s", async (_, own, global) => {
    expect((await remotes(own, global)).toSorted()).toEqual(addressesByGit(repository, box.env));
  });
});

test("fetch addresses come first, in order and without duplicates", async () => {
  const more = '[remote "a"]\nurl = gh:x\npushurl = p\n[remote "c"]\nurl = gh:x\n';
  const rewriting = '[url "https://github.com/"]\ninsteadOf = gh:\n';
  expect(await remotes(ORIGIN + more, rewriting)).toEqual([
    "https://github.com/o/r.git",
    "https://github.com/x",
    "p",
    "gh:x",
  ]);
});

test("an address in the environment counts", async () => {
  const env = { GIT_CONFIG_COUNT: "1", GIT_CONFIG_KEY_0: "remote.e.url", GIT_CONFIG_VALUE_0: "v" };
  expect(await remotes("", "", env)).toEqual(["v"]);
});

test("an empty address clears those before it", async () => {
  expect(await remotes(`${ORIGIN}url =\nurl = b\n`)).toEqual(["b"]);
});

test("a remote with a path as its name is ignored", async () => {
  expect(await remotes('[remote "/x"]\nurl = u\n[remote]\nurl = v\n')).toEqual([]);
});

test("outside a repository there are none", async () => {
  write(`${box.home}/.gitconfig`, ORIGIN);
  expect((await gitFacts(box.root, box.home, box.env)).remotes).toEqual([]);
});

test("of thousands of remotes and rewrite rules only the first thousand count", async () => {
  const many = (line: (i: number) => string) =>
    Array.from({ length: 20_000 }, (_, i) => line(i)).join("");
  let found: readonly string[] = [];
  const all = async () => {
    found = await remotes(
      many((i) => `[remote "${i}"]\nurl = http://${i}\n`),
      many((i) => `[url "${i}:"]\ninsteadOf = ${i < 1000 ? "x" : "http:"}\n`),
    );
  };
  expect(await cpuOf(all)).toBeLessThan(CPU_LIMIT_MS);
  expect(found).toEqual(Array.from({ length: 1000 }, (_, i) => `http://${i}`));
});

test("conditions check only the first thousand addresses", async () => {
  const urls = Array.from({ length: 1001 }, (_, i) => `url = ${i}.\n`).join("");
  const include = (i: number) => `[includeIf "hasconfig:remote.*.url:${i}."]\npath = hit\n`;
  write(`${box.home}/hit`, '[url "hit:"]\ninsteadOf = 0.\n');
  expect(await remotes(`[remote "o"]\n${urls}`, include(999))).toContain("hit:");
  expect(await remotes(`[remote "o"]\n${urls}`, include(1000))).not.toContain("hit:");
});
