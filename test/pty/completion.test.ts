import { beforeEach, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { onTerminal, type Pty } from "../support/pty.ts";
import { silo } from "../support/silo.ts";
import { useWorld } from "../support/world.ts";
import { SILO } from "../support/settings.ts";

// Presses Tab at the prompt of real shells. No engine can be queried, because DOCKER_HOST is invalid.

const has = (shell: string) => spawnSync("which", [shell]).status === 0;

const world = useWorld({
  backend: "none",
  env: {
    PATH: `${dirname(SILO)}:/usr/bin:/bin`,
    DOCKER_HOST: "unix:///nowhere.sock",
  },
});
beforeEach(async () => {
  const sessions = join(world.home, ".local/state/silo/sessions");
  mkdirSync(sessions, { recursive: true });
  const record = { id: "0123456789abcdef", pid: process.pid, started: "", backend: "docker" };
  writeFileSync(
    join(sessions, `${record.id}.json`),
    JSON.stringify({ ...record, name: "my-app-1" }),
  );
  for (const shell of ["bash", "zsh", "fish"]) {
    const { stdout, code } = await silo(world, ["completion", shell]);
    expect(code).toBe(0);
    writeFileSync(join(world.home, `silo.${shell}`), stdout);
  }
});

/** Types the beginning of a command line and presses Tab. */
async function completes(pty: Pty, typed: string, whole: string): Promise<void> {
  pty.type(`${typed}\t`);
  await pty.shows(whole);
  pty.type("\u0015");
}

async function allOf(pty: Pty): Promise<void> {
  await completes(pty, "silo clau", "silo claude ");
  await completes(pty, "silo config sho", "silo config show ");
  await completes(pty, "silo rm my", "silo rm my-app-1 ");
  await completes(pty, "silo --backend dock", "silo --backend docker ");
  await completes(pty, "silo ls --backend=dock", "silo ls --backend=docker ");
  await completes(pty, "silo claude --force", "silo claude --force-build ");
  mkdirSync(join(world.project, "a-directory-of-mine"));
  await completes(pty, "silo claude -- a-dir", "silo claude -- a-directory-of-mine");
}

test("bash without the bash-completion package", async () => {
  const rc = join(world.home, ".bashrc");
  writeFileSync(rc, `source $HOME/silo.bash\nPS1='ready> '\n`);
  const pty = onTerminal(["bash", "--noprofile", "--rcfile", rc, "-i"], world);
  await pty.shows("ready> ");
  await allOf(pty);
  pty.kill("SIGKILL");
}, 60_000);

test.skipIf(!has("zsh"))(
  "zsh",
  async () => {
    const rc = `autoload -Uz compinit; compinit -u -D\nsource $HOME/silo.zsh\nPROMPT='ready> '\n`;
    writeFileSync(join(world.home, ".zshrc"), rc);
    const pty = onTerminal(["zsh", "-i"], world);
    await pty.shows("ready> ");
    await allOf(pty);
    pty.kill("SIGKILL");
  },
  60_000,
);

test.skipIf(!has("fish"))(
  "fish",
  () => {
    const rc = join(world.home, "silo.fish");
    const ask = (line: string) => {
      const script = `source ${rc}; complete -C "${line}"`;
      const env = { ...world.env };
      return spawnSync("fish", ["-c", script], { cwd: world.project, env, encoding: "utf8" })
        .stdout;
    };
    expect(ask("silo clau")).toBe("claude\tClaude Code: Anthropic's coding agent\n");
    expect(ask("silo config sho")).toContain("show\tprint the configuration");
    expect(ask("silo rm my")).toBe("my-app-1\n");
    expect(ask("silo --backend dock")).toContain("docker");
    expect(ask("silo ls --backend=dock")).toContain("--backend=docker");
    writeFileSync(join(world.project, "a-file-of-mine"), "");
    expect(ask("silo claude -- a-fi")).toContain("a-file-of-mine");
  },
  60_000,
);

test("completion of any words exits with 0 and prints nothing on standard error", async () => {
  for (const words of [
    [],
    [""],
    ["--", ""],
    ["\u0000"],
    ["--=", "="],
    ["=", "="],
    ["config", "x"],
  ]) {
    const { code, stderr } = await silo(world, [
      "__complete",
      ...words.filter((w) => w !== "\u0000"),
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  }
  expect(readFileSync(join(world.home, "silo.bash"), "utf8")).toContain("complete -F _silo silo");
});
