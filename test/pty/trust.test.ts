import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { onTerminal, siloOnTerminal } from "../support/pty.ts";
import { destroyWorld, makeWorld, put, SILO, type World } from "../support/silo.ts";

let world: World;
beforeEach(() => {
  world = makeWorld({ config: {} });
});
afterEach(() => destroyWorld(world));

const inProject = (name: string) => join(world.project, name);
const ask = (content: object) =>
  put(world, `${world.project.slice(world.root.length + 1)}/silo.jsonc`, JSON.stringify(content));
const dryRun = () => siloOnTerminal(world, ["codex", "--dry-run"]);

test("a run shows what a project's file asks for and asks; Enter is no", async () => {
  ask({ mounts_rw: ["~/.ssh"], env: ["TOKEN"], pre_run_hooks: ["\u001B[2J\u001B]0;y\u0007"] });
  const pty = dryRun();
  await pty.shows("Allow these 3 settings?");
  expect(pty.screen()).toContain('  mounts_rw: "~/.ssh"');
  expect(pty.screen()).toContain('  env: "TOKEN"   // your value');
  expect(pty.screen()).toContain(String.raw`pre_run_hooks: "\u001b[2J\u001b]0;y\u0007"`);
  pty.type("\r");
  expect(await pty.exited).toBe(1);
  expect(pty.screen()).toContain("not approved, so not started");
  expect(existsSync(join(world.home, ".local/state/silo/trust.json"))).toBe(false);
});

test("an answer of yes holds until the file changes", async () => {
  ask({ env: ["TOKEN"] });
  const first = dryRun();
  await first.shows("Allow this setting?");
  first.type("y");
  expect(await first.exited).toBe(0);
  const second = dryRun();
  expect(await second.exited).toBe(0);
  expect(second.screen()).not.toContain("Allow");
  ask({ env: ["TOKEN", "MORE"] });
  const third = dryRun();
  await third.shows("Allow these 2 settings?");
  third.type("\u0003");
  expect(await third.exited).toBe(130);
});

test("keys from before the question do not answer it", async () => {
  ask({ env: ["TOKEN"] });
  const command = `stty raw -echo; echo ready; sleep 0.3; stty sane; exec ${SILO} codex --dry-run`;
  const pty = onTerminal(["sh", "-c", command], world);
  await pty.shows("ready");
  pty.type("yyy\ry");
  await pty.shows("Allow this setting?");
  pty.type("\r");
  expect(await pty.exited).toBe(1);
});

test("without standard input on the terminal nothing is asked", async () => {
  ask({ env: ["TOKEN"] });
  const pty = onTerminal(["sh", "-c", `${SILO} codex --dry-run </dev/null`], world);
  expect(await pty.exited).toBe(1);
  expect(pty.screen()).toContain("silo config trust   # approves it");
  expect(pty.screen()).not.toContain("Allow");
});

test("config edit lets the user pick a file, and open one that is not valid again", async () => {
  const editor = `f() { [ -e ${inProject("once")} ] && text='{}' || text='{'; touch ${inProject("once")}; printf %s "$text" > "$1"; }; f`;
  const pty = onTerminal(["env", `EDITOR=${editor}`, SILO, "config", "edit"], world);
  await pty.shows("Which file?");
  expect(pty.screen()).toContain("~/.config/silo/silo.jsonc");
  pty.type("\u001B[B\r");
  await pty.shows("Open it again?");
  expect(pty.screen()).toMatch(/silo\.jsonc:1:2: /);
  pty.type("\r");
  expect(await pty.exited).toBe(0);
  expect(readFileSync(inProject("silo.jsonc"), "utf8")).toBe("{}");
});

test("config init asks for which place", async () => {
  const pty = siloOnTerminal(world, ["config", "init"]);
  await pty.shows("Which file?");
  pty.type("\u001B[B\r");
  expect(await pty.exited).toBe(0);
  expect(existsSync(inProject("silo.jsonc"))).toBe(true);
});
