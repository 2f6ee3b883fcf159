import { existsSync, readFileSync } from "node:fs";
import { displayPath, within } from "../../core/paths.ts";
import type { Mount } from "../../core/types.ts";

/** List of the unix sockets of this network namespace (proc(5)). Read instead of walking directories. */
const LIST = "/proc/net/unix";
/** `__SO_ACCEPTCON` (linux/net.h): the socket listens. */
const LISTENS = 0x10000;
/** Number of sockets that a warning names; more are only counted. */
const SHOWN = 3;

/**
 * Listening unix sockets below the mounts, which let the tool talk to host programs, through read-only mounts too.
 * Linux only; empty elsewhere.
 * @returns their paths on the host.
 */
export function listeningIn(mounts: readonly Pick<Mount, "source">[]): readonly string[] {
  return process.platform === "linux"
    ? pathsIn(readList(), mounts).filter((path) => existsSync(path))
    : [];
}

/** A warning that names them; empty if there are none. */
export function socketWarnings(
  mounts: readonly Pick<Mount, "source">[],
  home: string,
): readonly string[] {
  const found = listeningIn(mounts).map((path) => displayPath(path, home));
  if (found.length === 0) return [];
  const more = found.length > SHOWN ? `, and ${found.length - SHOWN} more` : "";
  return [
    `the tool can reach these sockets of host programs: ${found.slice(0, SHOWN).join(", ")}${more}`,
  ];
}

/** Paths of listening sockets in the mounts, from a list with `Num RefCount Protocol Flags Type St Inode Path` (proc(5)). */
export function pathsIn(list: string, mounts: readonly Pick<Mount, "source">[]): readonly string[] {
  const found = new Set<string>();
  for (const line of list.split("\n")) {
    const start = line.indexOf(" /");
    if (start < 0) continue;
    const path = line.slice(start + 1);
    const flags = Number.parseInt(line.split(" ", 4)[3] ?? "", 16);
    if ((flags & LISTENS) !== 0 && mounts.some(({ source }) => within(source, path)))
      found.add(path);
  }
  return [...found];
}

function readList(): string {
  try {
    return readFileSync(LIST, "utf8");
  } catch {
    return "";
  }
}
