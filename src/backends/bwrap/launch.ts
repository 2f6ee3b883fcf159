import begin from "./launch.pl" with { type: "text" };
import become from "./launch-bwrap.pl" with { type: "text" };
import limit from "./launch-limits.pl" with { type: "text" };
import user from "./launch-user.pl" with { type: "text" };
import type { Cmd } from "../../runtime/command.ts";
import { SiloError } from "../../errors.ts";
import type { Features, HostView } from "./args.ts";
import type { MemoryLimit } from "./limits.ts";

/**
 * The user of every sandbox that root starts. systemd's table of ids (UIDS-GIDS.md) leaves 0x70000000 to 0x7fffffff
 * unused, and so do containers.
 */
export const ROOTS_USER = 0x7f00_0000;

/** Comments and checks are for people who change it; the program travels in an argument list, and starts at once. */
export const compact = (program: string) => program.replaceAll(/^\s*#.*\n|^use strict;\n/gm, "");

/** One start of bwrap. */
export type Launch = {
  readonly args: readonly string[];
  /** What the sandbox has in its environment; neither the launcher nor bwrap has it in theirs. */
  readonly inside: Readonly<Record<string, string>>;
  /** What bwrap itself has, by which silo finds its processes. */
  readonly outside?: Readonly<Record<string, string>>;
  /** Unique; names its cgroup. */
  readonly name: string;
  readonly features: Pick<Features, "filter" | "descriptors">;
  /** Owner and group of this directory count as the sandbox's, where root starts it. */
  readonly workdir: string;
  /** On a terminal of silo's own. */
  readonly tty: boolean;
  /** Whether bwrap ignores what a terminal sends. */
  readonly deaf: boolean;
  readonly memory: MemoryLimit | undefined;
};

const settings = (values: Readonly<Record<string, string | number | undefined>>) =>
  Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${value}`],
  );

/**
 * The command that starts bwrap. Perl runs with an environment that silo made, and without the site's start file.
 * @param uid the user's own; 0 gives the sandbox a user of its own.
 */
export function launchCommand({ perl, bwrap, arch }: HostView, uid: number, launch: Launch): Cmd {
  const { memory, inside } = launch;
  const parts = [begin, ...(memory ? [limit] : []), ...(uid === 0 ? [user] : []), become];
  const boxed = Object.entries(inside).map(([name, value]) => [`BOX_${name}`, value] as const);
  return {
    bin: perl,
    args: [
      "-f",
      "-e",
      parts.map(compact).join(""),
      "--",
      ...settings({
        arch,
        descriptors: launch.features.descriptors ? 1 : undefined,
        name: launch.name,
        workdir: launch.workdir,
        user: uid === 0 ? ROOTS_USER : undefined,
        tty: launch.tty ? 1 : undefined,
        deaf: launch.deaf ? 1 : undefined,
        memory: memory?.most,
        tasks: memory?.tasks,
        must: memory?.must === true ? 1 : undefined,
        cgroup: memory?.cgroup,
        busctl: memory?.systemd?.busctl,
        runtime: memory?.systemd?.runtime,
      }),
      "--",
      bwrap,
      ...launch.args,
    ],
    env: { ...launch.outside, SILO_FILTER: launch.features.filter, ...Object.fromEntries(boxed) },
    cleanEnv: true,
  };
}

/** What the launcher printed as silo's own error, as one; undefined where the lines are something else. */
export function launchError(lines: readonly string[]): SiloError | undefined {
  const [first = "", last = ""] = [lines[0], lines.at(-1)];
  if (!first.startsWith("error: ") || !last.startsWith("hint: ")) return undefined;
  return new SiloError(first.slice("error: ".length), {
    detail: lines.slice(1, -1).map((line) => line.trim()),
    hint: last.slice("hint: ".length),
  });
}
