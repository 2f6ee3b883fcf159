import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { gitFacts } from "../../src/sys/git/facts.ts";
import {
  askGit,
  identityByGit,
  makeSandbox,
  removeSandbox,
  write,
  type Sandbox,
} from "../support/git.ts";

let box: Sandbox;
beforeAll(() => {
  box = makeSandbox();
});
afterAll(() => removeSandbox(box));

const USER = "[user]\nname = U\nemail = u@x\n";

async function identity(config: string, env: Record<string, string> = {}) {
  write(`${box.home}/.gitconfig`, config);
  return (await gitFacts(box.root, box.home, { ...box.env, ...env })).identity;
}

describe("a complete identity equals git's", () => {
  test.each<[string, string, Record<string, string>]>([
    ["user", USER, {}],
    ["the last setting", `${USER}[user]name = V\n[USER]\n\tEmail = "v@x" ; home\n`, {}],
    ["author and committer", `${USER}[author]name=A\nemail=a@x\n[committer]name=C\n`, {}],
    ["an empty author", `${USER}[author]name =\nemail = ""\n`, {}],
    ["the environment", USER, { GIT_AUTHOR_NAME: "EA", GIT_COMMITTER_EMAIL: "ec@x" }],
    ["the environment before author", `${USER}[author]name=A`, { GIT_AUTHOR_NAME: "EA" }],
    ["EMAIL", "[user]\nname = U\n", { EMAIL: " e@x " }],
    ["EMAIL after user", USER, { EMAIL: "e@x" }],
    ["a configuration from the environment", USER, { GIT_CONFIG_PARAMETERS: "'user.name'='P'" }],
    ["other scripts", "[user]\nname = Зоя 山田\nemail = z@пример.рф\n", {}],
  ])("%s", async (_, config, env) => {
    const found = await identity(config, env);
    expect(found).toEqual(identityByGit(box.root, { ...box.env, ...env }));
  });
});

describe("only parts that are set", () => {
  test.each<[string, string, Record<string, string>, Record<string, string>]>([
    ["nothing", "", {}, {}],
    ["a name", "[user]name=U", {}, { GIT_AUTHOR_NAME: "U", GIT_COMMITTER_NAME: "U" }],
    ["an author's address", "[author]email=a@x", {}, { GIT_AUTHOR_EMAIL: "a@x" }],
    ["an empty address before EMAIL", "[user]email=", { EMAIL: "e@x" }, {}],
    ["an empty EMAIL", "", { EMAIL: "" }, {}],
    ["no EMAIL for one role", "[author]email=a@x", { EMAIL: "e@x" }, { GIT_AUTHOR_EMAIL: "a@x" }],
    ["no EMAIL with user.useConfigOnly", "[user]useConfigOnly", { EMAIL: "e@x" }, {}],
    [
      "an empty variable before the rest",
      "[user]name=U",
      { GIT_AUTHOR_NAME: "" },
      { GIT_COMMITTER_NAME: "U" },
    ],
  ])("%s", async (_, config, env, expected) => {
    expect(await identity(config, env)).toEqual(expected);
  });

  test("an empty variable and EMAIL are handled as in git", () => {
    const own = (env: Record<string, string>, ...args: readonly string[]) =>
      askGit(box.root, { ...box.env, ...env }, ...args, "var", "GIT_AUTHOR_IDENT");
    write(`${box.home}/.gitconfig`, "[user]\nname = U\nuseConfigOnly = true\n");
    expect(own({ EMAIL: "e@x" })).toBeUndefined();
    expect(own({ EMAIL: "e@x" }, "-c", "user.useConfigOnly=no")).toContain("<e@x>");
    expect(own({ GIT_AUTHOR_NAME: "" }, "-c", "user.email=u@x")).toBeUndefined();
    const forOther = ["-c", "user.useConfigOnly=no", "-c", "committer.email=c@x"];
    expect(own({ EMAIL: "e@x" }, ...forOther)).toContain("<>");
  });
});

test("a name in Latin-1 is decoded", async () => {
  const bytes = Buffer.from("[user]\nname = J\u00F6rg\n", "latin1");
  write(`${box.home}/latin1`, bytes);
  expect(await identity("[include]path = latin1")).toMatchObject({ GIT_AUTHOR_NAME: "J\u00F6rg" });
});

describe("the files of configuration", () => {
  const named = (name: string) => `[user]\nname = ${name}\nemail = ${name}@x\n`;

  test.each<[string, Record<string, string>]>([
    ["home over XDG", {}],
    ["XDG_CONFIG_HOME", { XDG_CONFIG_HOME: "xdg" }],
    ["an empty XDG_CONFIG_HOME", { XDG_CONFIG_HOME: "" }],
    ["GIT_CONFIG_GLOBAL in place of both", { GIT_CONFIG_GLOBAL: "global" }],
    ["an absent GIT_CONFIG_GLOBAL", { GIT_CONFIG_GLOBAL: "absent", GIT_CONFIG_NOSYSTEM: "no" }],
    ["a relative one", { GIT_CONFIG_GLOBAL: "./global" }],
    ["a system file", { GIT_CONFIG_NOSYSTEM: "0" }],
    ["no system file", { GIT_CONFIG_GLOBAL: "none", GIT_CONFIG_NOSYSTEM: "true" }],
  ])("%s", async (_, extra) => {
    const paths: Record<string, string> = {
      xdg: `${box.root}/xdg`,
      global: `${box.root}/global`,
      absent: `${box.root}/absent`,
      none: "/dev/null",
    };
    const env = Object.fromEntries(
      Object.entries(extra).map(([key, value]) => [key, paths[value] ?? value]),
    );
    write(`${box.root}/system`, `${named("system")}[author]name = system\n`);
    write(`${box.root}/global`, named("global"));
    write(`${box.root}/xdg/git/config`, `${named("xdg")}[committer]name = xdg\n`);
    write(`${box.home}/.config/git/config`, `${named("config")}[committer]email = config@x\n`);
    const all = { ...box.env, GIT_CONFIG_SYSTEM: `${box.root}/system`, ...env };
    write(`${box.home}/.gitconfig`, "[user]\nname = home\n");
    const { identity } = await gitFacts(box.root, box.home, all);
    const said = identityByGit(box.root, { ...all, EMAIL: "" });
    // Git guesses an identity if none is set; silo does not.
    const guess = Object.values(identity).length === 0;
    expect(identity).toEqual(guess ? {} : said);
    expect(guess).toBe(env["GIT_CONFIG_GLOBAL"] === "/dev/null");
  });
});
