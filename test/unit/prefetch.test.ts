import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { prefetch } from "../../src/sys/process/prefetch.ts";

/** A command that adds a line to a file for each time it runs. */
function counted() {
  const file = join(mkdtempSync(join(tmpdir(), "silo-prefetch-")), "runs");
  const cmd = { bin: "sh", args: ["-c", `echo run >>"$0"; cat "$0"`, file] };
  return { cmd, runs: () => readFileSync(file, "utf8").trim().split("\n").length };
}

test("a prefetched query runs once for its first use, and again for the next", async () => {
  const { cmd, runs } = counted();
  const ask = prefetch([cmd]);
  expect((await ask(cmd)).stdout).toBe("run\n");
  expect(runs()).toBe(1);
  expect((await ask(cmd)).stdout).toBe("run\nrun\n");
});

test("another command runs by itself", async () => {
  const { cmd, runs } = counted();
  const ask = prefetch([cmd]);
  expect((await ask({ bin: "echo", args: ["other"] })).stdout).toBe("other\n");
  await ask(cmd);
  expect(runs()).toBe(1);
});

test("a failure is reported to the caller that uses the result", async () => {
  const missing = { bin: "silo-no-such-program", args: [] };
  const ask = prefetch([missing]);
  expect(ask(missing)).rejects.toThrow("command not found");
});
