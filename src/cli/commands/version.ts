import manifest from "../../../package.json" with { type: "json" };
import { isAtLeast } from "../../core/text/version.ts";
import { displayPath, xdgDirectories } from "../../core/paths.ts";
import { installation, type Way } from "../../sys/self/installation.ts";
import { readEnvironment } from "../../sys/host/environment.ts";
import { releasesAddress } from "../../sys/self/release.ts";
import { readCache } from "../../sys/self/versions.ts";
import type { Release } from "../../tools/versions.ts";
import { print } from "../../ui/print.ts";
import type { Action } from "../grammar/command.ts";
import type { JSON_OPTION } from "../grammar/options.ts";

/** What scripts/compile.ts writes into the binary. */
declare const SILO_BUILD: { readonly commit: string; readonly target: string } | undefined;

const BUILD =
  typeof SILO_BUILD === "undefined" ? { commit: "unknown", target: "none" } : SILO_BUILD;

/** How silo came onto a machine: how to say it, and what brings the newest version there. */
const WAYS: { readonly [K in Way]: { readonly told: string; readonly newest: () => string } } = {
  homebrew: { told: "by Homebrew, below", newest: () => "brew upgrade silo" },
  "install.sh": {
    told: "by install.sh, in",
    newest: () => `curl -fsSL ${releasesAddress()}/latest/download/install.sh | sh`,
  },
  source: { told: "from source, in", newest: () => "git pull && npm ci && npm run build" },
  hand: { told: "by hand, in", newest: () => `${releasesAddress()}/latest` },
};

/** `silo version`: what is known without asking anybody. */
export const version: Action<typeof JSON_OPTION> = async ({ options }) => {
  const { home, env } = readEnvironment();
  const { data, cache } = xdgDirectories(home, env);
  const [{ way, folder }, { silo }] = await Promise.all([installation(data), readCache(cache)]);
  if (options.json) {
    const newest = silo?.version ?? null;
    const told = {
      version: manifest.version,
      ...BUILD,
      installed: { by: way, in: folder },
      newest,
    };
    print(JSON.stringify(told, undefined, 2));
    return 0;
  }
  const rows = [
    ["commit", BUILD.commit],
    ["built for", BUILD.target],
    ["installed", `${WAYS[way].told} ${displayPath(folder, home)}`],
    ["newest", newest(silo, env, way)],
  ] as const;
  const lines = rows.map(([name, told]) => `${name.padEnd(9)}  ${told}`);
  print([`silo ${manifest.version}`, ...lines].join("\n"));
  return 0;
};

function newest(
  silo: Release | undefined,
  env: Readonly<Record<string, string | undefined>>,
  way: Way,
): string {
  if (silo?.version === undefined) {
    return env["SILO_NO_VERSION_CHECK"] === "1"
      ? "not asked for: SILO_NO_VERSION_CHECK is 1"
      : "not known yet; a run asks in the background, at most once a day";
  }
  const known = silo.version;
  return isAtLeast(manifest.version, known) ? known : `${known}: ${WAYS[way].newest()}`;
}
