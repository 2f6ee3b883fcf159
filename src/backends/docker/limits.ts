import { memoryHere } from "../../sys/host/hardware.ts";
import type { DockerSettings } from "./settings.ts";
import { dialectOf } from "./dialect.ts";

/** The kernel ends what runs inside before the user's own programs; 1000 is the most (proc(5)). */
const OOM_SCORE = 500;

/** Three quarters of the machine's memory: a tool that takes it all is ended, and not the desktop. */
export function defaultMemory(): string {
  return `${Math.floor((memoryHere() * 0.75) / 2 ** 20)}m`;
}

/** The limits of `docker run` (Docker 20.10, podman 4.3). */
export function limitArgs(settings: DockerSettings): readonly string[] {
  const { cpus, memory, processes, log, coreDumps } = settings;
  return [
    `--pids-limit=${processes}`,
    ...(cpus === undefined ? [] : [`--cpus=${cpus}`]),
    ...(memory === undefined || memory === "none" ? [] : [`--memory=${memory}`]),
    `--oom-score-adj=${OOM_SCORE}`,
    // The log would hold all that the terminal showed, without a limit.
    ...(log ? [] : ["--log-driver=none"]),
    ...(coreDumps || !dialectOf(settings).ulimits ? [] : ["--ulimit=core=0:0"]),
  ];
}

/** The guest's command where the engine cannot set the limit of core dumps, which would lie in the project. */
export function limitedCommand(
  argv: readonly string[],
  settings: DockerSettings,
): readonly string[] {
  if (settings.coreDumps || dialectOf(settings).ulimits) return argv;
  return ["/bin/sh", "-c", 'ulimit -c 0; exec "$0" "$@"', ...argv];
}

/** Whether an engine refused a start because it cannot set limits: control groups that are not delegated to it. */
export function refusesLimits(said: string): boolean {
  return /cgroup/i.test(said);
}
