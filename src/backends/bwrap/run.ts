import { readdirSync, rmdirSync } from "node:fs";
import type { RunPlan, Session } from "../../core/types.ts";
import type { Cmd } from "../../runtime/command.ts";
import { SiloError } from "../../errors.ts";
import { makeCaches } from "../../sys/files/caches.ts";
import { attempt } from "../engine/foreground.ts";
import type { RunOutcome } from "../backend.ts";
import { runArgs, type HostView, type Prefix } from "./args.ts";
import { builtPrefix } from "./build.ts";
import { LIKELY, prefixRoot } from "./features.ts";
import { baseEnv } from "./inside-env.ts";
import { launchCommand } from "./launch.ts";
import { cgroupOf, type Limits, type MemoryLimit } from "./limits.ts";
import { isStarted, SESSION, toolOf } from "./inside.ts";
import { claim, release, started } from "./state.ts";

export type Surroundings = {
  readonly view: HostView;
  readonly state: string;
  readonly cache: string;
  readonly limits: Limits;
  /** What limits the memory of a sandbox here (`memoryLimit`). */
  readonly memory: MemoryLimit | undefined;
};

/** What hooks have put into the home: not the caches of the installation, and of shared folders what is in them. */
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

/** The run as a command; the environment inside is the plan's and nothing else. */
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
    deaf: true,
    memory,
  });
}

function noSizes(): SiloError {
  return new SiloError("this bwrap cannot limit a file system in memory, which needs version 0.7", {
    hint: "remove backends.bwrap.tmp from silo.jsonc, or install a newer bubblewrap",
  });
}

/** A sandbox has the host's own network: a port inside is that port here. @throws SiloError for one that is to be another. */
export function checkPorts({ ports }: RunPlan): void {
  const moved = ports.find(({ host, guest, optional }) => !optional && host !== guest);
  if (moved === undefined) return;
  throw new SiloError(
    `port ${moved.guest} inside cannot be port ${moved.host} here: bwrap shares this machine's network`,
    {
      hint: `write "${moved.guest}:${moved.guest}" under "ports" in silo.jsonc, or: silo --backend docker ...`,
    },
  );
}

/** Runs a plan on the user's terminal. */
export async function runPlan(
  plan: RunPlan,
  session: Session,
  surroundings: Surroundings,
): Promise<RunOutcome> {
  const { state, cache, view } = surroundings;
  const { name } = session;
  const prefix = await builtPrefix(view, plan.user.uid, cache, plan.image.tag);
  const record = {
    name,
    image: plan.image.tag,
    tool: plan.tool,
    project: plan.project,
    session: session.id,
    created: new Date().toISOString(),
    workdir: plan.workdir,
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
    return await attempt({
      cmd: runCommand(plan, session, surroundings, prefix),
      tty: plan.tty,
      kept: false,
      words: { lastWords: ["bwrap: "], remarks: [] },
      refused: [1],
      ownTerminal: plan.tty,
      newSession: true,
      onStart: (pid) => {
        sandbox = pid;
        noted = started(state, record, pid);
      },
      // bwrap would die of it, and take the tool along before that can say goodbye.
      send: async (signal) => sandbox !== undefined && (await sendToTool(sandbox, signal)),
      sweep: end,
      mendable: () => undefined,
      error: sandboxError,
    });
  } finally {
    await noted;
    release(state, name);
    if (plan.user.uid === 0) removeCgroup(session.id);
  }
}

/** A cgroup without processes; where there was none, or a process still ends in it, the next start removes it. */
function removeCgroup(session: string): void {
  try {
    rmdirSync(cgroupOf(session));
  } catch {
    // See above.
  }
}

/** How long a sandbox may take to start its tool. */
const START_MS = 2_000;

/** Sends a signal to the tool, as soon as there is one. @returns whether it arrived; the sandbox itself is deaf to some. */
async function sendToTool(sandbox: number, signal: NodeJS.Signals): Promise<boolean> {
  const end = performance.now() + START_MS;
  do {
    const tool = toolOf(sandbox);
    if (tool !== undefined && isStarted(tool)) return kill(tool, signal);
    await new Promise((resolve) => setTimeout(resolve, 5));
  } while (kill(sandbox, 0) && performance.now() < end);
  return kill(sandbox, "SIGKILL");
}

/** @returns whether there was such a process. */
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
    return new SiloError("this machine does not let bwrap make namespaces", {
      hint: "sudo sysctl kernel.unprivileged_userns_clone=1   # or kernel.apparmor_restrict_unprivileged_userns=0",
      detail,
    });
  }
  return new SiloError("starting the sandbox failed", { detail, hint: "silo doctor" });
}
