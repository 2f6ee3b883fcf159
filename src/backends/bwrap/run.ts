import { pause } from "../../sys/process/pause.ts";
import { readdirSync, rmdirSync } from "node:fs";
import type { RunPlan, Session } from "../../core/types.ts";
import type { Cmd } from "../../runtime/command.ts";
import { SiloError } from "../../errors.ts";
import { makeCaches } from "../../sys/files/caches.ts";
import { runInForeground } from "../engine/foreground.ts";
import type { RunOutcome } from "../backend.ts";
import { runArgs, type HostView, type Prefix } from "./args.ts";
import { builtPrefix } from "./build.ts";
import { LIKELY, prefixRoot } from "./features.ts";
import { baseEnv } from "./inside-env.ts";
import { launchCommand } from "./launch.ts";
import { cgroupOf, type Limits, type MemoryLimit } from "./limits.ts";
import { isStarted, SESSION, toolOf } from "./inside.ts";
import { claim, release, started } from "./state.ts";

/** Inputs of a run besides the plan: the host, silo's directories, and the limits. */
export type Surroundings = {
  readonly view: HostView;
  readonly state: string;
  readonly cache: string;
  readonly limits: Limits;
  /** How to limit the memory of a sandbox on this host (`memoryLimit`). */
  readonly memory: MemoryLimit | undefined;
};

/** Paths in the home directory that hooks wrote, without caches of the installation. A shared directory is replaced by its entries. */
function inHome(root: string, path = ""): readonly string[] {
  const shared = /^(\.config|\.local|\.local\/(bin|share|state))$/;
  return entries(`${root}/home/${path}`)
    .map((name) => (path === "" ? name : `${path}/${name}`))
    .filter((name) => !/^\.(cache|npm|bun)$/.test(name))
    .flatMap((name) => (shared.test(name) ? inHome(root, name) : [name]));
}

function entries(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

/** The command of a run. The environment in the sandbox is the base environment and the plan's variables. */
export function runCommand(
  plan: RunPlan,
  session: Session,
  { view, cache, limits, memory }: Surroundings,
  prefix: Prefix = {
    root: prefixRoot(cache, plan.image.tag),
    runtime: undefined,
    features: LIKELY,
  },
): Cmd {
  const { home, name, uid } = plan.user;
  const passed = Object.fromEntries(plan.env.map((entry) => [entry.name, entry.value]));
  if (limits.tmp !== undefined && !prefix.features.sizes) throw noSizes();
  return launchCommand(view, uid, {
    args: runArgs(view, prefix, plan, session, inHome(prefix.root), limits),
    inside: { ...baseEnv(home, name), ...passed },
    outside: { [SESSION]: session.id },
    name: session.id,
    features: prefix.features,
    workdir: plan.workdir,
    tty: plan.tty,
    ignoreSigint: true,
    memory,
  });
}

function noSizes(): SiloError {
  return new SiloError("backends.bwrap.tmp requires bubblewrap 0.7 or newer", {
    hint: 'remove "tmp" under backends.bwrap from silo.jsonc   # or upgrade bubblewrap',
  });
}

/** Checks the ports, which bwrap cannot map because a sandbox uses the host's network. @throws SiloError for a mapped port. */
export function checkPorts({ ports }: RunPlan): void {
  const moved = ports.find(({ host, guest, optional }) => !optional && host !== guest);
  if (moved === undefined) return;
  throw new SiloError(
    `cannot map port ${moved.host} to ${moved.guest}: bwrap uses the host's network`,
    {
      hint: `set "ports": ["${moved.guest}:${moved.guest}"] in silo.jsonc   # or: silo --backend docker ...`,
    },
  );
}

/** Runs a plan on the user's terminal. @throws SiloError if the sandbox could not be started. */
export async function runPlan(
  plan: RunPlan,
  session: Session,
  surroundings: Surroundings,
): Promise<RunOutcome> {
  const { state, cache, view } = surroundings;
  const { name } = session;
  const prefix = await builtPrefix(view, plan.user.uid, cache, plan.image);
  const record = {
    name,
    project: plan.project,
    session: session.id,
    created: new Date().toISOString(),
  };
  makeCaches(plan.caches);
  if (!(await claim(state, record))) return { kind: "name-taken" };
  let sandbox: number | undefined;
  let noted: Promise<void> | undefined;
  const end = () => {
    if (sandbox !== undefined) kill(sandbox, "SIGKILL");
    return Promise.resolve();
  };
  try {
    return await runInForeground({
      cmd: runCommand(plan, session, surroundings, prefix),
      tty: plan.tty,
      kept: false,
      prefixes: { failure: ["bwrap: "], noise: [] },
      refused: [1],
      ownTerminal: plan.tty,
      newSession: true,
      onStart: (pid) => {
        sandbox = pid;
        noted = started(state, record, pid);
      },
      // Sent to the tool itself, because a signal to bwrap would kill the tool before it can clean up.
      send: async (signal) => sandbox !== undefined && (await sendToTool(sandbox, signal)),
      sweep: end,
      recoverable: () => undefined,
      error: sandboxError,
    });
  } finally {
    await noted;
    release(state, name);
    if (plan.user.uid === 0) removeCgroup(session.id);
  }
}

/** Removes the cgroup of a session. If a process in it is still exiting, the next start removes the cgroup. */
function removeCgroup(session: string): void {
  try {
    rmdirSync(cgroupOf(session));
  } catch {
    // There is no cgroup, or it is still in use.
  }
}

/** How long a sandbox may take to start its tool after a signal. */
const START_MS = 2_000;

/** Sends a signal to the tool when it has started; kills the sandbox if it does not start. @returns whether the signal was delivered. */
async function sendToTool(sandbox: number, signal: NodeJS.Signals): Promise<boolean> {
  const end = performance.now() + START_MS;
  do {
    const tool = toolOf(sandbox);
    if (tool !== undefined && isStarted(tool)) return kill(tool, signal);
    await pause(5);
  } while (kill(sandbox, 0) && performance.now() < end);
  return kill(sandbox, "SIGKILL");
}

/** Sends a signal to a process. @returns whether the process exists. */
export function kill(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

function sandboxError(said: string): SiloError {
  const detail = said.split("\n").filter((line) => line !== "");
  if (/namespace|uid map|Operation not permitted/i.test(said)) {
    return new SiloError("bwrap cannot create a user namespace", {
      hint: "sudo sysctl kernel.unprivileged_userns_clone=1   # or kernel.apparmor_restrict_unprivileged_userns=0",
      detail,
    });
  }
  return new SiloError("starting the sandbox failed", { detail, hint: "silo doctor" });
}
