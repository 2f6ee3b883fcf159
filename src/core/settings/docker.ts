import type { Settings } from "./setting.ts";
import { SIZE } from "./size.ts";

export const DOCKER_SETTINGS = {
  command: {
    type: "command",
    about: "Command of the engine: docker or podman.",
    default: "docker",
    warning: "runs this program on the host",
  },
  socket: {
    type: "boolean",
    about: "Mount the engine's socket. The tool is then effectively root on the Docker host.",
    default: false,
    free: false,
    warning: "effectively root on the Docker host",
  },
  keep: {
    type: "boolean",
    about: "Keep the tool running when its terminal closes; reattach with `silo reconnect`.",
    default: false,
  },
  runtime: {
    type: "name",
    about: "Container runtime, such as kata or runsc; the engine's default if not set.",
  },
  ...SIZE,
  memory: {
    type: "memory or none",
    about: "Memory limit, such as 4g, or none; three quarters of the machine's memory if not set.",
  },
  processes: {
    type: "count",
    about: "Limit of processes and threads.",
    // Enough for a build with many jobs, too few to take the machine down.
    default: 4096,
  },
  log: {
    type: "boolean",
    about: "Keep the output in the engine's log, for `docker logs`.",
    default: false,
  },
  core_dumps: {
    type: "boolean",
    about: "Allow core dumps.",
    default: false,
  },
} as const satisfies Settings;
