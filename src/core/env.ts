import type { EnvEntry, GitFacts } from "./types.ts";

type HostEnv = Readonly<Record<string, string | undefined>>;

/** Terminals that Ubuntu 24.04's ncurses-base describes and people use; any other would leave the tool without colours or keys. */
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

/** `NAME=value` sets it, `NAME` passes the host's value where it is set. */
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

/** One entry a name; the last one given wins and stands where the name first stood. */
export function mergeEnv(...lists: readonly (readonly EnvEntry[])[]): readonly EnvEntry[] {
  const merged = new Map<string, EnvEntry>();
  for (const entry of lists.flat()) merged.set(entry.name, entry);
  return [...merged.values()];
}

/**
 * The guest's first program is perl, which complains of every locale that the image does not have (perllocale(1)).
 * It takes the variable away before the tool starts.
 */
export function withQuietPerl(entries: readonly EnvEntry[]): readonly EnvEntry[] {
  const locale = entries.some(({ name }) => /^(LANG|LANGUAGE|LC_.+)$/.test(name));
  return locale ? [...entries, { name: "PERL_BADLANG", value: "0" }] : entries;
}

/** Names by which programs of the host (a shell, a loader, an engine's command) can be steered. */
const STEERING = new RegExp(
  `^(${[
    "PATH|HOME|PWD|SHELL|ENV|IFS|PS4|SHELLOPTS|BASH.*|ZDOTDIR|TMP|TEMP|TMPDIR",
    "LD_.*|DYLD_.*|GCONV_PATH|LOCPATH|NLSPATH|TERMINFO.*|GLIBC_.*|MALLOC_.*",
    "HOSTALIASES|RES_OPTIONS|LOCALDOMAIN|SSL.*|OPENSSL_.*|KRB5.*|SSH_.*|GNUPGHOME",
    "PYTHON.*|PERL.*|RUBY.*|NODE_(?!ENV$).*|BUN_.*|DENO_.*|_?JAVA_.*|JDK_.*|LUA_.*|GO[A-Z]+",
    "DOCKER_.*|BUILDKIT_.*|BUILDX_.*|COMPOSE_.*|_?CONTAINERS?_.*|_?PODMAN_.*|STORAGE_.*",
    "REGISTRY_.*|NETAVARK_.*|CNI_.*|OTEL_.*|XDG_.*|DBUS_.*|NOTIFY_SOCKET|LISTEN_.*|FLY_.*|MUTAGEN_.*|SILO_.*|GIT_.*",
    ".*_proxy|.*_PROXY",
  ].join("|")})$`,
);

/**
 * Whether a variable could steer a program of the host: a value for the guest reaches it through the
 * environment of the engine's own command. In the guest itself no name gives more than a project has anyway.
 */
export function steersHost(name: string): boolean {
  return STEERING.test(name);
}
