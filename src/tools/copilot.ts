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
      // Exactly `true`; it also skips the question whether the folder is trusted.
      "COPILOT_ALLOW_ALL=true",
      "COPILOT_AUTO_UPDATE=false",
      `COPILOT_HOME=${!exists(today) && exists(older) ? older : today}`,
    ];
  },
  // Hooks, MCP and language servers, plugins, extensions; it reads claude's settings for hooks too.
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
