import type { EnvEntry, GitFacts } from "./types.ts";

type HostEnv = Readonly<Record<string, string | undefined>>;

/** Common terminals of Ubuntu 24.04's ncurses-base. With any other TERM the tool would lack colours and keys. */
const KNOWN_TERMINALS = new Set(
  `ansi dumb linux rxvt screen screen-256color tmux tmux-256color vt100 vt102 vt220
   xterm xterm-256color xterm-color xterm-mono`.split(/\s+/),
);

/** TERM and COLORTERM as the guest can use them. */
export function terminalEnv(host: HostEnv): readonly EnvEntry[] {
  const entries: EnvEntry[] = [];
  const { TERM, COLORTERM } = host;
  if (TERM !== undefined && TERM !== "") {
    entries.push({ name: "TERM", value: KNOWN_TERMINALS.has(TERM) ? TERM : "xterm-256color" });
  }
  if (COLORTERM !== undefined && COLORTERM !== "")
    entries.push({ name: "COLORTERM", value: COLORTERM });
  return entries;
}

/** The host's git identity as variables that outrank every git configuration in the guest. */
export function identityEnv(identity: GitFacts["identity"]): readonly EnvEntry[] {
  return Object.entries(identity).map(([name, value]) => ({ name, value }));
}

/** Parses entries: `NAME=value` sets a value, `NAME` passes the host's value if it is set. */
export function writtenEnv(written: readonly string[], host: HostEnv): readonly EnvEntry[] {
  const entries: EnvEntry[] = [];
  for (const text of written) {
    const equals = text.indexOf("=");
    const name = equals < 0 ? text : text.slice(0, equals);
    const value = equals < 0 ? host[name] : text.slice(equals + 1);
    if (value !== undefined) entries.push({ name, value });
  }
  return entries;
}

/** One entry per name, in the order of first appearance; the last value wins. */
export function mergeEnv(...lists: readonly (readonly EnvEntry[])[]): readonly EnvEntry[] {
  const merged = new Map<string, EnvEntry>();
  for (const entry of lists.flat()) merged.set(entry.name, entry);
  return [...merged.values()];
}

/**
 * Adds PERL_BADLANG if a locale is set, because the guest's first program is perl, which warns about each locale that
 * the image lacks (perllocale(1)). That program removes the variable before the tool starts.
 */
export function withQuietPerl(entries: readonly EnvEntry[]): readonly EnvEntry[] {
  const locale = entries.some(({ name }) => /^(LANG|LANGUAGE|LC_.+)$/.test(name));
  return locale ? [...entries, { name: "PERL_BADLANG", value: "0" }] : entries;
}
