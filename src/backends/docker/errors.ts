import type { RunOutcome } from "../backend.ts";
import type { SiloError } from "../../errors.ts";
import type { ProgramMissing } from "../../sys/process/process.ts";
import { explain, missingProgram, type Rule } from "../engine/errors.ts";

/** Command that starts the engine. */
const START =
  process.platform === "linux"
    ? "sudo systemctl start docker"
    : "colima start   # or start Docker Desktop or OrbStack";

/** The runtime in an engine's message, quoted; empty if the message has none. */
function runtimeName(text: string): string {
  const name = /(?:runtime specified|runtime name:|OCI runtime) "?([\w./-]+?)"?[.:]?(?:\s|$)/.exec(
    text,
  )?.[1];
  return name === undefined ? "" : ` "${name}"`;
}

/** The program in an engine's message that it cannot execute. */
function programName(text: string): string {
  return /exec: "?([^\s":]+)"?: /.exec(text)?.[1] ?? "the tool's program";
}

/** Rules for the errors of the engines (Docker 20.10 to 28, podman 4); the first match counts. */
const RULES: readonly Rule[] = [
  {
    text: /unknown runtime specified|unknown or invalid runtime name|OCI runtime \S+ not found|executable found for OCI runtime/i,
    message: (text) => `runtime${runtimeName(text)} is not registered with the engine`,
    hint: 'remove "runtime" under backends.docker from silo.jsonc   # or register it with the engine',
  },
  {
    text: /seccomp is not enabled in your kernel/i,
    message: "the engine cannot filter system calls, because its kernel lacks seccomp",
    hint: "use an engine on a kernel with CONFIG_SECCOMP_FILTER",
  },
  {
    text: /(opening|loading) seccomp profile/i,
    message: "the engine cannot read silo's seccomp profile",
    hint: "rm ~/.cache/silo/seccomp-*.json   # silo writes it again; podman's engine must see the same path",
  },
  {
    text: /permission denied.*docker.*sock|dial unix .*permission denied/is,
    message: "permission denied on the Docker socket",
    hint: "sudo usermod -aG docker $USER   # then sign in again",
  },
  {
    text: /cannot connect to the docker daemon|is the docker daemon running|connection refused|error during connect|cannot connect to podman|no such host/i,
    message: "cannot connect to the Docker engine",
    hint: START,
  },
  {
    text: /no space left on device/i,
    message: "the Docker engine's disk is full",
    hint: "docker system prune",
  },
  {
    text: /cgroup/i,
    message: "the engine cannot set the limits of the container",
    hint: "remove memory, cpus and processes under backends.docker from silo.jsonc   # or delegate cgroups to the engine: https://rootlesscontaine.rs/getting-started/common/cgroup2/",
  },
  {
    text: /exec format error|does not match the (detected|specified) (host )?platform/i,
    message: "the image was built for another CPU architecture",
    hint: "silo <tool> --force-build",
  },
  {
    text: /bind source path does not exist|invalid mount config/i,
    message: "a host directory is not shared with the Docker VM",
    hint: "silo <tool> --dry-run   # shows the mounts; share their directories in the settings of the VM",
  },
  {
    text: /unknown flag|unknown shorthand/i,
    message: "the engine's command is too old; silo needs Docker 20.10 or podman 4",
    hint: "https://docs.docker.com/engine/install",
  },
  {
    text: /executable file not found|no such file or directory: unknown/i,
    message: (text) => `${programName(text)} not found in the image`,
    hint: "silo <tool> --force-build",
  },
];

/**
 * The error for a failed docker or podman command.
 * @param text its output.
 * @param what the step.
 * @param tool the tool of the run, if the command belongs to a run.
 */
export function engineError(text: string, what: string, tool?: string): SiloError {
  return explain(RULES, text, what, tool);
}

const INSTALL =
  "install Docker: `brew install docker colima && colima start`, or your distribution's docker package";

/** The error for a missing docker or podman command. */
export function missingCli(error: ProgramMissing): SiloError {
  return missingProgram(error.bin, INSTALL, error.detail);
}

/** Parses the engine's message about a failed start. @returns the outcome; undefined if the caller cannot fix the cause. */
export function recoverable(text: string): RunOutcome | undefined {
  if (/no such image|unable to find image|image not known|: image .* not found/i.test(text))
    return { kind: "no-image" };
  if (/conflict\. the container name|container name .* is already in use/i.test(text))
    return { kind: "name-taken" };
  const port =
    /bind for \S*?:(\d+) failed: port is already allocated/i.exec(text) ??
    /(?:listen|bind)[^\n]*?:(\d+)(?:\/\w+)?: bind: address already in use/i.exec(text) ??
    /address already in use[^\n]*?:(\d+)/i.exec(text);
  return port === null ? undefined : { kind: "port-taken", port: Number(port[1]) };
}
