import { spawnSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTerminal } from "../support/pty.ts";
import type { World } from "../support/world.ts";
import { SILO } from "../support/settings.ts";

/**
 * A machine for examples with the real silo, an engine double with one container and no images, a git that only creates
 * the directories of worktrees, and no other programs.
 */
export type Machine = {
  readonly run: (script: string) => { readonly code: number; readonly output: string };
  /** Runs a command on a terminal until all lines are shown. @throws Error if one is not shown. */
  readonly show: (command: string, lines: readonly string[]) => Promise<void>;
  readonly write: (path: string, text: string) => void;
  /** The command lines of silo and npm so far. */
  readonly calls: () => readonly (readonly string[])[];
  readonly remove: () => void;
};

const REAL = [
  "bash",
  "sh",
  "cat",
  "echo",
  "printf",
  "env",
  "rm",
  "mkdir",
  "printenv",
  "head",
  "ls",
];

const CONTAINER =
  '{"Names":"app-1","Image":"silo-claude:4f0c2a9be1d87736","Labels":"silo.managed=1,silo.tool=claude,silo.session=5e55","State":"running","Status":"Up 3 minutes"}';

const DOCKER = `case "$1" in
  ps) echo '${CONTAINER}' ;;
  version) echo '{"Client":{"Version":"28.2.2"},"Server":{"Version":"28.2.2"}}' ;;
  run) [ -e "$HOME/.built" ] || { echo 'docker: Error response from daemon: No such image: it.' >&2; exit 125; }
    case "$*" in *--version*) echo '2.1.0 (Claude Code)' ;; esac ;;
  build) printf 'Step 1/3 : FROM ubuntu:24.04\\nStep 2/3 : RUN apt-get update\\nStep 3/3 : RUN npm install\\n'; echo >"$HOME/.built" ;;
  exec) case "$*" in *"git status"*) echo '## main' ;; esac ;;
esac`;

/** Cases of commands that need a terminal or another backend; they are parsed, but not run. */
const RECORDED = `case " $* " in
  *" --backend "[cfb]*|" reconnect "*|" rm "|" rm --backend "*|" config edit "|"  ") exit 0 ;;
esac`;

const RECORD = `printf '%s\\037' "\${0##*/}" "$@" >>"$HOME/.calls"; printf '\\036' >>"$HOME/.calls"`;

/** Creates the machine. @param idle programs that do nothing. */
export function machine(idle: readonly string[]): Machine {
  // On macOS the temporary directory is behind a link.
  const root = realpathSync(mkdtempSync(join(tmpdir(), "silo-docs-")));
  const [home, bin] = [join(root, "home"), join(root, "bin")];
  const project = join(home, "src/app");
  mkdirSync(project, { recursive: true });
  mkdirSync(bin);
  const program = (name: string, body: string) => {
    writeFileSync(join(bin, name), `#!/bin/bash\n${body}\n`);
    chmodSync(join(bin, name), 0o755);
  };
  for (const name of REAL) symlinkSync(Bun.which(name) ?? `/bin/${name}`, join(bin, name));
  for (const name of idle) program(name, "exit 0");
  program("git", '[ "$1 $2" != "worktree add" ] || mkdir "$3"');
  program("docker", DOCKER);
  program("npm", `${RECORD}\nexit 0`);
  program("silo", `${RECORD}\n[ -n "$PLAYED" ] || ${RECORDED}\nexec '${SILO}' "$@"`);
  const env = {
    PATH: bin,
    HOME: home,
    USER: "ada",
    EDITOR: "true",
    LANG: "C.UTF-8",
    TERM: "xterm-256color",
    SILO_NO_VERSION_CHECK: "1",
    GIT_CONFIG_NOSYSTEM: "1",
  };
  const shell = [join(bin, "bash"), "-euo", "pipefail", "-c"] as const;
  return {
    run: (script) => {
      const [command, ...args] = [...shell, `exec 2>&1\n${script}`];
      const { status, stdout } = spawnSync(command ?? "", args, {
        cwd: project,
        env,
        encoding: "utf8",
        timeout: 30_000,
      });
      return { code: status ?? 1, output: stdout };
    },
    show: async (command, lines) => {
      const world = { project, env: { ...env, PLAYED: "1" } } as unknown as World;
      const pty = onTerminal([...shell, command], world);
      try {
        // Long, because the start may be slow on a busy machine.
        for (const [i, line] of lines.entries()) await pty.shows(line, i === 0 ? 15_000 : 2000);
      } finally {
        pty.kill("SIGKILL");
        await pty.exited;
      }
    },
    write: (path, text) => {
      const full = join(path.startsWith("~/") ? home : project, path.replace(/^~\//, ""));
      mkdirSync(dirname(full), { recursive: true });
      writeFileSync(full, text);
    },
    calls: () => {
      try {
        const text = readFileSync(join(home, ".calls"), "utf8");
        const lines = text.split("\u001E").filter((line) => line !== "");
        return lines.map((line) => line.split("\u001F").slice(0, -1));
      } catch {
        return [];
      }
    },
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}
