import { isAtLeast } from "../../core/text/version.ts";
import { enterCommand, limits } from "../../core/guest/enter.ts";
import { withEngine, withLinks, type GuestLink } from "../../core/guest/perl.ts";
import { within } from "../../core/paths.ts";
import type { ImagePlan, Mount, RunPlan, Session } from "../../core/types.ts";
import { SiloError } from "../../errors.ts";
import { imageLabels, labelArgs, runLabels } from "../engine/labels.ts";
import { DEFAULT_PROCESSES } from "../engine/limits.ts";
import { publishArg } from "../engine/publish.ts";
import { steersCli } from "../engine/steering.ts";

/** Settings of the container backend, from the configuration and the host. */
export type ContainerSettings = {
  readonly cpus: number;
  /** The value of `--memory`: `4096M`. */
  readonly memory: string;
  /** The CPU architecture of the host and its guests, in the form of `process.arch`. */
  readonly arch: string;
  /** Whether the guest has its own Docker engine, which starts on first use. */
  readonly engine: boolean;
};

/** Directory in the guest with the copies of single files. */
const COPIES = "/opt/silo-files";

/** Whether a mount is a single file outside of all mounted directories. Such files are copied, and linked in the guest. */
export function standsAlone(mount: Mount, all: readonly Mount[]): boolean {
  return (
    mount.kind === "file" &&
    !all.some((other) => other.kind === "dir" && within(other.target, mount.target))
  );
}

/**
 * Arguments for a mount. `--mount` splits at every comma and equals sign, `--volume` at every colon, and neither
 * supports quoting (Utility.swift, Parser.swift, 0.9 to 1.2).
 * @throws SiloError for a path that neither option accepts.
 */
export function mountArgs({ source, target, mode, kind }: Mount): readonly string[] {
  const paths = [source, target].join("");
  if (kind === "dir" && !/[,=]/.test(paths)) {
    const flag = mode === "ro" ? ",readonly" : "";
    return ["--mount", `type=bind,source=${source},target=${target}${flag}`];
  }
  if (!paths.includes(":")) return ["--volume", `${source}:${target}${mode === "ro" ? ":ro" : ""}`];
  throw new SiloError(`cannot mount ${source}: the container command cannot quote this path`, {
    detail: [
      "a directory may contain a colon, or a comma or equals sign, but not both; a file may not contain a colon",
    ],
    hint: "silo --backend docker ...   # or rename it",
  });
}

/** Copies of a run's single files: their directory on the host, and the path of each in the guest. */
export type Copies = {
  readonly root: string;
  readonly links: readonly {
    readonly path: string;
    readonly name: string;
    readonly mode: "ro" | "rw";
  }[];
};

function copyMounts({ root, links }: Copies): readonly string[] {
  const modes = (["rw", "ro"] as const).filter((mode) => links.some((link) => link.mode === mode));
  return modes.flatMap((mode) =>
    mountArgs({
      source: `${root}/${mode}`,
      target: `${COPIES}/${mode}`,
      mode,
      kind: "dir",
      from: "silo",
    }),
  );
}

/** First version with each feature (tags of apple/container). */
const SINCE = { init: "0.10", capabilities: "0.12" } as const;

/** setpriv command: no new privileges, and no capabilities for root if `container run` cannot drop them. */
function dropped(uid: number, version: string): readonly string[] {
  const left = uid === 0 && !isAtLeast(version, SINCE.capabilities);
  const all = left ? ["--inh-caps=-all", "--bounding-set=-all"] : [];
  return ["setpriv", ...all, "--no-new-privs", "--"];
}

function guestCommand(
  plan: RunPlan,
  copies: Copies,
  { engine, arch }: ContainerSettings,
  version: string,
): readonly string[] {
  const links: readonly GuestLink[] = copies.links.map(({ path, name, mode }) => ({
    path,
    copy: `${COPIES}/${mode}/${name}`,
  }));
  const mounts = plan.mounts.filter((mount) => !standsAlone(mount, plan.mounts));
  const { bootId } = plan;
  const command = enterCommand(
    { mounts, bootId },
    withLinks(links, plan.argv),
    limits(DEFAULT_PROCESSES, arch),
  );
  return engine ? withEngine(plan.user, command) : [...dropped(plan.user.uid, version), ...command];
}

/** Capability arguments. A Docker engine in the guest needs all capabilities; the tool itself drops them. */
function capabilityArgs(version: string, engine: boolean): readonly string[] {
  if (!isAtLeast(version, SINCE.capabilities)) return [];
  return engine ? ["--cap-add", "ALL"] : ["--cap-drop", "ALL"];
}

/** `container run …` for a plan (apple/container 0.9 to 1.2). */
export function runArgs(
  plan: RunPlan,
  session: Session,
  settings: ContainerSettings,
  given: {
    readonly version: string;
    readonly envFile: string | undefined;
    readonly copies: Copies;
  },
): readonly string[] {
  const { user } = plan;
  const { version, envFile, copies } = given;
  const mounts = plan.mounts.filter((mount) => !standsAlone(mount, plan.mounts));
  return [
    "run",
    "--rm",
    "--interactive",
    ...(plan.tty ? ["--tty"] : []),
    ...(isAtLeast(version, SINCE.init) ? ["--init"] : []),
    "--name",
    session.name,
    ...labelArgs(runLabels(plan, session)),
    ...capabilityArgs(version, settings.engine),
    "--cpus",
    String(settings.cpus),
    "--memory",
    settings.memory,
    "--user",
    settings.engine ? "0:0" : `${user.uid}:${user.gid}`,
    "--workdir",
    plan.workdir,
    ...mounts.flatMap(mountArgs),
    ...plan.caches.flatMap(({ directory, target }) =>
      mountArgs({ source: directory, target, mode: "rw", kind: "dir", from: "silo" }),
    ),
    ...copyMounts(copies),
    ...plan.ports.flatMap((port) => ["--publish", publishArg(port)]),
    ...plan.env.filter(({ name }) => !steersCli(name)).flatMap(({ name }) => ["--env", name]),
    ...(envFile === undefined ? [] : ["--env-file", envFile]),
    plan.image.tag,
    ...guestCommand(plan, copies, settings, version),
  ];
}

/** `container exec …` as the user, because a container with its own engine was started as root. */
export function execArgs(
  name: string,
  user: { readonly uid: number; readonly gid: number },
  argv: readonly string[],
  tty: boolean,
): readonly string[] {
  const terminal = tty ? ["--tty"] : [];
  return ["exec", "--interactive", ...terminal, "--user", `${user.uid}:${user.gid}`, name, ...argv];
}

/** `container build` with a context that contains only the Dockerfile. */
export function buildArgs(
  image: ImagePlan,
  folder: string,
  options: { readonly fresh: boolean; readonly cpus: number; readonly memoryMb: number },
): readonly string[] {
  return [
    "build",
    "--progress",
    "plain",
    ...(options.fresh ? ["--no-cache"] : []),
    "--cpus",
    String(options.cpus),
    "--memory",
    `${options.memoryMb}M`,
    ...Object.entries(image.buildArgs).flatMap(([name, value]) => [
      "--build-arg",
      `${name}=${value}`,
    ]),
    ...labelArgs(imageLabels(image)),
    "--tag",
    image.tag,
    "--file",
    `${folder}/Dockerfile`,
    folder,
  ];
}

/** Lists all containers, running or not. */
export const LIST_ARGS = ["list", "--all", "--format", "json"] as const;
