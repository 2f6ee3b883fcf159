import { unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import type { Cmd, EnvEntry, RunPlan, Session } from "../../core/types.ts";
import { SiloError } from "../../errors.ts";
import { capture, interactive, ProgramMissing } from "../../sys/process.ts";
import { supervise } from "../../sys/signals.ts";
import { restoreTerminal } from "../../sys/tty.ts";
import type { RunOutcome } from "../backend.ts";
import { attachArgs, keeps, runArgs, steersCli, type DockerSettings } from "./args.ts";
import { engineError, mendable, missingCli } from "./errors.ts";
import { holdEngineMessage } from "./stderr.ts";

/** docker's own failures end with this code (docker run reference, "Exit status"). */
const ENGINE_FAILED = 125;
const KILLED = 128;

/** The run as a command; values stand in the CLI's environment, which `-e NAME` reads. */
export function runCommand(
  plan: RunPlan,
  session: Session,
  settings: DockerSettings,
  envFile: string | undefined,
): Cmd {
  const passed = plan.env.filter(({ name }) => !steersCli(name));
  return {
    bin: settings.command,
    args: runArgs(plan, session, settings, envFile),
    env: Object.fromEntries(passed.map(({ name, value }) => [name, value])),
  };
}

/** Runs a plan on the user's terminal. `sweep` deletes what a run left behind. */
export async function runPlan(
  plan: RunPlan,
  session: Session,
  settings: DockerSettings,
  sweep: () => Promise<void>,
): Promise<RunOutcome> {
  const envFile = await writeEnvFile(plan.env.filter(({ name }) => steersCli(name)));
  try {
    const cmd = runCommand(plan, session, settings, envFile);
    const kept = keeps(plan, settings) ? keeper(session.name, settings) : undefined;
    return await attempt(cmd, plan.tty, sweep, kept);
  } catch (error) {
    throw error instanceof ProgramMissing ? missingCli(error) : error;
  } finally {
    if (envFile !== undefined) await unlink(envFile).catch(() => {});
  }
}

/** Attaches the terminal to a container that was left running. */
export async function attach(
  name: string,
  settings: DockerSettings,
  sweep: () => Promise<void>,
): Promise<RunOutcome> {
  const cmd = { bin: settings.command, args: attachArgs(name) };
  return await attempt(cmd, true, sweep, keeper(name, settings));
}

/** How a container that outlives its terminal is sent a signal: the CLI hands none on. */
type Keeper = (signal: NodeJS.Signals) => void;

function keeper(name: string, { command }: DockerSettings): Keeper {
  return (signal) => {
    const asked = capture({ bin: command, args: ["kill", `--signal=${signal}`, name] });
    // One that has ended already needs no signal.
    asked.catch(() => {});
  };
}

async function attempt(
  cmd: Cmd,
  tty: boolean,
  sweep: () => Promise<void>,
  kept: Keeper | undefined,
): Promise<RunOutcome> {
  const stderr = holdEngineMessage((chunk) => process.stderr.write(chunk));
  const child = await interactive(cmd, stderr.take);
  let swept: Promise<void> | undefined;
  let left = false;
  const release = supervise({
    forward: (signal) => {
      left = kept !== undefined && signal === "SIGHUP";
      if (left || kept === undefined) child.kill(signal);
      else kept(signal);
    },
    destroy: () => {
      swept = sweep();
    },
  });
  try {
    const code = await child.exit;
    await swept;
    if (left) return { kind: "left" };
    const said = stderr.held();
    if (code === ENGINE_FAILED && said !== "") return await failed(said, sweep);
    stderr.release();
    // The CLI itself was ended, so it neither removed the container nor restored the terminal.
    if (code > KILLED && child.signalled()) {
      if (kept === undefined) await sweep();
      if (tty) await restoreTerminal();
      if (kept !== undefined) return { kind: "left" };
    }
    return { kind: "exit", code };
  } finally {
    release();
  }
}

async function failed(said: string, sweep: () => Promise<void>): Promise<RunOutcome> {
  const outcome = mendable(said);
  if (outcome === undefined || outcome.kind === "port-taken") await sweep().catch(() => {});
  if (outcome === undefined) throw engineError(said, "starting the container");
  return outcome;
}

/** Variables that would steer the CLI go by a private file, since an argument list can be read by anybody. */
async function writeEnvFile(entries: readonly EnvEntry[]): Promise<string | undefined> {
  if (entries.length === 0) return undefined;
  const broken = entries.find(({ value }) => /[\n\r\0]/.test(value));
  if (broken !== undefined) {
    throw new SiloError(
      `the variable ${broken.name} has a line break, which docker cannot pass for this name`,
      {
        hint: `unset ${broken.name}`,
      },
    );
  }
  const path = `${process.env["XDG_RUNTIME_DIR"] ?? tmpdir()}/silo-env-${crypto.randomUUID()}`;
  await writeFile(path, entries.map(({ name, value }) => `${name}=${value}\n`).join(""), {
    mode: 0o600,
    flag: "wx",
  });
  return path;
}
