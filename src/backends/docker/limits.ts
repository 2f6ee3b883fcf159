import { memoryHere } from "../../sys/host/hardware.ts";
import type { DockerSettings } from "./settings.ts";
import { dialectOf } from "./dialect.ts";

/** OOM score of the container, so that the kernel kills its processes before the user's own; the maximum is 1000 (proc(5)). */
const OOM_SCORE = 500;

/** Default memory limit: three quarters of the machine's memory, so that the rest of the system keeps running. */
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
    // The log would contain all terminal output, without a size limit.
    ...(log ? [] : ["--log-driver=none"]),
    ...(coreDumps || !dialectOf(settings).ulimits ? [] : ["--ulimit=core=0:0"]),
  ];
}

/** The guest's command. It turns off core dumps itself if the engine cannot, because they would be written to the project. */
export function limitedCommand(
  argv: readonly string[],
  settings: DockerSettings,
): readonly string[] {
  if (settings.coreDumps || dialectOf(settings).ulimits) return argv;
  return ["/bin/sh", "-c", 'ulimit -c 0; exec "$0" "$@"', ...argv];
}

/** Whether the engine refused a start because it cannot set limits, for example without delegated cgroups. */
export function refusesLimits(said: string): boolean {
  return /cgroup/i.test(said);
}
