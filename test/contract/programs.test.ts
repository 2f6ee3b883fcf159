import { afterEach, beforeEach, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { REFRESH_COMMAND } from "../../src/tools/versions.ts";
import { SILO } from "../support/settings.ts";

const DOUBLES = join(import.meta.dir, "doubles");

/** All programs that silo starts on the host. */
const PROGRAMS =
  "docker podman container bwrap fly mutagen ssh scp ssh-keygen du env pip3 perl setpriv node npm sh stty ps bash prlimit";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "silo-programs-"));
  for (const name of ["home", "other", "state"]) mkdirSync(join(root, name));
  for (const name of PROGRAMS.split(" ")) {
    const path = join(root, "app/node_modules/.bin", name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `#!/bin/sh\necho "${name} $*" >> '${root}/trapped'\n`, { mode: 0o755 });
  }
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function silo(cwd: string, entry: string, args: readonly string[]) {
  return spawnSync(SILO, args, {
    cwd: join(root, cwd),
    encoding: "utf8",
    input: "",
    env: {
      HOME: join(root, "home"),
      PATH: [entry, DOUBLES, "/usr/bin", "/bin"].join(":"),
      DOUBLE_BUN: process.execPath,
      DOUBLE_STATE: join(root, "state"),
      // No registry is queried.
      NPM_CONFIG_REGISTRY: "http://127.0.0.1:9",
      https_proxy: "http://127.0.0.1:9",
      SILO_NO_VERSION_CHECK: "1",
    },
  });
}

const trapped = () =>
  existsSync(join(root, "trapped")) ? readFileSync(join(root, "trapped"), "utf8") : "";
const calls = () =>
  existsSync(join(root, "state/calls.jsonl"))
    ? readFileSync(join(root, "state/calls.jsonl"), "utf8")
    : "";

const COMMANDS = [
  ["ls"],
  ["ls", "--json"],
  ["ls", "--backend", "fly"],
  ["ls", "--backend", "container"],
  ["doctor"],
  ["codex"],
  ["codex", "--backend", "container"],
  ["codex", "--backend", "bwrap"],
  ["codex", "--backend", "fly"],
  ["prune", "--yes"],
  ["exec", "app-1", "true"],
  ["rm", "app-1"],
];

test.each(["node_modules/.bin", "", "absolute"])(
  "with %j in PATH no program of the project is started",
  (written) => {
    const entry = written === "absolute" ? join(root, "app/node_modules/.bin") : written;
    // An empty entry is the working directory.
    const cwd = written === "" ? "app/node_modules/.bin" : "app";
    for (const args of COMMANDS) {
      silo(cwd, entry, args);
      expect([args, trapped()]).toEqual([args, ""]);
    }
    expect(calls()).toContain('["run",');
  },
  60_000,
);

test("the background refresh of versions starts none of them", () => {
  silo("app", join(root, "app/node_modules/.bin"), [REFRESH_COMMAND]);
  expect(trapped()).toBe("");
  expect(existsSync(join(root, "home/.cache/silo/versions.json"))).toBe(true);
}, 60_000);

test("programs in a directory where a tool has run are not started in other projects", () => {
  const entry = join(root, "app/node_modules/.bin");
  expect(silo("other", entry, ["ls", "--backend", "docker"]).status).toBe(0);
  expect(trapped()).toStartWith("docker ps");
  rmSync(join(root, "trapped"));
  silo("app", "/usr/bin", ["codex"]);
  for (const args of COMMANDS) {
    silo("other", entry, args);
    expect([args, trapped()]).toEqual([args, ""]);
  }
}, 60_000);

test("doctor and the error for a missing engine name the skipped programs", () => {
  const entry = join(root, "app/node_modules/.bin");
  const { stdout } = silo("app", entry, ["doctor"]);
  expect(stdout).toContain(`${entry}/docker is skipped: it is in the working directory`);
  expect(silo("other", "/nonexistent", ["doctor"]).stdout).not.toContain("is skipped");
  const { stderr } = spawnSync(SILO, ["ls", "--backend", "docker"], {
    cwd: join(root, "app"),
    encoding: "utf8",
    env: { HOME: join(root, "home"), PATH: entry },
  });
  expect(stderr).toContain('the command "docker" is not installed');
  expect(stderr).toContain(`${entry}/docker is skipped: it is in the working directory`);
});

test.each(["./docker", "bin/docker", "../docker"])(
  "the engine's command cannot be the relative path %s",
  (command) => {
    mkdirSync(join(root, "home/.config/silo"), { recursive: true });
    const config = JSON.stringify({ backends: { docker: { command } } });
    writeFileSync(join(root, "home/.config/silo/silo.jsonc"), config);
    const { status, stderr } = silo("app", "/usr/bin", ["codex"]);
    expect(status).toBe(1);
    expect(stderr).toContain("expected a command's name or its absolute path");
  },
);
