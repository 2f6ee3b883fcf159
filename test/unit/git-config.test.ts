import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { environmentVariables } from "../../src/core/git/config-env.ts";
import { gitBoolean, parseGitConfig, type GitVariable } from "../../src/core/git/config.ts";
import { askGit, makeSandbox, removeSandbox, seeded, write, type Sandbox } from "../support/git.ts";
import { CPU_LIMIT_MS, cpuOf } from "../support/cpu.ts";

let box: Sandbox;
beforeAll(() => {
  box = makeSandbox();
});
afterAll(() => removeSandbox(box));

/** What `git config --list -z` prints: `key\nvalue\0`, and `key\0` for a key without a value. */
function listed(variables: readonly GitVariable[]): string {
  return variables
    .map(({ key, value }) => `${key}${value === undefined ? "" : `\n${value}`}\0`)
    .join("");
}

/** Git before 2.45 turned each blank inside a value into a space. */
const spaces = (text: string) => text.replaceAll(/[\t\r]/g, " ");

/** Git's list, up to the first mistake. */
function gitList(text: string): string {
  const file = `${box.root}/config`;
  write(file, text);
  const args = ["config", "-f", file, "--list", "-z"];
  return spawnSync("git", args, { env: box.env, encoding: "utf8" }).stdout;
}

const FILES: readonly (readonly [string, string])[] = [
  ["nothing", ""],
  ["a value", "[user]\n\tname = A U Thor\n"],
  ["no newline at the end", "[a]b=c"],
  ["a value on the line of its header", "[a] b = c\n[d]e=f"],
  ["case", '[USER]\nName = A\n[Remote "Up"]\nURL = x'],
  ["a dotted section", "[Remote.Up]\nurl = x"],
  ["a subsection with escapes", String.raw`[a "x\"y\\z\t.[];#"]b=c`],
  ["a subsection with blanks", '[a   \t"x y"]b=c'],
  ["an empty subsection", '[a ""]b=c'],
  ["a subsection without a section", '[ "x"]y=z'],
  ["a subsection over two lines", '[a "x\ny"]b=c'],
  ["a blank behind the subsection", '[a "x" ]b=c'],
  ["a quoted section", '[a"x"]b=c'],
  ["an empty header", "[]\na=b"],
  ["a header that never ends", "[a\nb=c"],
  ["a key before any section", "a = b\n[c]d=e"],
  ["comments", "# one\n; two\n[a] # three\nb = c # four\nd = e;five\n f=g #six\\\nh=i"],
  ["a comment in quotes", '[a]\nb = "c # d" ; e'],
  ["quotes inside", '[a]\nb = c" d "e'],
  ["empty quotes", '[a]\nb = "" c\nd = ""'],
  ["an open quote", '[a]\nb = "c\nd = e'],
  ["blanks", "[a]\n\tb   =  c   d  \t \ne\t=f\r\ng = \n"],
  ["escapes", String.raw`[a]${"\n"}b = \tc\nd\be\"f\\g`],
  ["an unknown escape", String.raw`[a]${"\n"}b=1${"\n"}c = \d`],
  ["a continued line", "[a]\nb = c \\\n  d\\\ne\nf = g"],
  ["a continued line with quotes", '[a]\nb = "c \\\n  d"'],
  ["a backslash at the end", "[a]\nb = c\\"],
  ["a backslash and a newline at the end", "[a]\nb = c\\\n"],
  ["valueless keys", "[a]\nb\nc \nd"],
  ["a comment behind a valueless key", "[a]\nb # c"],
  ["an odd key", "[a]\nb-1 = c\nd_e = f"],
  ["a key that begins with a digit", "[a]\n1b = c"],
  ["CRLF", '[a]\r\nb = c\r\nd = "e"\r\n'],
  ["a lone CR", "[a]\rb = c\rd"],
  ["a byte order mark", "\uFEFF[a]\nb=c"],
  ["other scripts", "[user]\nname = Зоя 山田 😀\n"],
  ["a NUL", '[a]\nb = c\0d\n[e "f\0g"]h=i'],
  ["a vertical tab", "[a]\nb = c\v\n\v"],
];

test.each(FILES)("%s", (_, text) => {
  expect(spaces(listed(parseGitConfig(text)))).toBe(spaces(gitList(text)));
});

test("blanks inside a value are kept", () => {
  expect(parseGitConfig("[a]\nb = c \t d \t")).toEqual([{ key: "a.b", value: "c \t d" }]);
});

