import { displayPath, within, xdgDirectories } from "./paths.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** Sensitive paths that no project needs, by what they contain; `~` is the home directory. */
const PLACES: readonly (readonly [string, readonly string[]])[] = [
  [
    "keys and credentials",
    [
      "~/.ssh",
      "~/.gnupg",
      "~/.aws",
      "~/.azure",
      "~/.kube",
      "~/.docker",
      "~/.password-store",
      "~/.config/gcloud",
      "~/.local/share/keyrings",
      "~/.local/share/kwalletd",
      "~/Library/Keychains",
    ],
  ],
  [
    "browser profiles",
    [
      "~/.mozilla",
      "~/.config/google-chrome",
      "~/.config/chromium",
      "~/.config/BraveSoftware",
      "~/.config/microsoft-edge",
      "~/.config/vivaldi",
      "~/snap/firefox",
      "~/snap/chromium",
      "~/.var/app",
      "~/Library/Application Support/Google/Chrome",
      "~/Library/Application Support/Firefox",
      "~/Library/Application Support/BraveSoftware",
      "~/Library/Application Support/Microsoft Edge",
      "~/Library/Safari",
      "~/Library/Cookies",
    ],
  ],
  [
    "parts of the system",
    [
      "/etc",
      "/private/etc",
      "/var/run",
      "/private/var/run",
      "/run",
      "/usr",
      "/boot",
      "/dev",
      "/proc",
      "/sys",
    ],
  ],
];

/** silo's own directories: settings, approvals, sessions and caches. */
function ownPlaces(home: string, env: Env): readonly string[] {
  const { config, state, cache } = xdgDirectories(home, env);
  return [config, state, cache].map((directory) => `${directory}/silo`);
}

/**
 * The sensitive place that a path is in or contains; its mount needs a confirmation.
 * @param path as named or with links resolved; callers check both.
 * @returns text such as `~/.ssh (keys and credentials)`; undefined for an ordinary path.
 */
export function sensitive(path: string, home: string, env: Env): string | undefined {
  const all = [...PLACES, ["silo's own files", ownPlaces(home, env)] as const];
  for (const [what, places] of all) {
    const found = places
      .map((place) => place.replace(/^~/, home))
      // Some systems have home directories below one of these paths.
      .filter((place) => !within(place, home))
      .find((place) => within(place, path) || within(path, place));
    if (found !== undefined) return `${displayPath(found, home)} (${what})`;
  }
  return undefined;
}
