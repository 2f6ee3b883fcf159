import { afterEach, beforeEach, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SILO } from "../support/settings.ts";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "silo-odd-"));
  mkdirSync(join(root, "home"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** Runs a shell command line with `silo` in it. */
function shell(line: string, env: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(
    "bash",
    ["-c", `silo() { '${SILO}' "$@"; }; ${line}`],
    {
      cwd: root,
      encoding: "utf8",
      input: "",
      env: { HOME: join(root, "home"), PATH: "/usr/bin:/bin", SILO_NO_VERSION_CHECK: "1", ...env },
    },
  );
  return { status, stdout, stderr };
}

test.each([
  ["silo --help | head -n 1; exit ${PIPESTATUS[0]}"],
  ["silo config schema | head -c 1; exit ${PIPESTATUS[0]}"],
  ["silo config show | true; exit ${PIPESTATUS[0]}"],
])("a closed pipe is no error: %s", (line) => {
  const { status, stderr } = shell(line);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
});

test.each(["<&-", ">&-", "2>&-"])("a closed stream is no error: %s", (closed) => {
  expect(shell(`silo config paths ${closed}`).status).toBe(0);
});

test.each(["unset HOME", "HOME="])("the account's home directory is used after %s", (without) => {
  const { status, stdout } = shell(`${without}; silo config paths -v`);
  expect([status, stdout.split("\n")[0]]).toEqual([0, "/root/.config/silo/silo.jsonc"]);
});

test.each([
  ["silo help", "silo --help"],
  ["silo help config edit", "silo config edit --help"],
])("%s is %s", (word, flag) => {
  const { status, stdout } = shell(word);
  expect(status).toBe(0);
  expect(stdout).toBe(shell(flag).stdout);
});

test("an error does not repeat a secret argument", () => {
  const { stderr } = shell("silo codex --api-key=s3cr3t --name x");
  expect(stderr).toContain("silo codex has no option --api-key");
  expect(stderr).not.toContain("s3cr3t");
});

test.each([
  ["", false],
  ["export NO_COLOR=1;", false],
  ["export TERM=dumb;", false],
  ["export CLICOLOR_FORCE=1;", false],
])("no colours in a pipe, with '%s'", (setting, coloured) => {
  const { stderr } = shell(`${setting} silo cluade`);
  expect(stderr.includes("\u001B")).toBe(coloured);
});
