import { describe, expect, test } from "bun:test";
import { toolByName, TOOLS } from "../../src/tools/index.ts";
import { HOST, planOf, type Setting } from "../support/plan.ts";

const codex = toolByName("codex");
const value = (setting: Setting, name: string, tool = codex) =>
  planOf(tool, setting).env.find((entry) => entry.name === name)?.value;

describe("layers", () => {
  const config = {
    env: ["A=global", "B=global"],
    tools: { codex: { env: ["A=tool", "C=tool"] }, claude: { env: ["C=other"] } },
    repos: {
      acme: { env: ["A=short"] },
      "github.com/acme": { env: ["A=long"] },
      elsewhere: { env: ["A=no"] },
    },
  };
  test.each([
    ["A", "long"],
    ["B", "global"],
    ["C", "tool"],
  ])(
    "the last %s wins in the order tool, global, repositories from short to long",
    (name, expected) => {
      expect(value({ config }, name)).toBe(expected);
    },
  );

  test("a tool's read-only mount overrides a global read-write mount of the same path", () => {
    const plan = planOf(codex, {
      config: { mounts_rw: ["~/x"], tools: { codex: { mounts_ro: ["~/x"] } } },
    });
    expect(plan.mounts.find(({ target }) => target === "/home/ada/x")?.mode).toBe("ro");
  });
});

describe("image", () => {
  const tag = (setting: Setting) => planOf(codex, setting).image.tag;

  test("the same input has the same tag, and each part of it changes the tag", () => {
    const settings: Setting[] = [
      {},
      { config: { image: { base: "debian:13" } } },
      { config: { image: { toolchains: ["node"] } } },
      { config: { post_build_hooks: ["true"] } },
      { config: { tools: { codex: { post_build_hooks: ["true"] } } } },
      { config: { mounts_rw: ["~/a/b/c"] } },
      { host: { uid: 501, gid: 20, home: "/Users/ada" } },
      { host: { user: "eve" } },
    ];
    expect(tag({})).toBe(tag({}));
    expect(tag({})).toMatch(/^silo-codex:[0-9a-f]{16}$/);
    expect(new Set(settings.map(tag)).size).toBe(settings.length);
  });

  test("neither the project, nor variables, nor the terminal change it", () => {
    expect(tag({ host: { cwd: "/srv/x", logicalCwd: "/srv/x", env: {}, stdinTty: false } })).toBe(
      tag({}),
    );
    expect(tag({ config: { env: ["KEY=s3cret"], ports: ["1:1"] } })).toBe(tag({}));
  });

  test("contains no secret", () => {
    const { image } = planOf(codex, { config: { env: ["KEY=s3cret"] } });
    expect(JSON.stringify(image)).not.toContain("s3cret");
  });

  test.each([
    ["Ada.Lovelace@corp", "ada-lovelace-corp"],
    ["1st", "st"],
    ["日本", "silo"],
  ])("the user %s is called %s inside", (user, name) => {
    expect(planOf(codex, { host: { user } }).image.buildArgs["USER"]).toBe(name);
  });
});

describe("tools", () => {
  const command = (name: string, setting: Setting = {}) =>
    planOf(toolByName(name), setting).argv.join(" ");
  const claudeMcp = "/home/ada/.claude/mcp.json";

  test("claude gets its MCP file only if it exists, and IS_SANDBOX only as root", () => {
    const claude = toolByName("claude");
    expect(command("claude")).toContain(`--mcp-config=${claudeMcp}`);
    expect(command("claude", { missing: [claudeMcp] })).not.toContain("--mcp-config");
    expect(value({}, "IS_SANDBOX", claude)).toBeUndefined();
    expect(value({ host: { uid: 0 } }, "IS_SANDBOX", claude)).toBe("1");
  });

  test("paperclip is set up without questions, unless arguments say otherwise", () => {
    expect(command("paperclipai")).toEndWith("paperclipai onboard --yes --no-install-service");
    expect(command("paperclipai", { args: ["doctor"] })).toEndWith("paperclipai doctor");
  });

  test.each([
    [[], "/home/ada/.copilot"],
    [["/home/ada/.copilot"], "/home/ada/.config/.copilot"],
    [["/home/ada/.copilot", "/home/ada/.config/.copilot"], "/home/ada/.copilot"],
  ])("without %j copilot's home is %s", (missing, home) => {
    expect(value({ missing }, "COPILOT_HOME", toolByName("copilot"))).toBe(home);
  });

  test("codex prints how to sign in only while it is not signed in", () => {
    expect(planOf(codex).tips).toEqual([]);
    expect(planOf(codex, { missing: ["/home/ada/.codex/auth.json"] }).tips).toHaveLength(1);
  });

  test("every tool's own paths are created if missing, with a file only for .json", () => {
    for (const tool of TOOLS) {
      const own = planOf(tool).mounts.filter(({ from, mode }) => from === "tool" && mode === "rw");
      const missing = own.map(({ target }) => target);
      const { creations } = planOf(tool, { missing });
      expect(creations.map(({ path }) => path).toSorted()).toEqual(missing.toSorted());
      for (const { path, kind } of creations)
        expect(kind).toBe(path.endsWith(".json") ? "file" : "dir");
    }
  });

  test("a TTY is allocated only if stdin and stdout are TTYs", () => {
    expect(planOf(codex).tty).toBe(true);
    expect(planOf(codex, { host: { stdinTty: false } }).tty).toBe(false);
    expect(planOf(codex, { host: { stdoutTty: false } }).tty).toBe(false);
  });

  test("the git directory of a worktree is mounted", () => {
    expect(planOf(codex).mounts).toContainEqual(
      expect.objectContaining({ target: HOST.git.commonDirs[0], mode: "rw", from: "git" }),
    );
  });
});
