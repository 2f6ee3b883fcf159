import { RUNTIME, TOOLS } from "./args.ts";

/** What every program in there finds in its environment. */
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
 * What stands in for node and npm where the host has none: silo's own runtime, which is a whole Bun. Unlike node, Bun
 * runs what `bunfig.toml` of the working directory preloads and sets the variables of `.env`, so both are turned off:
 * a project must decide neither for a tool.
 */
export const SHIMS: Readonly<Record<string, string>> = {
  node: `#!/bin/sh
export BUN_BE_BUN=1
exec ${RUNTIME} --config=/dev/null --no-env-file --preload ${TOOLS}/bin/silo-preload.js "$@"
`,
  // What a tool starts may be a compiled Bun program itself, which would become a bare Bun by it.
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
# The scripts of packages run later, where no sign-in can be read.
exec ${RUNTIME} add --global --exact --ignore-scripts "\${packages[@]}"
`,
};
