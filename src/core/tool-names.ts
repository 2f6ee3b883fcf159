/** The names of the tools, in the order of help and pickers. `tools/index.ts` must have a tool for each. */
export const TOOL_NAMES = [
  "claude",
  "cline",
  "codex",
  "opencode",
  "paperclipai",
  "copilot",
  "vibe",
] as const;

export type ToolName = (typeof TOOL_NAMES)[number];
