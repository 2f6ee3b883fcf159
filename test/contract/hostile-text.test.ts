import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SILO } from "../support/settings.ts";

/** Texts that a terminal interprets, hides or reverses. */
const TEXTS: Readonly<Record<string, string>> = {
  "the clipboard (OSC 52)": "\u001B]52;c;ZXZpbA==\u0007",
  "the title": "\u001B]0;title\u001B\\",
  "a cleared screen": "\u001B[2J\u001B[H",
  "8-bit controls": "\u009B2J\u009D52;c;ZXZpbA==\u009C",
  "hidden letters": "\u001B[8mhidden\u001B[0m",
  "silo's own red": "\u001B[31mred\u001B[0m",
  "a carriage return": "ok\rover",
  "backspaces and delete": "ab\b\b\u007Fcd",
  "turned letters": "\u202Etxt.exe\u2066x\u2069",
  "letters of no width": "a\u200B\u2060\uFEFFb\u00ADc",
  "tags and fillers": "x\u{E0041}\u3164\u115Fy",
  "lines of other kinds": "a\u2028b\u2029c\u0085d",
};

const COMMANDS: readonly (readonly string[])[] = [
  ["codex", "--dry-run"],
  ["codex", "--dry-run", "--json"],
  ["codex", "--dry-run", "--backend", "bwrap"],
  ["codex"],
  ["codex", "-v"],
  ["ls"],
  ["ls", "-q"],
  ["ls", "--json"],
  ["doctor"],
  ["doctor", "--json"],
  ["config", "show"],
  ["config", "show", "--json"],
  ["config", "paths", "-v"],
  ["config", "trust"],
  ["config", "trust", "--list"],
  ["config", "trust", "--list", "--json"],
  ["prune", "--dry-run"],
  ["prune", "--yes"],
  ["rm", "--all"],
  ["exec", "TEXT", "true"],
  ["reconnect", "TEXT"],
  ["TEXT"],
  ["codex", "--name", "TEXT"],
  ["ls", "--TEXT"],
];

const UNSAFE = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|(?! )\p{Zs}/gu;
const unsafe = (text: string) =>
  (text.match(UNSAFE) ?? []).filter((found) => found !== "\n" && found !== "\t");

/** An engine double whose output is in files next to it. */
const ENGINE = `#!/bin/sh
here=$(dirname "$0")
case "$1 $2" in
  "ps "*) cat "$here/ps";;
  "image ls") cat "$here/images";;
  "version "*) echo '{"Client":{"Version":"28.2"}}';;
  *) cat "$here/words" >&2; exit 125;;
esac
`;

describe.each(Object.keys(TEXTS))("%s", (kind) => {
  const text = TEXTS[kind] ?? "";
  let root = "";
  beforeAll(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), "silo-hostile-")));
    const project = join(root, `p${text}`);
    for (const path of [join(root, "home/.config/silo"), join(root, "bin"), project])
      mkdirSync(path, { recursive: true });
    mkdirSync(join(project, `there${text}`));
    const config = {
      mounts_ro: [`there${text}`, `missing${text}`],
      env: [`A=${text}`],
      tools: { codex: { pre_run_hooks: [`echo ${text}`] } },
      repos: { [`r${text}`]: { env: ["B=c"] } },
    };
    writeFileSync(join(root, "home/.config/silo/silo.jsonc"), JSON.stringify(config));
    writeFileSync(join(project, "silo.jsonc"), JSON.stringify(config));
    const rows = {
      ps: { Names: `n${text}`, Image: `i${text}`, State: "exited", Status: `s${text}` },
      images: { Repository: `r${text}`, Tag: "1", Size: "1kB" },
    };
    const Labels = "silo.session=ab,silo.tool=x,silo.project=y";
    for (const [name, row] of Object.entries(rows))
      writeFileSync(join(root, "bin", name), `${JSON.stringify({ ...row, Labels })}\n`);
    writeFileSync(join(root, "bin/words"), `docker: Error response from daemon: ${text}.\n`);
    writeFileSync(join(root, "bin/docker"), ENGINE, { mode: 0o755 });
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  test.each(COMMANDS.map((words) => [words.join(" "), words] as const))("silo %s", (_, words) => {
    const args = words.map((word) => word.replace("TEXT", `x${text}`));
    const { stdout, stderr, status } = spawnSync(SILO, args, {
      cwd: join(root, `p${text}`),
      encoding: "utf8",
      input: "",
      env: {
        HOME: join(root, "home"),
        PATH: `${root}/bin:/usr/bin:/bin`,
        LANG: "C.UTF-8",
        SILO_NO_VERSION_CHECK: "1",
        SILO_TRUST: "1",
      },
    });
    expect([unsafe(stdout), unsafe(stderr)]).toEqual([[], []]);
    expect(status).not.toBeNull();
    if (words.includes("--json") && status === 0) {
      const data = JSON.stringify(JSON.parse(stdout));
      // In JSON the text is unchanged, because programs parse it.
      if (words[0] === "ls" || words.includes("--dry-run"))
        expect(data).toContain(JSON.stringify(text).slice(1, -1));
    }
  });
});
