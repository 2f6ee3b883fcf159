import { describe, expect, test } from "bun:test";
import { matchingRepos, parseRemote } from "../../src/core/repos.ts";
import { CPU_LIMIT_MS, cpuOf } from "../support/cpu.ts";

const flat = (address: string) => {
  const remote = parseRemote(address);
  return remote && [remote.host ?? "(local)", ...remote.path].join("/");
};

describe("an address", () => {
  test.each([
    ["https://github.com/acme/app.git", "github.com/acme/app"],
    ["https://ada:secret@GitHub.com:8443/acme/app/", "github.com/acme/app"],
    ["https://ada:p@ss@github.com/acme/app", "github.com/acme/app"],
    ["ssh://git@git.example.com:22//acme/app.git", "git.example.com/acme/app"],
    ["git+ssh://github.com/acme", "github.com/acme"],
    ["git@github.com:acme/app.git", "github.com/acme/app"],
    ["git@github.com:/acme/app.git/", "github.com/acme/app"],
    ["https://[::1]:80/a", "[::1]/a"],
    ["https://github.com", "github.com"],
    ["https://dev.azure.com/acme/My%20App/_git/x", "dev.azure.com/acme/My%20App/_git/x"],
    ["/srv/git/app.git", "(local)/srv/git/app"],
    ["github.com/acme/app", "(local)/github.com/acme/app"],
    ["./github.com:acme", undefined],
  ])("%s is %s", (address, expected) => expect(flat(address)).toBe(expected));

  test.each([
    "",
    "https://evil.example?@github.com/acme/app",
    "https://evil.example#@github.com/acme/app",
    "https://evil.example\\@github.com/acme/app",
    "https://github.com/evil/x?github.com/acme",
    "https://github.com/acme/../evil/x",
    "https://github.com/acme/%2e%2E/evil/x",
    "https://github.com/acme%2f..%2fevil/x",
    "https://github.com/acme/%252e%252e/evil",
    "https://github.com/acme/%00",
    "https://github.com/acme/%zz",
    "https://github.com:443acme/x",
    "https://github.com:acme/x",
    "https://gıthub.com/acme/x",
    "https://ｇithub.com/acme/x",
    "https:///github.com/acme",
    "https://-github.com/acme",
    "file://github.com/acme/x",
    "ext::sh -c true",
    "github.com::acme/x",
    "git@github.com@[evil]:acme/x",
    "git@github.com\n:acme/x",
    `https://github.com/${"a".repeat(5000)}`,
  ])("%j could be read in two ways, so no pattern applies", (address) => {
    expect(parseRemote(address)).toBeUndefined();
    expect(matchingRepos(["github.com/acme", "github.com", "acme"], [address])).toEqual([]);
  });

  test.each([
    `https://x${"/".repeat(1_000_000)}x\n`,
    `x:${"/".repeat(1_000_000)}\nx`,
    `${"/".repeat(4_000)}x`,
    `x:${"/..".repeat(1_300)}`,
    "@".repeat(4_000),
    `https://${"a.".repeat(2_000)}`,
  ])("a prepared one takes no time to speak of (%#)", async (address) => {
    const spent = await cpuOf(() => matchingRepos(["github.com/acme", "acme"], [address]));
    expect(spent).toBeLessThan(CPU_LIMIT_MS);
  });
});

const applies = (pattern: string, address: string) =>
  matchingRepos([pattern], [address]).length === 1;

describe("a pattern of a host", () => {
  test.each([
    "https://github.com/acme/app.git",
    "git@github.com:acme/app",
    "ssh://git@GITHUB.COM:22/acme/app",
    "https://github.com/acme",
  ])("applies to %s", (address) => {
    for (const pattern of ["github.com/acme", "GitHub.com/acme/", "https://github.com/acme.git"])
      expect(applies(pattern, address)).toBe(true);
  });

  test.each([
    "https://github.com/acme-evil/x",
    "https://github.com/Acme/x",
    "https://github.com/evil/acme",
    "https://github.com/evil/github.com/acme",
    "https://evil.example/github.com/acme/x",
    "git@evil.example:github.com/acme/x",
    "https://notgithub.com/acme/x",
    "https://github.com.evil.example/acme/x",
    "https://github.com@evil.example/acme/x",
    "https://github.com:acme@evil.example/acme/x",
    "https://github.comm/acme/x",
    "https://github.co/acme/x",
    "https://github.com/%61cme/x",
    "/home/me/github.com/acme/x",
    "github.com/acme/x",
    "./github.com/acme/x",
  ])("does not apply to %s", (address) => expect(applies("github.com/acme", address)).toBe(false));
});

describe("a pattern without a dot in its first segment", () => {
  test.each([
    ["acme", "git@github.com:acme/app.git", true],
    ["acme", "https://gitlab.example/group/acme/app", true],
    ["acme", "git@Acme:team/app", true],
    ["acme/app", "https://github.com/acme/app", true],
    ["team/acme.js", "https://github.com/team/acme.js", true],
    ["acme", "/srv/git/acme/app", true],
    ["acme", "https://github.com/acme-evil/app", false],
    ["acme", "https://github.com/notacme/app", false],
    ["acme/app", "https://github.com/acme/x/app", false],
    ["acme/app", "https://github.com/acme/app-evil", false],
    ["ACME", "https://github.com/acme/app", false],
    ["/", "https://github.com/acme/app", false],
    ["", "https://github.com/acme/app", false],
  ])("%j, %s: %p", (pattern, address, expected) =>
    expect(applies(pattern, address)).toBe(expected),
  );
});

test("patterns that match any remote apply from the shortest to the longest", () => {
  const remotes = ["git@github.com:acme/app.git", "https://github.com/fork/app"];
  const patterns = ["github.com/acme/app", "github.com/other", "acme", "", "github.com/fork"];
  expect(matchingRepos(patterns, remotes)).toEqual([
    "acme",
    "github.com/fork",
    "github.com/acme/app",
  ]);
});
