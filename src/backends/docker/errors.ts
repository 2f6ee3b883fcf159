import type { RunOutcome } from "../backend.ts";
import type { SiloError } from "../../errors.ts";
import type { ProgramMissing } from "../../sys/process/process.ts";
import { explain, missingProgram, type Rule } from "../engine/errors.ts";

/** Where there is a backend that needs no engine. */
const WITHOUT = process.platform === "linux" ? "; without any: silo --backend bwrap ..." : "";

/** The engine's own words (Docker 20.10 to 28, podman 4) and what mends them; the first that fits counts. */
const RULES: readonly Rule[] = [
  {
    text: /unknown runtime specified|unknown or invalid runtime name|OCI runtime \S+ not found|executable found for OCI runtime/i,
    message: "the engine does not have the runtime of backends.docker.runtime",
    hint: 'install the runtime and register it with the engine, or remove "runtime" from silo.jsonc',
  },
  {
    text: /seccomp is not enabled in your kernel/i,
    message: "the engine cannot filter system calls, because its kernel lacks seccomp",
    hint: "use an engine on a kernel with CONFIG_SECCOMP_FILTER",
  },
  {
    text: /(opening|loading) seccomp profile/i,
    message: "the engine cannot read silo's seccomp profile",
    hint: "rm ~/.cache/silo/seccomp-*.json   # silo writes it again; podman reads it where its engine runs",
  },
  {
    text: /permission denied.*docker.*sock|dial unix .*permission denied/is,
    message: "this user may not use the Docker engine",
    hint: "sudo usermod -aG docker $USER   # then sign in again",
  },
  {
    text: /cannot connect to the docker daemon|is the docker daemon running|connection refused|error during connect|cannot connect to podman|no such host/i,
    message: "the Docker engine does not answer",
    hint: `sudo systemctl start docker   # or start Docker Desktop, OrbStack or \`colima start\`${WITHOUT}`,
  },
  {
    text: /no space left on device/i,
    message: "the Docker engine's disk is full",
    hint: "docker system prune",
  },
  {
    text: /cgroup/i,
    message: "the engine cannot set the limits of the container",
    hint: "leave out memory, cpus and processes under backends.docker in silo.jsonc, or delegate control groups to the engine: https://rootlesscontaine.rs/getting-started/common/cgroup2/",
  },
  {
    text: /exec format error|does not match the (detected|specified) (host )?platform/i,
    message: "the image was built for another processor",
    hint: "silo <tool> --force-build",
  },
  {
    text: /bind source path does not exist|invalid mount config/i,
    message: "the engine does not see a directory of this machine",
    hint: "share it with the engine's virtual machine, or check the mounts with `silo <tool> --dry-run`",
  },
  {
    text: /unknown flag|unknown shorthand/i,
    message: "this docker command is too old for silo",
    hint: "install Docker 20.10 or newer",
  },
  {
    text: /executable file not found|no such file or directory: unknown/i,
    message: "the image does not hold the tool's program",
    hint: "silo <tool> --force-build",
  },
];

/** What an engine's failure means to the user. */
export function engineError(text: string, what: string): SiloError {
  return explain(RULES, text, what);
}

const INSTALL =
  "install Docker: `brew install docker colima && colima start`, or your distribution's docker package";

/** The error for a docker or podman command that is not installed. */
export function missingCli(error: ProgramMissing): SiloError {
  return missingProgram(error.bin, INSTALL, error.detail);
}

/** What the engine says when it could not start a container: an outcome that silo mends, or nothing. */
export function mendable(text: string): RunOutcome | undefined {
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
