import { unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import type { Cmd, EnvEntry, RunPlan, Session } from "../../core/types.ts";
import { SiloError } from "../../errors.ts";
import { capture, interactive, ProgramMissing } from "../../sys/process.ts";
import { supervise } from "../../sys/signals.ts";
import { restoreTerminal } from "../../sys/tty.ts";
import type { RunOutcome } from "../backend.ts";
import { attachArgs, keeps, runArgs, steersCli, type DockerSettings } from "./args.ts";
import { dialectOf } from "./dialect.ts";
import { engineError, mendable, missingCli } from "./errors.ts";
import { holdEngineMessage } from "./stderr.ts";

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
    const kept = keeps(plan, settings);
    return await attempt(cmd, { name: session.name, tty: plan.tty, kept, settings, sweep });
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
  return await attempt(cmd, { name, tty: true, kept: true, settings, sweep });
}

type Attempt = {
  readonly name: string;
  readonly tty: boolean;
  /** Whether the container outlives its terminal; then the CLI hands no signal on. */
  readonly kept: boolean;
  readonly settings: DockerSettings;
  /** Deletes what was left behind. */
  readonly sweep: () => Promise<void>;
};

async function attempt(cmd: Cmd, asked: Attempt): Promise<RunOutcome> {
  const { name, tty, kept, settings, sweep } = asked;
  const dialect = dialectOf(settings);
  const stderr = holdEngineMessage(dialect, (chunk) => process.stderr.write(chunk));
  const child = await interactive(cmd, stderr.take);
  let swept: Promise<void> | undefined;
  let left = false;
  const release = supervise({
    forward: (signal) => {
      left = kept && signal === "SIGHUP";
      if (left || (!kept && dialect.handsOn)) return child.kill(signal);
      const sent = capture({ bin: settings.command, args: ["kill", `--signal=${signal}`, name] });
      // One that does not run yet is stopped by its command.
      sent.then(({ code }) => code === 0 || child.kill(signal)).catch(() => {});
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
    if (dialect.refused.includes(code) && said !== "") return await failed(said, sweep);
    stderr.release();
    // The CLI itself was ended, so it neither removed the container nor restored the terminal.
    if (code > KILLED && child.signalled()) {
      if (!kept) await sweep();
      if (tty) await restoreTerminal();
      if (kept) return { kind: "left" };
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
