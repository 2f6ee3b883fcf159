import { npmInstall } from "./npm.ts";
import type { Tool } from "../core/tool.ts";

const AUTH = "~/.codex/auth.json";

export const codex = {
  name: "codex",
  title: "Codex CLI",
  description: "OpenAI's coding agent",
  binary: "codex",
  knownVersion: "0.169.0",
  version: { registry: "npm", package: "@openai/codex" },
  bundles: [],
  install: [
    // In /tmp, because even `--version` creates a directory about which the next start would warn.
    npmInstall(
      "@openai/codex",
      "CODEX_VERSION",
      "CODEX_HOME=/tmp/codex codex --version && rm -rf /tmp/codex",
    ),
  ],
  mounts: { rw: ["~/.codex"], ro: [] },
  hostPaths: [AUTH],
  env: () => ["OPENAI_API_KEY"],
  // config.toml, hooks.json, rules: MCP servers, hooks, model providers.
  projectFiles: [".codex"],
  ports: [],
  command: (args) => [
    "codex",
    "--dangerously-bypass-approvals-and-sandbox",
    "-c",
    "check_for_update_on_startup=false",
    ...args,
  ],
  tips: ({ home, exists }) =>
    exists(`${home}/${AUTH.slice(2)}`)
      ? []
      : [
          {
            id: "codex-sign-in",
            text:
              "Codex is not signed in yet (there is no ~/.codex/auth.json), and OPENAI_API_KEY alone does not do it. " +
              'Choose "Sign in with Device Code" on its first screen, or run once on this machine: ' +
              "printenv OPENAI_API_KEY | silo codex -- login --with-api-key",
          },
        ],
} as const satisfies Tool;
