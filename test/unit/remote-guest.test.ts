import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { FILES, GUEST, KEEP_ALIVE, NOTES, SECRETS } from "../../src/backends/remote/link/guest.ts";

const FOLDER = join(import.meta.dir, "../../src/backends/remote/link/guest");
const NAMES = readdirSync(FOLDER);
const text = (name: string) => readFileSync(join(FOLDER, name), "utf8");
const hasShellcheck = spawnSync("shellcheck", ["--version"]).status === 0;

/** Checks a program's syntax. @returns what the interpreter prints, and its exit status. */
function check(
  bin: string,
  args: readonly string[],
  input: string,
): readonly [string, number | null] {
  const { stdout, stderr, status } = spawnSync(bin, args, { input, encoding: "utf8" });
  return [`${stdout}${stderr}`, status];
}

describe("the programs of a remote machine", () => {
  test.each(NAMES.filter((name) => name.endsWith(".sh")))("%s is valid shell", (name) => {
    const shell = text(name).startsWith("#!/bin/sh") ? "sh" : "bash";
    expect(check(shell, ["-n"], text(name))).toEqual(["", 0]);
  });

  test.skipIf(!hasShellcheck).each(NAMES.filter((name) => name.endsWith(".sh")))(
    "%s passes shellcheck",
    (name) => {
      expect(check("shellcheck", ["-"], text(name))).toEqual(["", 0]);
    },
  );

  test("launch.pl is valid Perl, with and without the supervisor in front of it", () => {
    for (const program of [text("launch.pl"), FILES["/usr/local/lib/silo/launch"]?.text ?? ""]) {
      const [said, status] = check("perl", ["-Mwarnings", "-c"], program);
      // Perl warns about code after exec(), which runs if exec() fails.
      const remarks = said.replaceAll(/^.*unlikely to be reached.*\n.*\n/gm, "");
      expect([remarks, status]).toEqual(["- syntax OK\n", 0]);
    }
  });

  test("use the paths that the set-up writes", () => {
    const [inShell, inPerl] = [`secrets=${SECRETS} notes=${NOTES}`, `("${SECRETS}", "${NOTES}")`];
    expect(FILES[GUEST]?.text).toContain(inShell);
    expect(text("launch.pl")).toContain(inPerl);
  });

  test("the main process is one line, for `sh -c`", () => {
    expect(KEEP_ALIVE).toStartWith("umask 077; ");
    expect(KEEP_ALIVE).not.toContain("\n");
  });
});
