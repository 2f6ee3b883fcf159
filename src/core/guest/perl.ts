import engine from "./engine.pl" with { type: "text" };
import links from "./links.pl" with { type: "text" };
import supervise from "./supervise.pl" with { type: "text" };

// Perl is in every Debian and Ubuntu image (perl-base is essential), and can exchange two names at once, which no
// shell can.

/** A program without its comment lines, because it travels in an argument list. */
export const withoutComments = (program: string) => program.replaceAll(/^\s*#.*\n/gm, "");

/** The sub `supervise`, for programs that run a command to its end. */
export const SUPERVISE = withoutComments(supervise);

/** The programs as they run in a guest. */
export const LINKS = SUPERVISE + withoutComments(links);
export const ENGINE = SUPERVISE + withoutComments(engine);

/** A file of the guest and the copy that it is to be. */
export type GuestLink = { readonly path: string; readonly copy: string };

/**
 * The command, with single files linked to their copies as long as it runs. A tool that saves by renaming a new file
 * over the link has that file moved to the copy.
 */
export function withLinks(
  files: readonly GuestLink[],
  command: readonly string[],
): readonly string[] {
  if (files.length === 0) return command;
  const pairs = files.flatMap(({ path, copy }) => [path, copy]);
  return ["perl", "-e", LINKS, "--", String(files.length), ...pairs, ...command];
}

/** The command as that user, beside an engine that starts on first use. The guest must start it as root. */
export function withEngine(
  user: { readonly uid: number; readonly gid: number },
  command: readonly string[],
): readonly string[] {
  return ["perl", "-e", ENGINE, "--", String(user.uid), String(user.gid), ...command];
}
