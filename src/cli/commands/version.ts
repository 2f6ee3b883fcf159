import manifest from "../../../package.json" with { type: "json" };
import { ageText } from "../../core/age.ts";
import { atLeast } from "../../core/finding.ts";
import { homely, xdgDirectories } from "../../core/paths.ts";
import { installation, type Way } from "../../sys/installation.ts";
import { place } from "../../sys/place.ts";
import { releasesAddress } from "../../sys/release.ts";
import { readCache } from "../../sys/versions.ts";
import type { Release } from "../../tools/versions.ts";
import { print } from "../../ui/print.ts";
import type { Action } from "../command.ts";

/** What scripts/compile.ts writes into the binary. */
declare const SILO_BUILD: { readonly commit: string; readonly target: string } | undefined;

const BUILD =
  typeof SILO_BUILD === "undefined" ? { commit: "unknown", target: "none" } : SILO_BUILD;

/** What gets the newest version onto a machine, by how silo came there. */
const UPGRADES: { readonly [K in Way]: () => string } = {
  homebrew: () => "brew upgrade silo",
  "install.sh": () => `curl -fsSL ${releasesAddress()}/latest/download/install.sh | sh`,
  source: () => "git pull && npm ci && npm run build",
  hand: () => `${releasesAddress()}/latest`,
};

/** `silo version`: what is known without asking anybody. */
export const version: Action = async ({ flags }) => {
  const { home, env } = place();
  const { data, cache } = xdgDirectories(home, env);
  const [{ way, folder }, { silo }] = await Promise.all([installation(data), readCache(cache)]);
  if (flags["json"] === true) {
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
    ["installed", `${WAYS[way]} ${homely(folder, home)}`],
    ["newest", newest(silo, env, way)],
  ] as const;
  const lines = rows.map(([name, told]) => `${name.padEnd(9)}  ${told}`);
  print([`silo ${manifest.version}`, ...lines].join("\n"));
  return 0;
};

const WAYS: { readonly [K in Way]: string } = {
  homebrew: "by Homebrew, below",
  "install.sh": "by install.sh, in",
  source: "from source, in",
  hand: "by hand, in",
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
  const known = `${silo.version}, as of ${ageText(new Date(silo.asked).toISOString(), Date.now())}`;
  return atLeast(manifest.version, silo.version) ? known : `${known}: ${UPGRADES[way]()}`;
}
