import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { Glob, which } from "bun";
import { spawn, spawnSync } from "node:child_process";
import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PROGRAM } from "../../src/core/guest/enter.ts";
import { ENGINE, LINKS, SUPERVISE, withLinks } from "../../src/core/guest/perl.ts";
import { guestCommand } from "../../src/core/guest/script.ts";

const ROOT = join(import.meta.dir, "../..");
const files = (ending: string) => [...new Glob(`src/**/*.${ending}`).scanSync(ROOT)].toSorted();

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "silo-guest-"));
});
afterEach(() => rmSync(root, { recursive: true }));

describe("guest programs are valid", () => {
  test.each(files("pl"))("%s", (path) => {
    const { status, stderr } = spawnSync("perl", ["-c", path], { cwd: ROOT, encoding: "utf8" });
    expect([status, stderr]).toEqual([0, `${path} syntax OK\n`]);
  });

  test.each([
    ["enter", PROGRAM],
    ["links", LINKS],
    ["engine", ENGINE],
  ])("%s, as it is passed to perl", (_, program) => {
    const { status, stderr } = spawnSync("perl", ["-c", "-e", program], { encoding: "utf8" });
    expect([status, stderr]).toEqual([0, "-e syntax OK\n"]);
    expect(program).not.toMatch(/^\s*#/m);
  });

  /** The shell that a file's first line names. */
  const shellOf = (path: string) =>
    /bash/.test(readFileSync(join(ROOT, path), "utf8").split("\n")[0] ?? "") ? "bash" : "sh";

  test.each(files("sh"))("%s", (path) => {
    const args = ["-n", path];
    const { status, stderr } = spawnSync(shellOf(path), args, { cwd: ROOT, encoding: "utf8" });
    expect([status, stderr]).toEqual([0, ""]);
  });

  test.skipIf(which("shellcheck") === null).each(files("sh"))("%s for shellcheck", (path) => {
    // SC2154: the caller sets the variable.
    const args = [`--shell=${shellOf(path)}`, "--exclude=SC2154", path];
    expect(spawnSync("shellcheck", args, { cwd: ROOT, encoding: "utf8" }).stdout).toBe("");
  });
});

/** Supervises a command as links.pl and engine.pl do. */
const supervised = (...command: readonly string[]) => [
  "-e",
  `${SUPERVISE} exit supervise(sub { select undef, undef, undef, 0.01 }, @ARGV);`,
  "--",
  ...command,
];

test.each([
  ["its exit status", "exit 42", 42],
  ["128 and the number of a signal", "kill -9 $$", 137],
])("a supervised command returns %s", (_, script, code) => {
  expect(spawnSync("perl", supervised("sh", "-c", script)).status).toBe(code);
});

test("a missing supervised command returns 127, and the error names it", () => {
  const { status, stderr } = spawnSync("perl", supervised("no-such"), { encoding: "utf8" });
  expect([status, stderr]).toEqual([127, "silo: no-such: No such file or directory\n"]);
});

test("a signal to the supervisor reaches the command", async () => {
  const script = "trap 'exit 7' TERM; echo ready; while :; do sleep 0.01; done";
  const child = spawn("perl", supervised("sh", "-c", script));
  child.stdout.once("data", () => child.kill("SIGTERM"));
  const code = await new Promise((resolve) => child.once("exit", resolve));
  expect(code).toBe(7);
});

describe("files linked to copies", () => {
  const run = (script: string) => {
    const [path, copy] = [join(root, "home/.config/settings"), join(root, "copy")];
    writeFileSync(copy, "old");
    const command = withLinks([{ path, copy }], ["sh", "-c", script, "sh", path]);
    const [bin = "", ...args] = command;
    const { status, stdout } = spawnSync(bin, args, { encoding: "utf8" });
    return { status, stdout, path, copy, text: () => readFileSync(copy, "utf8") };
  };

  test("the path is a link to the copy, and parent directories are created", () => {
    const { status, stdout, path, copy } = run('cat "$1"; exit 3');
    expect([status, stdout, readlinkSync(path)]).toEqual([3, "old", copy]);
  });

  test("a file renamed over the link is moved to the copy, and the link is restored", () => {
    const { path, text } = run('echo new >"$1.tmp"; mv "$1.tmp" "$1"');
    expect([text(), lstatSync(path).isSymbolicLink()]).toEqual(["new\n", true]);
  });

  test("a tool that reads and saves never finds the path missing", () => {
    const { status, text } = run(
      'for i in 1 2 3; do echo $i >"$1.tmp"; mv "$1.tmp" "$1"; cat "$1" >/dev/null || exit 9; sleep 0.15; done',
    );
    expect([status, text()]).toEqual([0, "3\n"]);
    expect(existsSync(join(root, "home/.config/settings.tmp"))).toBe(false);
  });
});

test.skipIf(which("node") === null)(
  "a forwarded port connects to the guest's loopback",
  async () => {
    const server = createServer((socket) => socket.end("served"));
    const to = await new Promise<number>((resolve) => {
      server.listen(0, "127.0.0.1", () => {
        const address = server.address();
        resolve(typeof address === "object" && address !== null ? address.port : 0);
      });
    });
    const free = createServer();
    const listen = await new Promise<number>((resolve) => {
      free.listen(0, () => {
        const address = free.address();
        const port = typeof address === "object" && address !== null ? address.port : 0;
        free.close(() => resolve(port));
      });
    });
    // The tool retries until the forwarder listens, then stops it.
    const ask = `const net = require("node:net"); const ask = () => net.connect(${listen}, "127.0.0.1")
    .on("error", () => setTimeout(ask, 20)).on("data", (data) => { console.log(String(data)); process.exit(); }); ask();`;
    const tool = ["bash", "-c", 'node -e "$1"; pkill -P $$', "tool", ask];
    const [bin = "", ...args] = guestCommand(tool, {
      hooks: [],
      forwards: [{ listen, to }],
      tty: false,
    });
    const child = spawn(bin, args, { stdio: ["ignore", "pipe", "ignore"] });
    let said = "";
    child.stdout.on("data", (data) => (said += String(data)));
    await new Promise((resolve) => child.once("exit", resolve));
    server.close();
    expect(said).toBe("served\n");
  },
);
