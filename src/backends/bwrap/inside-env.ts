import { RUNTIME, TOOLS } from "./args.ts";

/** Base environment of every program in the sandbox. */
export function baseEnv(home: string, user: string): Readonly<Record<string, string>> {
  return {
    HOME: home,
    USER: user,
    LOGNAME: user,
    SHELL: "/bin/bash",
    LANG: "C.UTF-8",
    SILO_TOOLS: TOOLS,
    NPM_CONFIG_PREFIX: TOOLS,
    PATH: `${home}/.local/bin:${TOOLS}/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin`,
    SILO_SHARED_NETWORK: "1",
  };
}

/**
 * Scripts that replace node and npm with silo's own runtime, a complete Bun, if the host has no recent node. Unlike
 * node, Bun runs the preloads of `bunfig.toml` in the working directory and loads `.env`. Both are turned off, because a
 * project must not control the runtime of a tool.
 */
export const SHIMS: Readonly<Record<string, string>> = {
  node: `#!/bin/sh
export BUN_BE_BUN=1
exec ${RUNTIME} --config=/dev/null --no-env-file --preload ${TOOLS}/bin/silo-preload.js "$@"
`,
  // Unset, because a tool may start compiled Bun programs, which BUN_BE_BUN would turn into a plain Bun.
  "silo-preload.js": "delete process.env.BUN_BE_BUN;\n",
  npm: `#!/bin/bash
export BUN_BE_BUN=1 BUN_INSTALL=${TOOLS} BUN_INSTALL_CACHE_DIR=/tmp/bun-cache
[ "$1" = install ] || exit 0
packages=()
for word in "\${@:2}"; do
  case "$word" in
    -*) ;;
    *) packages+=("$word");;
  esac
done
# Install scripts run in a later step, which has no credentials.
exec ${RUNTIME} add --global --exact --ignore-scripts "\${packages[@]}"
`,
};
