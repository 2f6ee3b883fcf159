import { dirname, isAbsolute, normalize, resolve } from "node:path";

/** Whether `inner` is `outer` or below it. Both must be absolute and normalised. */
export function within(outer: string, inner: string): boolean {
  return inner === outer || inner.startsWith(outer === "/" ? "/" : `${outer}/`);
}

/** Makes a path absolute: `~` and `~/x` expand, relative paths start at `base`. */
export function absolutePath(written: string, base: string, home: string): string {
  if (written === "~") return home;
  if (written.startsWith("~/")) return normalize(`${home}/${written.slice(2)}`).replace(/\/$/, "");
  const path = isAbsolute(written) ? normalize(written) : resolve(base, written);
  return path.length > 1 ? path.replace(/\/$/, "") : path;
}

/** The path of a mount in a configuration, without the leading `!` that confirms a sensitive path. */
export function mountPath(written: string, base: string, home: string): string {
  return absolutePath(written.replace(/^!/, ""), base, home);
}

/** Replaces the home directory by `~`, for messages. */
export function displayPath(path: string, home: string): string {
  return home !== "/" && within(home, path) ? `~${path.slice(home.length)}` : path;
}

/** Every directory strictly between `top` and `path`, outermost first. */
export function directoriesBetween(top: string, path: string): readonly string[] {
  const found: string[] = [];
  for (let dir = dirname(path); dir !== top && within(top, dir); dir = dirname(dir))
    found.unshift(dir);
  return found;
}

/** The base directories of the XDG specification; a relative value counts as unset. */
export function xdgDirectories(
  home: string,
  env: Readonly<Record<string, string | undefined>>,
): { config: string; data: string; state: string; cache: string } {
  const pick = (name: string, fallback: string) => {
    const value = env[name];
    return value !== undefined && isAbsolute(value)
      ? absolutePath(value, home, home)
      : `${home}/${fallback}`;
  };
  return {
    config: pick("XDG_CONFIG_HOME", ".config"),
    data: pick("XDG_DATA_HOME", ".local/share"),
    state: pick("XDG_STATE_HOME", ".local/state"),
    cache: pick("XDG_CACHE_HOME", ".cache"),
  };
}
