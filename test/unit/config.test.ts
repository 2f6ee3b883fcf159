import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { BACKEND_SETTINGS } from "../../src/core/settings/index.ts";
import type { Setting } from "../../src/core/settings/setting.ts";
import { schemaText } from "../../scripts/schema.ts";
import { candidates } from "../../src/config/files.ts";
import { parseFiles } from "../../src/config/load.ts";
import { mergeConfig } from "../../src/config/merge.ts";
import { parseConfig } from "../../src/config/parse.ts";
import { showConfig } from "../../src/config/show.ts";
import type { Config } from "../../src/core/config.ts";
import { SiloError } from "../../src/errors.ts";

const HOME = "/home/me";
const GLOBAL = `${HOME}/.config/silo/silo.jsonc`;

async function load(
  files: Record<string, string>,
  env: Record<string, string> = {},
  cwd = "/home/me/src/app",
): Promise<Config> {
  const texts = candidates(cwd, HOME, env).flatMap((path, i) => {
    const text = files[path];
    return text === undefined ? [] : [{ path, text, global: i === 0 }];
  });
  return mergeConfig(await parseFiles(texts, HOME), env);
}

describe("problems are reported with line and column", () => {
  test.each([
    ['{\n  "mount_rw": []\n}', '2:3: unknown key "mount_rw"; did you mean "mounts_rw"?'],
    ['{"tools": {"claude": {"envs": []}}}', '1:23: unknown key "envs"; did you mean "env"?'],
    ['{"tools": {"cluade": {}}}', '1:12: unknown key "cluade"; did you mean "claude"?'],
    [
      '{"backend": "dokcer"}',
      '1:13: backend: expected "docker" | "container" | "fly" | "bwrap", got "dokcer"',
    ],
    [
      '{"ports": ["80"]}',
      '1:12: ports.0: expected [hostIP:]host:guest[/udp] with ports from 1 to 65535, got "80"',
    ],
    ['{"env": [\n 1]}', "2:2: env.0: expected string, got 1"],
    ['{"env": ["1A=x"]}', '1:10: env.0: expected NAME or NAME=value, got "1A=x"'],
    ['{"tool": "claude",\n "tool": "codex"}', '2:2: duplicate key "tool"'],
    ['{"__proto__": {"backend": "fly"}}', '1:2: unknown key "__proto__"'],
    ['{"constructor": 1}', '1:2: unknown key "constructor"'],
    ['{"tool": }', "1:10: value expected"],
    ['{"tools": {"codex": []}}', "1:21: expected an object, got a list"],
    ["[]", "1:1: expected an object, got a list"],
    ['\uFEFF{"tool": 1}', '1:10: tool: expected "claude"'],
    ["[".repeat(100_000), "1:1: nested deeper than 40 levels"],
  ])("%j", (text, problem) => {
    const parsed = parseConfig(text);
    const shown =
      "problems" in parsed
        ? parsed.problems.map(({ line, column, message }) => `${line}:${column}: ${message}`)
        : [];
    expect(shown.join("\n")).toStartWith(problem);
  });

  test("an empty file, comments and trailing commas are valid", () => {
    expect(parseConfig("")).toEqual({ config: {} });
    expect(parseConfig('// c\n{"env": ["A",], /* x */}')).toEqual({ config: { env: ["A"] } });
  });

  test("all problems of all files are reported at once", async () => {
    const loading = load({ [GLOBAL]: '{"a": 1, "b": 2}', "/home/me/src/silo.jsonc": "{" });
    const error = await loading.then(
      () => undefined,
      (caught: unknown) => caught,
    );
    expect(error).toBeInstanceOf(SiloError);
    const { detail } = error as SiloError;
    expect(detail).toHaveLength(3);
    expect(detail[0]).toStartWith("~/.config/silo/silo.jsonc:1:2: unknown key");
    expect(detail[2]).toStartWith("~/src/silo.jsonc:1:2: ");
  });
});

describe("files", () => {
  test("the global one first, then from the root down", () => {
    expect(candidates("/home/me/app", HOME, {})).toEqual([
      GLOBAL,
      "/silo.jsonc",
      "/home/silo.jsonc",
      "/home/me/silo.jsonc",
      "/home/me/app/silo.jsonc",
    ]);
  });

  test("XDG_CONFIG_HOME is used unless it is relative, and no file is listed twice", () => {
    expect(candidates("/", HOME, { XDG_CONFIG_HOME: "/xdg" })[0]).toBe("/xdg/silo/silo.jsonc");
    expect(candidates("/", HOME, { XDG_CONFIG_HOME: "xdg" })[0]).toBe(GLOBAL);
    expect(
      candidates(`${HOME}/.config/silo`, HOME, {}).filter((path) => path === GLOBAL),
    ).toHaveLength(1);
  });
});

