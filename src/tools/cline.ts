import { claude } from "./claude.ts";
import { codex } from "./codex.ts";
import { npmInstall } from "./npm.ts";
import type { Tool } from "../core/tool.ts";

export const cline = {
  name: "cline",
  title: "Cline CLI",
  description: "Cline's coding agent for the terminal",
  binary: "cline",
  knownVersion: "3.0.65",
  version: { registry: "npm", package: "cline" },
  bundles: ["claude", "codex"],
  install: [
    ...claude.install,
    ...codex.install,
    npmInstall("cline", "CLINE_VERSION", "cline --version", ["cline", "protobufjs"]),
  ],
  mounts: { rw: ["~/.cline", "~/.claude.json", "~/.claude", "~/.codex"], ro: [] },
  hostPaths: [],
  env: () => ["CLINE_NO_AUTO_UPDATE=1"],
  // Hooks, plugins and MCP servers; `.clinerules/hooks` is the older directory of hooks. Its program is a Bun, which
  // runs the preloads of bunfig.toml and reads variables from the .env files.
  projectFiles: [
    ".cline",
    ".clinerules/hooks",
    "bunfig.toml",
    ".env",
    ".env.local",
    ".env.development",
    ".env.development.local",
    ".env.production",
    ".env.production.local",
    ".env.test",
    ".env.test.local",
  ],
  // Its Kanban server listens only on the guest's loopback.
  ports: [{ host: 3484, guest: 3485, forward: { listen: 3485, to: 3484 } }],
  // Auto-approve is Cline's default.
  command: (args) => ["cline", ...args],
} as const satisfies Tool;
