import { enterCommand } from "../../core/guest/enter.ts";
import { dialectOf } from "./dialect.ts";
import { cacheArgs, csvField } from "./caches.ts";
import { limitArgs, limitedCommand } from "./limits.ts";
import type { DockerSettings } from "./settings.ts";
import { imageLabels, label, labelArgs, runLabels } from "../engine/labels.ts";
import { publishArg } from "../engine/publish.ts";
import { steersCli } from "../engine/steering.ts";
import type { ImagePlan, Mount, RunPlan, Session } from "../../core/types.ts";

/** Whether the tool keeps running when its terminal hangs up. A tool with an exclusive directory does not, because its lock belongs to this silo process. */
export function survivesHangup(plan: RunPlan, settings: DockerSettings): boolean {
  return plan.tty && plan.exclusive === undefined && (plan.keep || settings.keep);
}

/** Detach keys that are hard to type by accident; with docker's default the tool would not get Ctrl-P. */
const DETACH_KEYS = "ctrl-^,ctrl-],ctrl-^,ctrl-]";

export function mountArg({ source, target, mode }: Mount): string {
  const fields = [
    "type=bind",
    `source=${source}`,
    `target=${target}`,
    ...(mode === "ro" ? ["readonly"] : []),
  ];
  return fields.map(csvField).join(",");
}

/**
 * `docker run …` for a plan (Docker CLI 20.10 to 28, podman 4).
 * @param envFile path of the file with the variables that steer the CLI; all others are passed by `--env NAME`.
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
    // The CLI also gets SIGHUP when the terminal closes, and would forward it.
    ...(survivesHangup(plan, settings) ? ["--sig-proxy=false"] : []),
    `--detach-keys=${DETACH_KEYS}`,
    `--name=${session.name}`,
    `--hostname=${session.name}`,
    ...labelArgs(runLabels(plan, session)),
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
    ...plan.ports.flatMap((port) => ["--publish", publishArg(port)]),
    ...plan.env.filter(({ name }) => !steersCli(name)).flatMap(({ name }) => ["--env", name]),
    ...(envFile === undefined ? [] : ["--env-file", envFile]),
    plan.image.tag,
    ...enterCommand(plan, limitedCommand(plan.argv, settings)),
  ];
}

/** `docker events …`, which prints an id if a session's container was ever started. @param until in ms since 1970. */
export const startsOf = (session: string, until: number): readonly string[] => [
  "events",
  "--since=0",
  `--until=${(until / 1000).toFixed(3)}`,
  "--filter",
  "event=start",
  "--filter",
  `label=${label("session", session)}`,
  "--format",
  "{{.ID}}",
];

/** `docker attach …` to a detached container. */
export function attachArgs(name: string): readonly string[] {
  return ["attach", "--sig-proxy=false", `--detach-keys=${DETACH_KEYS}`, name];
}

/** `docker exec …` in a running container, with the container's user and working directory. */
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

/** `docker build` with the Dockerfile on standard input and no context, so that the image contains no project files. */
export function buildArgs(
  image: ImagePlan,
  options: { readonly fresh: boolean; readonly buildkit: boolean },
): readonly string[] {
  return [
    "build",
    // Without --force-rm the legacy builder keeps the container of a failed step.
    options.buildkit ? "--progress=plain" : "--force-rm",
    ...(options.fresh ? ["--no-cache"] : []),
    ...Object.entries(image.buildArgs).flatMap(([name, value]) => [
      "--build-arg",
      `${name}=${value}`,
    ]),
    ...labelArgs(imageLabels(image)),
    "--tag",
    image.tag,
    "-",
  ];
}
