import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { siloOnTerminal } from "../support/pty.ts";
import { eventually } from "../support/eventually.ts";
import { destroyWorld, makeWorld, put, type World } from "../support/world.ts";
import { hasTmux, siloInTmux, type Screen } from "../support/tmux.ts";

if (!hasTmux)
  process.stderr.write("*** THERE IS NO TMUX: THE PROGRESS LINE IS NOT LOOKED AT ***\n");

// An engine double whose build waits for a file, so that the screen can be read meanwhile.
const ENGINE = `#!/bin/sh
case "$1" in
ps) ;;
buildx) exit 1;;
build)
  cat >/dev/null
  echo "Step 1/3 : FROM base"
  printf 'Step 2/3 : RUN fetch 日本語 \\033]0;gotcha\\007 and a line that is longer than most terminals are wide, on and on and on\\n'
  touch "$PWD/building"
  while [ ! -e "$PWD/go" ]; do sleep 0.05; done
  [ ! -e "$PWD/fail" ] || { echo "npm says no"; exit 1; };;
run) [ -e "$PWD/go" ] && exit 7; echo "docker: Error response from daemon: No such image: x." >&2; exit 125;;
*) exit 64;;
esac
`;

let world: World;
let screen: Screen | undefined;
beforeEach(() => {
  world = makeWorld({ backend: "none" });
  put(world, "home/.codex/auth.json", "{}");
  put(world, "bin/docker", ENGINE);
  Bun.spawnSync(["chmod", "755", join(world.root, "bin/docker")]);
  world = { ...world, env: { ...world.env, PATH: `${world.root}/bin:${world.env["PATH"]}` } };
});
afterEach(() => {
  screen?.close();
  screen = undefined;
  destroyWorld(world);
});

const file = (name: string) => join(world.project, name);
const building = () => eventually("it builds", () => existsSync(file("building")));
const shown = (lines: readonly string[]) => lines.filter((line) => line !== "");

test.skipIf(!hasTmux).each([80, 40, 20])(
  "shows one line of progress at %d columns, and erases it",
  async (columns) => {
    screen = siloInTmux(world, ["codex"], columns);
    await building();
    await screen.shows(/ [1-9]s$/m);
    const lines = shown(screen.lines());
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^\S building .*\d+s$/);
    writeFileSync(file("go"), "");
    await screen.shows(/ended with 7/);
    const left = shown(screen.lines()).join("");
    expect(left).toMatch(/^built silo-codex:\w{16} in \d+sended with 7$/);
  },
);

test.skipIf(!hasTmux)(
  "shows one line while the terminal is made narrow and wide again",
  async () => {
    screen = siloInTmux(world, ["codex"], 100);
    await building();
    await screen.shows(/step 2\/3/);
    for (const columns of [30, 90, 25, 60]) {
      screen.resize(columns, 24);
      const seconds = Number(/ (\d+)s$/m.exec(screen.lines().join("\n"))?.[1] ?? 0);
      await screen.shows(new RegExp(` ${seconds + 1}s$`, "m"));
      expect(shown(screen.lines())).toHaveLength(1);
    }
  },
);

test.skipIf(!hasTmux)("a failed build prints the whole end of its log", async () => {
  screen = siloInTmux(world, ["codex"], 80);
  await building();
  writeFileSync(file("fail"), "");
  writeFileSync(file("go"), "");
  await screen.shows(/ended with 1/);
  const lines = shown(screen.lines());
  expect(lines[0]).toMatch(/^error: building silo-codex:\w{16} failed$/);
  expect(lines).toContain("  npm says no");
  expect(lines.at(-2)).toStartWith("hint: silo codex --force-build -v");
});

test.skipIf(!hasTmux)("Ctrl-C erases the line, and silo exits with 130", async () => {
  screen = siloInTmux(world, ["codex"], 80);
  await building();
  screen.type("C-c");
  await screen.shows(/ended with 130/);
  expect(shown(screen.lines()).join("\n")).toMatch(/^(\^C)?ended with 130$/);
});

test.each([
  ["NO_COLOR", { NO_COLOR: "1" }],
  ["TERM=dumb", { TERM: "dumb" }],
  ["CI", { CI: "true" }],
])("%s: prints one line per step, without animation", async (_, env) => {
  world = { ...world, env: { ...world.env, ...env } };
  const pty = siloOnTerminal(world, ["codex"]);
  await building();
  writeFileSync(file("go"), "");
  expect(await pty.exited).toBe(7);
  expect(pty.screen()).toMatch(
    /^building silo-codex:\w+\r\nstep 1\/3 FROM base\r\nstep 2\/3 fetch 日本語/,
  );
  expect(pty.screen()).not.toContain("\u001B[J");
  expect(pty.screen()).not.toContain("\u001B]0;");
});

test("without UTF-8 the progress line and the frame of pickers are ASCII", async () => {
  world = { ...world, env: { ...world.env, LANG: "C" } };
  const pty = siloOnTerminal(world, ["codex"]);
  await building();
  await pty.shows("step 2/3");
  writeFileSync(file("go"), "");
  await pty.exited;
  expect(pty.screen()).not.toMatch(/[⠀-⣿]/);
  const picker = siloOnTerminal(world, []);
  await picker.shows("Which tool?");
  picker.type("\u001B");
  await picker.exited;
  // The library's list of keys always has arrows; only its frame and symbols would be unreadable.
  expect(picker.screen()).not.toMatch(/[─-◿]/);
  expect(picker.screen()).toContain("*\u001B[39m  Which tool?");
});

test("-v shows the log line by line, with control sequences escaped", async () => {
  const pty = siloOnTerminal(world, ["codex", "-v"]);
  await building();
  await pty.shows("Step 2/3 : RUN fetch");
  writeFileSync(file("go"), "");
  await pty.exited;
  expect(pty.screen()).toContain("Step 1/3 : FROM base\r\n");
  expect(pty.screen()).not.toContain("\u001B]0;");
});

test("only the prefix of a message is coloured", async () => {
  const listing = siloOnTerminal(world, ["rm", "x"]);
  await listing.exited;
  expect(listing.screen()).toStartWith("\u001B[31merror\u001B[0m: no silo container is named");
  const empty = siloOnTerminal(world, ["ls"]);
  await empty.exited;
  expect(empty.screen()).toBe("no silo containers\r\n");
});
