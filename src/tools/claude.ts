import { npmInstall } from "./npm.ts";
import type { Tool } from "../core/tool.ts";

const MCP_CONFIG = "~/.claude/mcp.json";

export const claude = {
  name: "claude",
  title: "Claude Code",
  description: "Anthropic's coding agent",
  binary: "claude",
  knownVersion: "2.1.330",
  version: { registry: "npm", package: "@anthropic-ai/claude-code" },
  bundles: [],
  install: [
    // Without its install script the package is a stub that only prints an error.
    npmInstall("@anthropic-ai/claude-code", "CLAUDE_VERSION", "claude --version", [
      "@anthropic-ai/claude-code",
    ]),
  ],
  mounts: { rw: ["~/.claude.json", "~/.claude"], ro: [] },
  hostPaths: [MCP_CONFIG],
  env: ({ uid }) => [
    // Trusts the folder, because the sandbox protects the host.
    "CLAUDE_CODE_SANDBOXED=1",
    "DISABLE_AUTOUPDATER=1",
    // Without it claude refuses to skip permissions as root.
    ...(uid === 0 ? ["IS_SANDBOX=1"] : []),
  ],
  // Hooks, helpers, plugins, variables, MCP servers and scheduled prompts; CLAUDE_CODE_SANDBOXED turns off claude's own
  // prompt for them.
  projectFiles: [
    ".claude/settings.json",
    ".claude/settings.local.json",
    ".claude/hooks",
    ".claude/scheduled_tasks.json",
    ".mcp.json",
  ],
  ports: [],
  command: (args, { home, exists }) => {
    const mcp = `${home}/${MCP_CONFIG.slice(2)}`;
    return [
      "claude",
      "--dangerously-skip-permissions",
      "--settings",
      '{"skipDangerousModePermissionPrompt":true}',
      // Only if it exists, because claude fails if it is missing.
      ...(exists(mcp) ? [`--mcp-config=${mcp}`] : []),
      ...args,
    ];
  },
} as const satisfies Tool;
