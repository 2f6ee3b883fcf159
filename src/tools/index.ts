export type ToolName =
  | "claude"
  | "cline"
  | "codex"
  | "opencode"
  | "paperclipai"
  | "copilot"
  | "vibe";
