import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { type Result } from "../support/silo.ts";
import type { World } from "../support/world.ts";
import { BASE_IMAGE } from "../support/settings.ts";

export type Bind = {
  readonly source: string;
  readonly target: string;
  readonly mode: "rw" | "ro";
};

/** A box without silo's protections, to check that an attack succeeds there. */
export function plainBox(
  world: World,
  binds: readonly Bind[],
  script: string,
  more: readonly string[] = [],
): Result {
  const [bin = "", ...args] = plainLine(world, binds, script, more);
  const { status, stdout, stderr } = spawnSync(bin, args, { encoding: "utf8" });
  return { code: status ?? 1, stdout, stderr };
}

/** The command line of such a box. */
export function plainLine(
  world: World,
  binds: readonly Bind[],
  script: string,
  more: readonly string[] = [],
): readonly string[] {
  const line =
    world.backend === "bwrap"
      ? [...bwrapLine(world, binds), ...more, "--"]
      : [...dockerLine(world, binds), ...more, BASE_IMAGE];
  return asUser(world, [...line, "bash", "-c", `export HOME=${world.home}; ${script}`]);
}

/** A command as the world's user runs it. */
export function asUser({ user }: World, command: readonly string[]): readonly string[] {
  if (user === undefined) return command;
  const { uid, gid } = user;
  const socket = spawnSync("stat", ["-c", "%g", "/var/run/docker.sock"], { encoding: "utf8" });
  const groups = [gid, socket.stdout.trim()].filter((each) => each !== "").join(",");
  return ["setpriv", `--reuid=${uid}`, `--regid=${gid}`, `--groups=${groups}`, "--", ...command];
}

const csv = (text: string) => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

function dockerLine({ user, project }: World, binds: readonly Bind[]): readonly string[] {
  const mounts = binds.flatMap(({ source, target, mode }) => [
    "--mount",
    [
      "type=bind",
      csv(`source=${source}`),
      csv(`target=${target}`),
      ...(mode === "ro" ? ["readonly"] : []),
    ].join(","),
  ]);
  const ids = `${user?.uid ?? 0}:${user?.gid ?? 0}`;
  const safe = ["--rm", "--pull=never", "--cap-drop=ALL", "--security-opt=no-new-privileges"];
  return ["docker", "run", ...safe, `--user=${ids}`, ...mounts, `--workdir=${project}`];
}

function bwrapLine({ home, project }: World, binds: readonly Bind[]): readonly string[] {
  const system = ["/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc"].filter((path) =>
    existsSync(path),
  );
  return [
    "bwrap",
    "--unshare-user",
    "--unshare-pid",
    "--die-with-parent",
    "--cap-drop",
    "ALL",
    ...system.flatMap((path) => ["--ro-bind", path, path]),
    "--proc",
    "/proc",
    "--dev",
    "/dev",
    "--tmpfs",
    "/tmp",
    "--tmpfs",
    home,
    ...binds.flatMap(({ source, target, mode }) => [
      mode === "ro" ? "--ro-bind" : "--bind",
      source,
      target,
    ]),
    "--chdir",
    project,
  ];
}
