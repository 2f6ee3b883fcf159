import { spawnSync } from "node:child_process";
import { silo } from "../support/silo.ts";
import type { World } from "../support/world.ts";

/** A command of silo's as a dry run shows it. */
export type Shown = { readonly bin: string; readonly args: readonly string[] };

/** The commands of a run of the probe, as silo would start them. */
export async function shown(
  world: World,
  args: readonly string[],
): Promise<{ readonly fetch: Shown; readonly run: Shown }> {
  const { stdout } = await silo(world, [args[0] ?? "", "--dry-run", "--json", ...args.slice(1)]);
  return (JSON.parse(stdout) as { commands: { fetch: Shown; run: Shown } }).commands;
}

/** A filter of one instruction that allows every system call (seccomp(2): BPF_RET with SECCOMP_RET_ALLOW). */
export const ALLOW_ALL = "060000000000ff7f";

/** Runs such a command with every system call allowed. @param change changes its arguments; an empty one is left out. */
export function byHand(
  world: World,
  { bin, args }: Shown,
  change: (word: string) => string = same,
) {
  const inside = {
    SILO_FILTER: ALLOW_ALL,
    BOX_HOME: world.home,
    BOX_PATH: `${world.home}/.local/bin:/opt/silo/bin:/usr/bin:/bin`,
    BOX_SILO_TOOLS: "/opt/silo",
  };
  const words = [bin, ...args.map(change).filter((word) => word !== "")];
  const [first = "", ...rest] =
    world.user === undefined
      ? words
      : ["setpriv", ids("reuid", world), ids("regid", world), "--clear-groups", "--", ...words];
  const { status, stdout, stderr } = spawnSync(first, rest, {
    cwd: world.project,
    encoding: "utf8",
    env: inside,
    input: "",
  });
  return { code: status, stdout, stderr };
}

const same = (word: string) => word;
const ids = (name: string, { user }: World) => `--${name}=${user?.uid}`;

/** The arguments without all occurrences of an option with these values. */
export function without({ bin, args }: Shown, ...option: readonly string[]): Shown {
  const at = args.findIndex((_, i) => option.every((word, j) => args[i + j] === word));
  if (at < 0) throw new Error(`no ${option.join(" ")} in the command`);
  return { bin, args: args.toSpliced(at, option.length) };
}
