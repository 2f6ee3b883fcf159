import { npmInstall } from "./npm.ts";
import type { Tool } from "../core/tool.ts";

export const copilot = {
  name: "copilot",
  title: "GitHub Copilot CLI",
  description: "GitHub's coding agent",
  binary: "copilot",
  knownVersion: "1.0.102",
  version: { registry: "npm", package: "@github/copilot" },
  bundles: [],
  install: [
    npmInstall(
      "@github/copilot",
      "COPILOT_VERSION",
      "copilot --version && rm -rf ~/.cache/copilot",
    ),
  ],
  mounts: { rw: ["~/.copilot", "$XDG_CONFIG_HOME/.copilot"], ro: ["~/.claude"] },
  hostPaths: ["~/.copilot", "$XDG_CONFIG_HOME/.copilot"],
  env: ({ home, xdg, exists }) => {
    const [today, older] = [`${home}/.copilot`, `${xdg.config}/.copilot`];
    return [
      "COPILOT_GITHUB_TOKEN",
      // Must be exactly `true`; also skips the prompt to trust the folder.
      "COPILOT_ALLOW_ALL=true",
      "COPILOT_AUTO_UPDATE=false",
      `COPILOT_HOME=${!exists(today) && exists(older) ? older : today}`,
    ];
  },
  // Hooks, MCP and language servers, plugins, extensions; it also reads hooks from claude's settings.
  projectFiles: [
    ".github/hooks",
    ".github/copilot",
    ".github/extensions",
    ".github/lsp.json",
    ".github/mcp.json",
    ".mcp.json",
    ".vscode/mcp.json",
    ".claude/settings.json",
    ".claude/settings.local.json",
  ],
  ports: [],
  command: (args) => ["copilot", ...args],
} as const satisfies Tool;
