import begin from "./launch.pl" with { type: "text" };
import become from "./launch-bwrap.pl" with { type: "text" };
import limit from "./launch-limits.pl" with { type: "text" };
import user from "./launch-user.pl" with { type: "text" };
import type { Cmd } from "../../runtime/command.ts";
import { SiloError } from "../../errors.ts";
import type { Features, HostView } from "./args.ts";
import type { MemoryLimit } from "./limits.ts";

/**
 * User id of the sandboxes that root starts. systemd's table of ids (UIDS-GIDS.md) leaves 0x70000000 to 0x7fffffff
 * unused, and containers do not use them either.
 */
export const ROOTS_USER = 0x7f00_0000;

/** Strips comments and `use strict` from a program, because it is passed as an argument at every start. */
export const compact = (program: string) => program.replaceAll(/^\s*#.*\n|^use strict;\n/gm, "");

/** Parameters of a start of bwrap. */
export type Launch = {
  readonly args: readonly string[];
  /** Environment of the sandbox; it is not in the environment of the launcher or of bwrap. */
  readonly inside: Readonly<Record<string, string>>;
  /** Environment of bwrap itself, with the variable that marks its processes. */
  readonly outside?: Readonly<Record<string, string>>;
  /** Unique name of its cgroup. */
  readonly name: string;
  readonly features: Pick<Features, "filter" | "descriptors">;
  /** The working directory; as root, files of its owner are mapped to the sandbox's user. */
  readonly workdir: string;
  /** Whether it runs on its own PTY. */
  readonly tty: boolean;
  /** Whether bwrap ignores SIGINT and SIGQUIT, which a terminal sends to bwrap as well as to the tool. */
  readonly ignoreSigint: boolean;
  readonly memory: MemoryLimit | undefined;
};

const settings = (values: Readonly<Record<string, string | number | undefined>>) =>
  Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${value}`],
  );

/**
 * The command that starts bwrap. Perl runs with an environment made by silo, and without sitecustomize.pl (-f).
 * @param uid the user's id; 0 gives the sandbox another user.
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
        ignore_sigint: launch.ignoreSigint ? 1 : undefined,
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

/** Parses an error that the launcher printed; undefined if the lines are other output. */
export function launchError(lines: readonly string[]): SiloError | undefined {
  const [first = "", last = ""] = [lines[0], lines.at(-1)];
  if (!first.startsWith("error: ") || !last.startsWith("hint: ")) return undefined;
  return new SiloError(first.slice("error: ".length), {
    detail: lines.slice(1, -1).map((line) => line.trim()),
    hint: last.slice("hint: ".length),
  });
}