describe("mutated files", () => {
  const random = seeded(20_240_701);
  const ALPHABET = [
    ...'[]"\\#;=. \t\n\r-_aZ9~/'.split(""),
    "\0",
    "\uFEFF",
    "é",
    "\r\n",
    "\\\n",
    '[a "b"]',
    "k = v\n",
  ];
  const pick = <T>(from: readonly T[]): T => from[random(from.length)] as T;
  const mutate = (text: string) => {
    const at = random(text.length + 1);
    return text.slice(0, at) + (random(4) > 0 ? pick(ALPHABET) : "") + text.slice(at + random(3));
  };
  const files = Array.from({ length: 2000 }, () => {
    let text = pick(FILES)[1] + (random(2) > 0 ? pick(FILES)[1] : "");
    for (let n = random(12); n > 0; n--) text = mutate(text);
    return text.toWellFormed();
  });

  test("never fail, and give valid texts", () => {
    for (const text of files) {
      for (const { key, value } of parseGitConfig(text)) {
        expect(key).not.toMatch(/[\n\0]/);
        expect(value ?? "").not.toContain("\0");
      }
    }
  });

  test("are parsed as by git", () => {
    for (const text of files.slice(0, 80)) {
      expect(spaces(listed(parseGitConfig(text)))).toBe(spaces(gitList(text)));
    }
  });

  test("of the maximum size are parsed quickly", async () => {
    const all = () => {
      for (const part of ['"', "\\", "[a", "a", " ", "\n", '[a "', "b=\\\n", "#", "[a]b=", '"" ']) {
        parseGitConfig(`[x]y=${part.repeat(200_000 / part.length)}`);
        parseGitConfig(part.repeat(200_000 / part.length));
      }
    };
    expect(await cpuOf(all)).toBeLessThan(CPU_LIMIT_MS);
  });
});

describe("booleans", () => {
  test.each([
    "true",
    "YES",
    "on",
    "1",
    "-1",
    "0x1",
    "2k",
    "false",
    "no",
    "off",
    "0",
    "",
    "0k",
    "00",
  ])("%p", (value) => {
    const said = askGit(box.root, box.env, "-c", `a.b=${value}`, "config", "--type=bool", "a.b");
    expect(`${gitBoolean(value)}\n`).toBe(said ?? "");
  });
});

describe("the environment", () => {
  const list = (env: Record<string, string>) =>
    askGit(box.root, { ...box.env, ...env }, "config", "--list", "-z");
  const pair = (i: number, key: string, value: string) => ({
    [`GIT_CONFIG_KEY_${i}`]: key,
    [`GIT_CONFIG_VALUE_${i}`]: value,
  });

  test.each<[string, Record<string, string>]>([
    [
      "pairs",
      { GIT_CONFIG_COUNT: "2", ...pair(0, "User.Name", "A"), ...pair(1, "url.B.C.insteadOf", "") },
    ],
    [
      "only as many as counted",
      { GIT_CONFIG_COUNT: "1", ...pair(0, "a.b", "c"), ...pair(1, "d.e", "f") },
    ],
    ["none counted", { GIT_CONFIG_COUNT: "", ...pair(0, "a.b", "c") }],
    ["parameters of today", { GIT_CONFIG_PARAMETERS: `'a.B'='c d' 'E.F.g'=  'h.i'=''` }],
    ["parameters of old", { GIT_CONFIG_PARAMETERS: `'a.b=c=d'  'e.f'` }],
    ["quotes in parameters", { GIT_CONFIG_PARAMETERS: String.raw`'a.b'='c'\''d'\!''` }],
    ["both", { GIT_CONFIG_COUNT: "1", ...pair(0, "a.b", "1"), GIT_CONFIG_PARAMETERS: `'a.b'='2'` }],
  ])("%s", (_, env) => {
    expect(listed(environmentVariables(env))).toBe(list(env) ?? "git failed");
  });

  test.each([
    ["a missing value", { GIT_CONFIG_COUNT: "1", GIT_CONFIG_KEY_0: "a.b" }],
    ["no number", { GIT_CONFIG_COUNT: "x", ...pair(0, "a.b", "c") }],
    ["a key without a section", { GIT_CONFIG_COUNT: "1", ...pair(0, "ab", "c") }],
    ["an empty section", { GIT_CONFIG_COUNT: "1", ...pair(0, ".b", "c") }],
    ["an odd key", { GIT_CONFIG_COUNT: "1", ...pair(0, "a.b_c", "c") }],
    ["unquoted parameters", { GIT_CONFIG_PARAMETERS: "a.b=c 'd.e'='f'" }],
  ])("%s, which git refuses, is ignored", (_, env) => {
    expect(list(env)).toBeUndefined();
    expect(environmentVariables(env)).toEqual([]);
  });
});
