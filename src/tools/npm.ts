import type { InstallStep } from "../core/tool.ts";

/**
 * Installs one npm package at exactly the version of a build argument, as the user.
 * @param scripts packages whose install scripts may run: npm 12 blocks all others, silently.
 * @param check a command that proves the binary; a package can be installed and still be an empty stub.
 */
export function npmInstall(
  packageName: string,
  version: string,
  check: string,
  scripts: readonly string[] = [],
): InstallStep {
  const allow = scripts.length === 0 ? "" : `--allow-scripts=${scripts.join(",")} `;
  const lines = [
    `command -v npm >/dev/null || { echo 'silo: ${packageName} needs npm: add "node" to image.toolchains' >&2; exit 1; }`,
    `npm install --global ${allow}"${packageName}@$${version}"`,
    "npm cache clean --force >/dev/null 2>&1",
    check,
  ];
  return { as: "user", run: lines.join(" \\\n && ") };
}
