import engine from "./engine.pl" with { type: "text" };
import links from "./links.pl" with { type: "text" };
import supervise from "./supervise.pl" with { type: "text" };

// Perl, because every Debian and Ubuntu image has it (perl-base is essential), and because shells cannot exchange two
// names atomically.

/** A program without its comment lines, to shorten the argument that carries it. */
export const withoutComments = (program: string) => program.replaceAll(/^\s*#.*\n/gm, "");

/** The sub `supervise`, for programs that wait for a command. */
export const SUPERVISE = withoutComments(supervise);

/** The programs as they run in a guest. */
export const LINKS = SUPERVISE + withoutComments(links);
export const ENGINE = SUPERVISE + withoutComments(engine);

/** A path in the guest and the copy to which it is linked. */
export type GuestLink = { readonly path: string; readonly copy: string };

/**
 * Wraps the command so that single files are links to their copies while it runs. If a tool saves a file by renaming a
 * new one over the link, its content is moved to the copy.
 */
export function withLinks(
  files: readonly GuestLink[],
  command: readonly string[],
): readonly string[] {
  if (files.length === 0) return command;
  const pairs = files.flatMap(({ path, copy }) => [path, copy]);
  return ["perl", "-e", LINKS, "--", String(files.length), ...pairs, ...command];
}

/** Wraps the command to run as that user, with an engine that starts on first use. The guest must start it as root. */
export function withEngine(
  user: { readonly uid: number; readonly gid: number },
  command: readonly string[],
): readonly string[] {
  return ["perl", "-e", ENGINE, "--", String(user.uid), String(user.gid), ...command];
}
