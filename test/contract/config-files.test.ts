import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseConfig } from "../../src/config/parse.ts";
import { SILO } from "../support/settings.ts";

const GLOBAL = "home/.config/silo/silo.jsonc";
const LOCAL = "app/silo.jsonc";
const ASKING = '{"tool": "vibe"}';

let root = "";
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "silo-files-")));
  for (const name of ["home", "app"]) mkdirSync(join(root, name));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const at = (path: string) => join(root, path);
const read = (path: string) => readFileSync(at(path), "utf8");

function silo(line: string, env: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(SILO, line.split(" "), {
    cwd: at("app"),
    encoding: "utf8",
    input: "",
    env: { HOME: at("home"), PATH: "/usr/bin:/bin", SILO_NO_VERSION_CHECK: "1", ...env },
  });
  return { status, stdout, stderr };
}

/** An editor that runs a shell line with the file as $0. */
const editor = (script: string) => ({ EDITOR: `sh -c '${script}'`, TEXT: ASKING });
const WRITES = 'printf %s "$TEXT" > "$0"';
const runs = () => silo("--dry-run").status === 0;

describe("config init", () => {
  test.each([
    ["--global", GLOBAL],
    ["--local", LOCAL],
  ])("%s writes a valid example, and never overwrites a file", (flag, path) => {
    expect(silo(`config init ${flag}`).status).toBe(0);
    const text = read(path);
    const parsed = parseConfig(text);
    const schema = "config" in parsed ? new URL(parsed.config.$schema ?? "") : undefined;
    expect(JSON.parse(readFileSync(schema ?? "", "utf8"))).toHaveProperty("properties");
    writeFileSync(at(path), `${text}// mine\n`);
    const { status, stderr } = silo(`config init ${flag}`);
    expect([status, read(path)]).toEqual([1, `${text}// mine\n`]);
    expect(stderr).toContain("silo.jsonc already exists");
    expect(stderr).toContain(`hint: silo config edit ${flag}`);
  });

  test("does not write through a link", () => {
    symlinkSync(at("home/elsewhere"), at(LOCAL));
    expect(silo("config init --local").status).toBe(1);
    expect(existsSync(at("home/elsewhere"))).toBe(false);
  });

  test("the local file is approved when it is written", () => {
    silo("config init --local");
    expect(silo("config trust --list").stdout).toMatch(/silo\.jsonc +current/);
  });

  test.each(["config init", "config edit", "config init --global --local"])(
    "%s without a TTY is a usage error, and writes nothing",
    (line) => {
      const { status, stderr } = silo(line, editor(WRITES));
      expect([status, stderr]).toEqual([2, expect.stringContaining("--global")]);
      expect([existsSync(at(GLOBAL)), existsSync(at(LOCAL))]).toEqual([false, false]);
    },
  );
});

describe("config edit", () => {
  test("VISUAL takes precedence over EDITOR, may contain arguments, and is ignored if empty", () => {
    writeFileSync(at("ed it"), `#!/bin/sh\nprintf '%s|' "$@" > ${at("seen")}\n`, { mode: 0o755 });
    const quoted = `"${at("ed it")}" -w 'two words'`;
    silo("config edit --global", { VISUAL: quoted, EDITOR: "false" });
    expect(read("seen")).toBe(`-w|two words|${at(GLOBAL)}|`);
    rmSync(at("seen"));
    silo("config edit --global", { VISUAL: " ", EDITOR: quoted });
    expect(existsSync(at("seen"))).toBe(true);
  });

  test.each([
    ["--global", GLOBAL],
    ["--local", LOCAL],
  ])(
    "%s starts a new file from the example, and deletes it if it was not changed",
    (flag, path) => {
      expect(silo(`config edit ${flag}`, editor(`cp "$0" ${at("seen")}`)).status).toBe(0);
      expect(read("seen")).toContain('// "tool": "claude",');
      expect(existsSync(at(path))).toBe(false);
      expect(silo(`config edit ${flag}`, editor(WRITES)).status).toBe(0);
      expect(read(path)).toBe(ASKING);
      expect(runs()).toBe(true);
    },
  );

  test("an invalid edit is kept, and the error has its position", () => {
    const { status, stderr } = silo("config edit --local", {
      ...editor(WRITES),
      TEXT: '{\n "tol": 1}',
    });
    expect([status, read(LOCAL)]).toEqual([1, '{\n "tol": 1}']);
    expect(stderr).toContain('silo.jsonc:2:2: unknown key "tol"; did you mean "tool"?');
  });

  test("works while another file is not valid", () => {
    silo("config init --global");
    writeFileSync(at(GLOBAL), "{");
    expect(silo("config edit --local", editor(WRITES)).status).toBe(0);
    expect(silo("config edit --global", { ...editor(WRITES), TEXT: "{}" }).status).toBe(0);
    expect(runs()).toBe(true);
  });

  test("does not approve earlier settings that were not approved", () => {
    writeFileSync(at(LOCAL), '{"mounts_rw": ["~"]}');
    const { stderr } = silo("config edit --local", {
      ...editor(WRITES),
      TEXT: '{"mounts_rw": ["~"], "tool": "vibe"}',
    });
    expect(stderr).toContain("was not approved before you edited it");
    expect(runs()).toBe(false);
  });

  test("approves a user's changes to an approved file", () => {
    writeFileSync(at(LOCAL), '{"tool": "codex"}');
    silo("config trust");
    expect(silo("config edit --local", editor(WRITES)).stderr).toContain(
      "is approved as you saved it",
    );
    expect(runs()).toBe(true);
  });

  test("changes of a tool meanwhile are neither approved nor overwritten", () => {
    const agent = `printf %s "$TEXT" > ${at(LOCAL)}`;
    expect(silo("config edit --local", editor(agent)).status).toBe(0);
    expect(runs()).toBe(false);
    const both = silo("config edit --local", editor(`echo >> ${at(LOCAL)}; echo "{}" > "$0"`));
    expect([both.status, read(LOCAL)]).toEqual([1, `${ASKING}\n`]);
    expect(both.stderr).toContain("was changed by another program while you edited it");
    const copy = /diff (\S+)/.exec(both.stderr)?.[1] ?? "";
    expect(readFileSync(copy, "utf8")).toBe("{}\n");
  });

  test("an editor that fails or is missing changes nothing", () => {
    for (const [bin, why] of [
      ["false", "failed with exit status 1"],
      ["no-such-editor", "was not found"],
    ] as const) {
      const { status, stderr } = silo("config edit --local", { EDITOR: bin });
      expect([status, stderr]).toEqual([1, expect.stringContaining(why)]);
    }
    expect(existsSync(at(LOCAL))).toBe(false);
    expect(readdirSync(at("home/.local/state/silo"))).toEqual([]);
  });

  test("does not write through a link in the project", () => {
    writeFileSync(at("home/profile"), "mine");
    symlinkSync(at("home/profile"), at(LOCAL));
    silo("config edit --local", editor(WRITES));
    expect([read("home/profile"), lstatSync(at(LOCAL)).isSymbolicLink()]).toEqual(["mine", false]);
  });
});
