import { npmInstall } from "./npm.ts";
import type { Tool } from "../core/tool.ts";

/** Permissions that allow everything, for all subcommands, unlike `--auto`; the last matching rule wins. */
const ALLOW_ALL = '{"*":"allow","external_directory":"allow","doom_loop":"allow"}';

export const opencode = {
  name: "opencode",
  title: "OpenCode",
  description: "The open-source coding agent",
  binary: "opencode",
  knownVersion: "1.18.33",
  version: { registry: "npm", package: "opencode-ai" },
  bundles: [],
  install: [npmInstall("opencode-ai", "OPENCODE_VERSION", "opencode --version", ["opencode-ai"])],
  mounts: {
    rw: ["$XDG_CONFIG_HOME/opencode", "$XDG_DATA_HOME/opencode", "$XDG_STATE_HOME/opencode"],
    ro: ["~/.claude"],
  },
  hostPaths: [],
  env: () => [
    "OPENCODE_DISABLE_DEFAULT_PLUGINS=1",
    "OPENCODE_DISABLE_AUTOUPDATE=1",
    `OPENCODE_PERMISSION=${ALLOW_ALL}`,
    // Mounts have the same paths as on the host, so it must look there.
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_STATE_HOME",
  ],
  // MCP servers, plugins, formatters, language servers, providers; plugins and tools in .opencode are imported. The
  // settings of its TUI can name plugins too.
  projectFiles: ["opencode.json", "opencode.jsonc", "tui.json", "tui.jsonc", ".opencode"],
  ports: [],
  command: (args) => ["opencode", ...args],
} as const satisfies Tool;
