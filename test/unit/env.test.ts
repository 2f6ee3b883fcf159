import { expect, test } from "bun:test";
import { mergeEnv, terminalEnv, withQuietPerl, writtenEnv } from "../../src/core/env.ts";

test.each([
  ["xterm-256color", "xterm-256color"],
  ["tmux-256color", "tmux-256color"],
  ["xterm-ghostty", "xterm-256color"],
  ["alacritty", "xterm-256color"],
  ["dumb", "dumb"],
])("TERM %s is %s in the guest", (host, guest) => {
  expect(terminalEnv({ TERM: host })).toEqual([{ name: "TERM", value: guest }]);
});

test("COLORTERM is passed; unset variables are not", () => {
  expect(terminalEnv({ COLORTERM: "truecolor" })).toEqual([
    { name: "COLORTERM", value: "truecolor" },
  ]);
  expect(terminalEnv({})).toEqual([]);
});

test("a bare name passes the host's value, even if it is empty, and nothing if it is unset", () => {
  expect(writtenEnv(["A", "B", "C", "D=x=y", "E="], { A: "1", B: "" })).toEqual([
    { name: "A", value: "1" },
    { name: "B", value: "" },
    { name: "D", value: "x=y" },
    { name: "E", value: "" },
  ]);
});

test("the last entry of a name wins", () => {
  const list = (text: string) => writtenEnv([text], {});
  expect(mergeEnv(list("A=1"), list("B=2"), list("A=3"))).toEqual([
    { name: "A", value: "3" },
    { name: "B", value: "2" },
  ]);
});

test("a locale that the image lacks causes no warning", () => {
  const entry = (name: string) => ({ name, value: "x" });
  const names = (...given: string[]) => withQuietPerl(given.map(entry)).map(({ name }) => name);
  expect(names("LC_ALL", "A")).toEqual(["LC_ALL", "A", "PERL_BADLANG"]);
  expect(names("LANG")).toContain("PERL_BADLANG");
  expect(names("LANGUAGES", "A")).not.toContain("PERL_BADLANG");
});
