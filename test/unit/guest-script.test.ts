import { expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { guestCommand } from "../../src/core/guest/script.ts";

/** Runs a guest command with a real bash, as the guest does. */
function run(hooks: readonly string[], tool: readonly string[], input = "") {
  const [bin = "", ...args] = guestCommand(tool, { hooks, forwards: [], tty: false });
  const { status, stdout, stderr } = spawnSync(bin, args, { input, encoding: "utf8" });
  return { status, stdout, stderr };
}

test("without hooks and forwards the tool is started directly", () => {
  expect(guestCommand(["codex", "x"], { hooks: [], forwards: [], tty: true })).toEqual([
    "codex",
    "x",
  ]);
});

test("exports, sourced variables and the directory of hooks reach the tool, in order", () => {
  const hooks = ["export A=1", "A=${A}2; cd /", 'B="$A"; export B'];
  expect(run(hooks, ["sh", "-c", 'echo "$A $B $PWD"']).stdout).toBe("12 12 /\n");
});

test.each([
  ["a comment at the end", ["true # eats nothing", "export X=1"]],
  ["quotes of both kinds", [`Y='it'"'"'s "so"'`, "export X=1"]],
  ["two lines and a here-document", ["cat <<EOF\nhello\nEOF", "export X=1"]],
  ["a backslash at the end", ["true \\", "export X=1"]],
])("a hook with %s does not affect the next", (_, hooks) => {
  expect(run(hooks, ["sh", "-c", 'echo "[$X]"']).stdout).toBe("[1]\n");
});

test.each([
  ["a failing command", "false", 1],
  ["its own code", "(exit 42)", 42],
  ["exit", "exit 7", 7],
  ["a missing command", "no-such-command-here", 127],
  ["a syntax error", "if then", 2],
])("%s stops the start with its code and text", (_, hook, code) => {
  const { status, stdout, stderr } = run(["true", hook, "echo later"], ["echo", "tool"]);
  expect(status).toBe(code);
  expect(stdout).toBe("");
  expect(stderr).toContain(`this hook ended with exit code ${code}:\n${hook}\n`);
  expect(stderr).not.toContain("later");
});

test("a hook neither writes to the tool's stdout nor reads its stdin", () => {
  const { stdout, stderr } = run(["echo noise", "cat >/dev/null"], ["cat"], "for the tool");
  expect(stdout).toBe("for the tool");
  expect(stderr).toBe("noise\n");
});

test("the tool's arguments and exit code are unchanged", () => {
  const { stdout, status } = run(
    ["true"],
    ["bash", "-c", 'printf "%s|" "$@"; exit 42', "_", "a b", "", "--", "*"],
  );
  expect(stdout).toBe("a b||--|*|");
  expect(status).toBe(42);
});
