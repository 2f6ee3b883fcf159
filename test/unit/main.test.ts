import { afterEach, beforeEach, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const MAIN = join(import.meta.dir, "../../src/main.ts");

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "silo-main-"));
  for (const name of ["bin", "home", "app"]) mkdirSync(join(root, name));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** Runs `silo ls`, and throws an error of that code outside of any promise while the engine is queried. */
function lsWithUncaught(code: string, until: string) {
  writeFileSync(join(root, "bin/docker"), `#!/bin/sh\nuntil ${until}; do sleep 0.01; done\n`);
  chmodSync(join(root, "bin/docker"), 0o755);
  const preload = join(root, "throws.ts");
  writeFileSync(
    preload,
    `import { writeFileSync } from "node:fs";
const timer = setInterval(() => {
  if (process.listenerCount("uncaughtException") === 0) return;
  clearInterval(timer);
  writeFileSync(process.env.THROWN, "");
  throw Object.assign(new Error("write failed"), { code: "${code}" });
}, 1);
`,
  );
  const { status, stderr } = spawnSync(
    process.execPath,
    ["--preload", preload, MAIN, "ls", "--backend", "docker"],
    {
      cwd: join(root, "app"),
      encoding: "utf8",
      env: {
        HOME: join(root, "home"),
        PATH: `${root}/bin:/usr/bin:/bin`,
        THROWN: join(root, "thrown"),
        SILO_NO_VERSION_CHECK: "1",
      },
    },
  );
  return { status, stderr };
}

test.each(["EPIPE", "EIO"])("%s, a pipe or terminal that has closed, does not end silo", (code) => {
  expect(lsWithUncaught(code, '[ -e "$THROWN" ]')).toEqual({
    status: 0,
    stderr: "no silo containers\n",
  });
});

test("any other uncaught error is printed and ends silo", () => {
  const { status, stderr } = lsWithUncaught("EMISC", "! kill -0 $PPID");
  expect([status, stderr]).toEqual([
    1,
    expect.stringContaining("error: silo failed: write failed"),
  ]);
});
