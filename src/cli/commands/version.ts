import manifest from "../../../package.json" with { type: "json" };
import { isAtLeast } from "../../core/text/version.ts";
import { displayPath, xdgDirectories } from "../../core/paths.ts";
import { installation, type Way } from "../../sys/self/installation.ts";
import { readEnvironment } from "../../sys/host/environment.ts";
import { releasesAddress } from "../../sys/self/release.ts";
import { readCache } from "../../sys/self/versions.ts";
import type { Release } from "../../tools/versions.ts";
import { printStdout } from "../../ui/print.ts";
import type { Action } from "../grammar/command.ts";
import type { JSON_OPTION } from "../grammar/options.ts";

/** Build facts that scripts/compile.ts compiles into the binary. */
declare const SILO_BUILD: { readonly commit: string; readonly target: string } | undefined;

const BUILD =
  typeof SILO_BUILD === "undefined" ? { commit: "unknown", target: "none" } : SILO_BUILD;

/** Installation methods: how each is printed, and the command that installs the newest version. */
const WAYS: { readonly [K in Way]: { readonly text: string; readonly newest: () => string } } = {
  homebrew: { text: "Homebrew", newest: () => "brew upgrade silo" },
  "install.sh": {
    text: "install.sh",
    newest: () => `curl -fsSL ${releasesAddress()}/latest/download/install.sh | sh`,
  },
  source: { text: "from source", newest: () => "git pull && npm ci && npm run build" },
  hand: { text: "manually", newest: () => `${releasesAddress()}/latest` },
};

/** `silo version`: prints the version, the build, and the newest known version, without a network request. */
export const version: Action<typeof JSON_OPTION> = async ({ options }) => {
  const { home, env } = readEnvironment();
  const { data, cache } = xdgDirectories(home, env);
  const [{ way, folder }, { silo }] = await Promise.all([installation(data), readCache(cache)]);
  if (options.json) {
    const newest = silo?.version ?? null;
    const data = {
      version: manifest.version,
      ...BUILD,
      installed: { by: way, in: folder },
      newest,
    };
    printStdout(JSON.stringify(data, undefined, 2));
    return 0;
  }
  const rows = [
    ["commit", BUILD.commit],
    ["built for", BUILD.target],
    ["installed", `${WAYS[way].text} (${displayPath(folder, home)})`],
    ["newest", newest(silo, env, way)],
  ] as const;
  const lines = rows.map(([name, value]) => `${name.padEnd(9)}  ${value}`);
  printStdout([`silo ${manifest.version}`, ...lines].join("\n"));
  return 0;
};

function newest(
  silo: Release | undefined,
  env: Readonly<Record<string, string | undefined>>,
  way: Way,
): string {
  if (silo?.version === undefined) {
    return env["SILO_NO_VERSION_CHECK"] === "1"
      ? "unknown, because SILO_NO_VERSION_CHECK is 1"
      : "unknown; a run checks in the background, at most once a day";
  }
  const known = silo.version;
  return isAtLeast(manifest.version, known) ? known : `${known}: ${WAYS[way].newest()}`;
}
