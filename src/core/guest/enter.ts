import program from "./enter.pl" with { type: "text" };
import type { Mount } from "../types.ts";
import { withoutComments } from "./perl.ts";

export const PROGRAM = withoutComments(program);

/** Absolute path of perl in Debian and Ubuntu images, because a tool may have written to a directory of PATH. */
const PERL = "/usr/bin/perl";

/** Limits that the guest sets itself if its engine sets none. Core files are off as well. */
export type Limits = {
  readonly processes: number;
  /** The number of prlimit64(2) on the guest's processor; 0 sets nothing. */
  readonly prlimit: number;
};

/** prlimit64(2) by Node's name of a processor (Linux' syscall tables). */
const PRLIMIT: Readonly<Record<string, number>> = { x64: 302, arm64: 261 };

/** Limits in a guest with the same processor architecture as the host. */
export function limits(processes: number, arch: string): Limits {
  return { processes, prlimit: PRLIMIT[arch] ?? 0 };
}

/** The mounts that the guest compares. The boot id tells whether it runs on the host's own kernel. */
export type Checked = {
  readonly mounts: readonly Pick<Mount, "target" | "id">[];
  readonly bootId: string | undefined;
};

/**
 * Wraps the command in a program that fails if a mount is not the file or directory that silo checked, because a tool in
 * another container may have replaced it by a link between the check and the mount.
 * @returns the command itself if there is nothing to compare or to limit.
 */
export function enterCommand(
  { mounts, bootId }: Checked,
  command: readonly string[],
  limits?: Limits,
): readonly string[] {
  const pairs = mounts.flatMap(({ id, target }) => (id === undefined ? [] : [id, target]));
  if (pairs.length === 0 && limits === undefined) return command;
  return [
    PERL,
    "-t",
    "-e",
    PROGRAM,
    "--",
    bootId ?? "-",
    String(limits?.prlimit ?? 0),
    String(limits?.processes ?? 0),
    String(pairs.length / 2),
    ...pairs,
    ...command,
  ];
}
