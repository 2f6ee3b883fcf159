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
    // Without its install script the package is a stub that only complains.
    npmInstall("@anthropic-ai/claude-code", "CLAUDE_VERSION", "claude --version", [
      "@anthropic-ai/claude-code",
    ]),
  ],
  mounts: { rw: ["~/.claude.json", "~/.claude"], ro: [] },
  hostPaths: [MCP_CONFIG],
  env: ({ uid }) => [
    // Trusts the folder: the isolation is what protects the host.
    "CLAUDE_CODE_SANDBOXED=1",
    "DISABLE_AUTOUPDATER=1",
    // Lifts claude's refusal to skip permissions as root.
    ...(uid === 0 ? ["IS_SANDBOX=1"] : []),
  ],
  // Hooks, helpers, plugins, variables, MCP servers and prompts that run by the clock; CLAUDE_CODE_SANDBOXED drops
  // claude's own question for them.
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
      // A file that is missing would be fatal.
      ...(exists(mcp) ? [`--mcp-config=${mcp}`] : []),
      ...args,
    ];
  },
} as const satisfies Tool;