describe("merging", () => {
  const NEAR = "/home/me/src/app/silo.jsonc";

  test("scalars are replaced, arrays appended without exact repeats", async () => {
    const config = await load({
      [GLOBAL]: '{"tool": "claude", "env": ["A", "B"], "mounts_ro": ["./x", "/y"]}',
      [NEAR]: '{"tool": "codex", "env": ["B", "C"], "mounts_ro": ["./x", "/y"]}',
    });
    expect(config.tool).toEqual({ value: "codex", from: NEAR });
    expect(config.env.map(({ value }) => value)).toEqual(["A", "B", "C"]);
    // The same relative path in two files means two paths; the same absolute path is a duplicate.
    expect(config.mounts_ro.map(({ value, from }) => [value, from])).toEqual([
      ["./x", GLOBAL],
      ["/y", GLOBAL],
      ["./x", NEAR],
    ]);
  });

  test("tools and repositories merge key by key", async () => {
    const config = await load({
      [GLOBAL]:
        '{"tools": {"codex": {"env": ["A"]}}, "repos": {"acme": {"tool": "claude", "ports": ["1:1"]}}}',
      [NEAR]:
        '{"tools": {"codex": {"env": ["B"], "ports": ["2:2"]}}, "repos": {"acme": {"tool": "codex"}}}',
    });
    expect(config.tools.codex?.env.map(({ value }) => value)).toEqual(["A", "B"]);
    expect(config.tools.codex?.ports).toHaveLength(1);
    expect(config.repos["acme"]?.tool?.value).toBe("codex");
    expect(config.repos["acme"]?.ports).toHaveLength(1);
  });

  test("trusted_paths applies in the global file only", async () => {
    const config = await load({
      [GLOBAL]: '{"trusted_paths": ["~/mine"]}',
      [NEAR]: '{"trusted_paths": ["/"]}',
    });
    expect(config.trusted_paths).toEqual([{ value: "~/mine", from: GLOBAL }]);
  });

  test("defaults, and settings that replace them", async () => {
    const none = mergeConfig([], {});
    expect(none.image.base.value).toBe("ubuntu:24.04");
    expect(none.image.toolchains).toHaveLength(6);
    expect(none.backends.fly.region).toEqual({ value: "syd", from: "default" });
    const some = await load(
      { [GLOBAL]: '{"image": {"toolchains": []}, "backends": {"fly": {"region": "ams"}}}' },
      { FLY_REGION: "fra", FLY_APP: "mine" },
    );
    expect(some.image.toolchains).toEqual([]);
    expect(some.backends.fly.region).toEqual({ value: "fra", from: "$FLY_REGION" });
    expect(some.backends.fly.app?.value).toBe("mine");
  });
});

describe("settings of backends", () => {
  const settings = Object.entries(BACKEND_SETTINGS).flatMap(([backend, all]) =>
    Object.entries<Setting>(all).map(([name, setting]) => ({ backend, name, ...setting })),
  );
  const problemsOf = (backend: string, name: string, value: unknown) =>
    parseConfig(JSON.stringify({ backends: { [backend]: { [name]: value } } }));

  test("a default and a value that needs no approval are valid values", () => {
    for (const { backend, name, default: fallback, free } of settings)
      for (const value of [fallback, free])
        if (value !== undefined) expect(problemsOf(backend, name, value)).toHaveProperty("config");
  });

  test.each([
    ["docker", "processes", 0, "expected >=1, got 0"],
    ["bwrap", "processes", 15, "expected >=16, got 15"],
    ["container", "cpus", 0, "expected >0, got 0"],
    ["docker", "processes", 1.5, "expected a whole number"],
    ["fly", "persist", "screen", 'expected "tmux" | "none", got "screen"'],
    ["docker", "command", "bin/docker", "expected a command's name or its absolute path"],
  ])("backends.%s.%s does not take %p", (backend, name, value, message) => {
    expect(JSON.stringify(problemsOf(backend, name, value))).toContain(
      JSON.stringify(message).slice(1, -1),
    );
  });

  const NEAR = "/home/me/src/app/silo.jsonc";

  test("the last file decides, lists are appended, and a variable overrides both", async () => {
    const { backends } = await load(
      {
        [GLOBAL]:
          '{"backends": {"fly": {"region": "ams", "ignore": ["a"], "persist": "none"}, "docker": {"cpus": 1}}}',
        [NEAR]: '{"backends": {"fly": {"ignore": ["a", "b"]}, "docker": {"cpus": 2}}}',
      },
      { FLY_REGION: "", FLY_APP: "mine" },
    );
    expect(backends.fly).toMatchObject({
      app: { value: "mine", from: "$FLY_APP" },
      region: { value: "ams", from: GLOBAL },
      ignore: [
        { value: "a", from: GLOBAL },
        { value: "b", from: NEAR },
      ],
      persist: { value: "none", from: GLOBAL },
    });
    expect(backends.docker.cpus).toEqual({ value: 2, from: NEAR });
  });
});

describe("config show", () => {
  const files = {
    [GLOBAL]:
      '{"env": ["KEY=s3cret", "NAME"], "tools": {"codex": {"env": ["X=s3cret\\nmore"]}}, "repos": {"a": {"tool": "vibe"}}}',
  };

  test("is valid JSONC of the same schema, with sources and without values of variables", async () => {
    const text = showConfig(await load(files), HOME, false);
    expect(text).toContain('"KEY=…", // ~/.config/silo/silo.jsonc');
    expect(text).not.toContain("s3cret");
    expect(text).toContain('"command": "docker", // default');
    expect("config" in parseConfig(text.replaceAll("=…", "=x"))).toBe(true);
  });

  test("marks files that are not approved, and escapes characters that a terminal interprets", async () => {
    const near = "/home/me/src/app/silo.jsonc";
    const config = await load({ [near]: JSON.stringify({ mounts_ro: ["a\u009B2J\u202Eb"] }) });
    const text = showConfig(config, HOME, false, new Set([near]));
    expect(text).toContain(String.raw`"a\u009b2J\u202eb" // ~/src/app/silo.jsonc, not approved`);
    expect("config" in parseConfig(text)).toBe(true);
  });

  test("has colours only on request", async () => {
    expect(showConfig(await load(files), HOME, false)).not.toContain("\u001B");
    expect(showConfig(await load(files), HOME, true)).toContain("\u001B[90m// default");
  });
});

test("silo.schema.json is up to date", () => {
  expect(readFileSync(join(import.meta.dir, "../../silo.schema.json"), "utf8")).toBe(schemaText());
});
