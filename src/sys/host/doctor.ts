import { statfs } from "node:fs/promises";
import { isUtf8 } from "../../core/text/locale.ts";
import type { Diagnostic } from "../../core/diagnostic.ts";
import type { HostFacts } from "../../core/types.ts";

/** Free disk space below which doctor warns. An image with all toolchains and a tool takes about half of it. */
const LEAST_GIB = 10;
/** Directories of local engines' images. */
const IMAGE_PLACES = ["/var/lib/docker", "/var/lib/containers"];

/** Host checks of `silo doctor`: disk, terminal, git identity. */
export async function diagnoseHost({ home, env, git }: HostFacts): Promise<readonly Diagnostic[]> {
  const disks = await Promise.all([...IMAGE_PLACES, home].map(freeGib));
  const free = disks.filter((gib) => gib !== undefined);
  return [
    diskDiagnostic(Math.min(...free)),
    terminalDiagnostic(env),
    identityDiagnostic(git.identity),
  ];
}

async function freeGib(path: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(path);
    return (bavail * bsize) / 2 ** 30;
  } catch {
    return undefined;
  }
}

function diskDiagnostic(gib: number): Diagnostic {
  const detail = `${Math.floor(gib)} GiB free`;
  if (gib >= LEAST_GIB) return { check: "disk", state: "ok", detail };
  return {
    check: "disk",
    state: "warn",
    detail,
    fix: "docker system df   # shows what uses the space",
  };
}

function terminalDiagnostic(env: HostFacts["env"]): Diagnostic {
  const { stdin, stdout } = process;
  const term = env["TERM"] ?? "";
  const letters = isUtf8(env, process.platform) ? "UTF-8" : "no UTF-8";
  if (!stdin.isTTY || !stdout.isTTY) {
    return {
      check: "terminal",
      state: "ok",
      detail: `${stdin.isTTY ? "stdout" : "stdin"} is not a TTY`,
    };
  }
  const size = `${stdout.columns}x${stdout.rows}`;
  return term === "" || term === "dumb"
    ? {
        check: "terminal",
        state: "warn",
        detail: `TERM is "${term}"`,
        fix: "export TERM=xterm-256color",
      }
    : { check: "terminal", state: "ok", detail: `${term}, ${size}, ${letters}` };
}

function identityDiagnostic(identity: HostFacts["git"]["identity"]): Diagnostic {
  const { GIT_AUTHOR_NAME: name, GIT_AUTHOR_EMAIL: email } = identity;
  return name === undefined || email === undefined
    ? {
        check: "git identity",
        state: "warn",
        detail: "not set, so a tool cannot commit",
        fix: "git config --global user.name <name> && git config --global user.email <email>",
      }
    : { check: "git identity", state: "ok", detail: `${name} <${email}>` };
}
