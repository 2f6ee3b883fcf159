import { TOOL_NAMES, type ToolName } from "../core/tool-names.ts";
import { SiloError } from "../errors.ts";
import { claude } from "./claude.ts";
import { cline } from "./cline.ts";
import { codex } from "./codex.ts";
import { copilot } from "./copilot.ts";
import { opencode } from "./opencode.ts";
import { paperclipai } from "./paperclipai.ts";
import type { Tool } from "../core/tool.ts";
import { vibe } from "./vibe.ts";

const BY_NAME: { readonly [K in ToolName]: Tool & { readonly name: K } } = {
  claude,
  cline,
  codex,
  opencode,
  paperclipai,
  copilot,
  vibe,
};

/** Every tool, in the order of help and pickers. */
export const TOOLS = TOOL_NAMES.map((name) => BY_NAME[name]);

/** Project files that a tool, or one that it bundles, runs or loads; relative to the working directory. */
export function projectFilesOf(tool: Tool): readonly string[] {
  const all: readonly Tool[] = TOOLS;
  const carried = all.filter(({ name }) => tool.bundles.includes(name));
  return [...new Set([tool, ...carried].flatMap(({ projectFiles }) => projectFiles))];
}

/** The tool of that name. @throws SiloError if there is none. */
export function toolByName(name: string): Tool {
  const tool = TOOLS.find((known) => known.name === name);
  if (tool === undefined) {
    throw new SiloError(`unknown tool "${name}"`, { hint: `tools: ${TOOL_NAMES.join(", ")}` });
  }
  return tool;
}
