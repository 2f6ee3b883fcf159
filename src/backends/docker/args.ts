import { enterCommand } from "../../core/guest/enter.ts";
import { dialectOf } from "./dialect.ts";
import { cacheArgs, csvField } from "./caches.ts";
import { limitArgs, limitedCommand } from "./limits.ts";
import type { DockerSettings } from "./settings.ts";
import type { Mount, Port, RunPlan, Session } from "../../core/types.ts";

/** Needs a terminal that can be closed. A tool that shares a directory with no other ends with its silo, which holds the lock. */
export function survivesHangup(plan: RunPlan, settings: DockerSettings): boolean {
  return plan.tty && plan.exclusive === undefined && (plan.keep || settings.keep);
}

/** No keyboard types these two in a row by accident; the default would swallow Ctrl-P. */
const DETACH_KEYS = "ctrl-^,ctrl-],ctrl-^,ctrl-]";

/**
 * Variables that steer the engine's command, or a script or helper that it starts, so that they cannot reach it as its
 * own environment: `STORAGE_OPTS` names a program that podman runs, `BASH_ENV` one that a wrapper script does.
 */
const STEERING = new RegExp(
  `^(${[
    "PATH|HOME|TMPDIR|PWD|ENV|IFS|SHELLOPTS|BASHOPTS|PS4|XDG_.*|LD_.*|DYLD_.*|GO[A-Z]+|GCONV_PATH|GLIBC_TUNABLES|LOCPATH",
    "DOCKER_.*|BUILDKIT_.*|BUILDX_.*|COMPOSE_.*|OTEL_.*",
    "PODMAN_.*|STORAGE_.*|REGISTRY_AUTH_FILE|_?CONTAINERS?_.*|_PODMAN_.*|NOTIFY_SOCKET|LISTEN_.*|DBUS_.*",
    "BASH_.*|PERL5.*|PYTHON.*|RUBY.*|NODE_OPTIONS|NODE_PATH|BUN_.*|SSL_CERT_.*|SSH_.*|.*_proxy|.*_PROXY",
  ].join("|")})$`,
);

/** Whether a variable must not stand in the CLI's own environment. */
export function steersCli(name: string): boolean {
  return STEERING.test(name);
}

export function mountArg({ source, target, mode }: Mount): string {
  const fields = [
    "type=bind",
    `source=${source}`,
    `target=${target}`,
    ...(mode === "ro" ? ["readonly"] : []),
  ];
  return fields.map(csvField).join(",");
}

export function portArg({ hostIp, host, guest, protocol }: Port): string {
  const address = hostIp.includes(":") ? `[${hostIp}]` : hostIp;
  return `${address}:${host}:${guest}/${protocol}`;
}

/** The labels by which silo finds its own containers again. */
export function labels(plan: RunPlan, session: Session): readonly string[] {
  return [
    "silo.managed=1",
    `silo.tool=${plan.tool}`,
    `silo.project=${plan.project}`,
    `silo.session=${session.id}`,
  ];
}

/**
 * `docker run …` for a plan (Docker CLI 20.10 to 28, podman 4).
 * @param envFile holds the variables that steer the CLI; only they are not passed by `-e NAME`.
 */
export function runArgs(
  plan: RunPlan,
  session: Session,
  settings: DockerSettings,
  envFile: string | undefined,
): readonly string[] {
  const { user } = plan;
  const socket = settings.socket;
  return [
    "run",
    "--rm",
    "--pull=never",
    "--init",
    "--interactive",
    ...(plan.tty ? ["--tty"] : []),
    // A terminal that is closed says so to the CLI as well, which would hand it on.
    ...(survivesHangup(plan, settings) ? ["--sig-proxy=false"] : []),
    `--detach-keys=${DETACH_KEYS}`,
    `--name=${session.name}`,
    `--hostname=${session.name}`,
    ...labels(plan, session).flatMap((label) => ["--label", label]),
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
    `--security-opt=seccomp=${settings.seccomp}`,
    ...(settings.runtime === undefined ? [] : [`--runtime=${settings.runtime}`]),
    ...limitArgs(settings),
    "--ipc=private",
    ...(user.uid === 0 ? [] : dialectOf(settings).userns),
    `--user=${user.uid}:${user.gid}`,
    `--workdir=${plan.workdir}`,
    ...plan.mounts.flatMap((mount) => ["--mount", mountArg(mount)]),
    ...cacheArgs(plan, settings),
    ...(socket === undefined
      ? []
      : [
          "--mount",
          `type=bind,${csvField(`source=${socket.path}`)},target=/var/run/docker.sock`,
          `--group-add=${socket.gid}`,
        ]),
    ...plan.ports.flatMap((port) => ["--publish", portArg(port)]),
    ...plan.env.filter(({ name }) => !steersCli(name)).flatMap(({ name }) => ["--env", name]),
    ...(envFile === undefined ? [] : ["--env-file", envFile]),
    plan.image.tag,
    ...enterCommand(plan, limitedCommand(plan.argv, settings)),
  ];
}

/** Whether a session's container was started, as the engine remembers it: its id, or nothing. @param until in ms since 1970. */
export const startsOf = (session: string, until: number): readonly string[] => [
  "events",
  "--since=0",
  `--until=${(until / 1000).toFixed(3)}`,
  "--filter",
  "event=start",
  "--filter",
  `label=silo.session=${session}`,
  "--format",
  "{{.ID}}",
];

/** `docker attach …` to one that was left running. */
export function attachArgs(name: string): readonly string[] {
  return ["attach", "--sig-proxy=false", `--detach-keys=${DETACH_KEYS}`, name];
}

/** `docker exec …` in a running container, as its own user and in its own directory. */
export function execArgs(name: string, argv: readonly string[], tty: boolean): readonly string[] {
  return [
    "exec",
    "--interactive",
    ...(tty ? ["--tty"] : []),
    `--detach-keys=${DETACH_KEYS}`,
    name,
    ...argv,
  ];
}

/** `docker build` of a Dockerfile on standard input, without any context: nothing of the project can get in. */
export function buildArgs(
  tag: string,
  args: Readonly<Record<string, string>>,
  options: { readonly fresh: boolean; readonly buildkit: boolean },
): readonly string[] {
  return [
    "build",
    // The legacy builder works in containers, and leaves that of a step that failed.
    options.buildkit ? "--progress=plain" : "--force-rm",
    ...(options.fresh ? ["--no-cache"] : []),
    ...Object.entries(args).flatMap(([name, value]) => ["--build-arg", `${name}=${value}`]),
    "--label",
    "silo.managed=1",
    "--label",
    `silo.tool=${tag.replace(/^silo-/, "").replace(/:.*$/, "")}`,
    "--tag",
    tag,
    "-",
  ];
}
