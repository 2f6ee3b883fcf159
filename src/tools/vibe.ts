import type { Tool } from "../core/tool.ts";

export const vibe = {
  name: "vibe",
  title: "Mistral Vibe",
  description: "Mistral's coding agent",
  binary: "vibe",
  knownVersion: "2.18.4",
  version: { registry: "pypi", package: "mistral-vibe" },
  bundles: [],
  install: [
    {
      as: "root",
      run: [
        "python3 -c 'import ensurepip, venv' 2>/dev/null",
        " || { apt-get update && apt-get install -y --no-install-recommends python3-venv && rm -rf /var/lib/apt/lists/*; }",
      ].join(" \\\n"),
    },
    {
      as: "user",
      run: [
        `python3 -c 'import sys; sys.exit(sys.version_info < (3, 12) and "silo: vibe needs Python 3.12 or newer in image.base")'`,
        'python3 -m venv "$SILO_TOOLS/vibe"',
        '"$SILO_TOOLS/vibe/bin/pip" install --no-cache-dir "mistral-vibe==$VIBE_VERSION"',
        'ln -s ../vibe/bin/vibe "$SILO_TOOLS/bin/vibe"',
        "vibe --version",
      ].join(" \\\n && "),
    },
  ],
  mounts: { rw: ["~/.vibe"], ro: [] },
  hostPaths: [],
  env: () => ["MISTRAL_API_KEY", "VIBE_ENABLE_UPDATE_CHECKS=false"],
  // config.toml, hooks, tools: MCP servers, hooks, providers, imported Python code.
  projectFiles: [".vibe"],
  ports: [],
  command: (args) => ["vibe", "--auto-approve", "--trust", ...args],
} as const satisfies Tool;
