import { expect, test } from "bun:test";
import { matchingRepos, normaliseRemote } from "../../src/core/repos.ts";

test.each([
  ["https://github.com/acme/app.git", "github.com/acme/app"],
  ["https://ada:secret@GitHub.com:8443/acme/app/", "github.com/acme/app"],
  ["ssh://git@git.example.com:22//acme/app.git", "git.example.com/acme/app"],
  ["git@github.com:acme/app.git", "github.com/acme/app"],
  ["git@github.com:/acme/app.git/", "github.com/acme/app"],
  ["https://[::1]:80/a", "[::1]/a"],
  ["/srv/git/app.git", "/srv/git/app"],
  ["", ""],
])("the remote %s is %s", (address, expected) => {
  expect(normaliseRemote(address)).toBe(expected);
});

test.each([
  `https://x${"/".repeat(1_000_000)}x\n`,
  `x:${"/".repeat(1_000_000)}\nx`,
  `${"/".repeat(1_000_000)}x`,
  `${"@".repeat(1_000_000)}\n`,
])("a prepared address takes no time to speak of (%#)", (address) => {
  const started = performance.now();
  normaliseRemote(address);
  expect(performance.now() - started).toBeLessThan(20_000);
});

test("patterns that are part of an address, the longest last", () => {
  const remotes = ["git@github.com:acme/app.git"];
  expect(matchingRepos(["github.com/acme/app", "other", "acme", ""], remotes)).toEqual([
    "acme",
    "github.com/acme/app",
  ]);
});
