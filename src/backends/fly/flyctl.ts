import { mkdir } from "node:fs/promises";
import type { Cmd } from "../../runtime/command.ts";
import { capture, ProgramMissing, type Captured } from "../../sys/process/process.ts";
import { flyError, missingProgram } from "./errors.ts";

const BIN = "fly";

/** What would steer flyctl otherwise than silo's arguments do (internal/config/config.go), or replace it meanwhile. */
const STEERING = [
  "FLY_APP",
  "FLY_ORG",
  "FLY_ORGANIZATION",
  "FLY_REGION",
  "FLY_JSON",
  "FLY_VERBOSE",
  "FLY_LOCAL_ONLY",
  "FLYCTL_OUTPUT_HAR",
  "MUTAGEN_PROMPTER",
];

/** Folders of this backend, under silo's own state. */
export function flyFolder(state: string): string {
  return `${state}/silo/fly`;
}

/**
 * A command of flyctl's. It runs in an empty directory of silo's: a `fly.toml` where it stands is parsed even where
 * the app is named, and a broken one is its end (internal/command/command.go).
 */
export function flyCommand(state: string, args: readonly string[]): Cmd {
  return {
    bin: BIN,
    args,
    cwd: `${flyFolder(state)}/empty`,
    env: { NO_COLOR: "1", FLY_NO_UPDATE_CHECK: "1" },
    unsetEnv: STEERING,
    // A key of the terminal's must not end it between making a machine and telling which.
    newSession: true,
  };
}

/** Makes the directory that every command of flyctl's runs in. */
export async function makeFolders(state: string): Promise<void> {
  for (const name of ["empty", "machines"])
    await mkdir(`${flyFolder(state)}/${name}`, { recursive: true, mode: 0o700 });
}

/** What flyctl answers, whatever its exit code. @throws SiloError where it is not installed. */
export async function answer(
  state: string,
  args: readonly string[],
  options: { readonly stdin?: string; readonly timeoutMs?: number } = {},
): Promise<Captured> {
  await makeFolders(state);
  try {
    // It hangs where its input is no pipe (OpenRouterLabs/spawn issue 1632).
    const cmd = { ...flyCommand(state, args), stdin: options.stdin ?? "" };
    return await capture(cmd, options.timeoutMs);
  } catch (error) {
    throw error instanceof ProgramMissing ? missingProgram("fly") : error;
  }
}

/** What flyctl printed. @throws SiloError where it failed. */
export async function ask(
  state: string,
  args: readonly string[],
  what: string,
  app: string,
): Promise<string> {
  const { code, stdout, stderr } = await answer(state, args);
  if (code !== 0) throw flyError(`${stderr}\n${stdout}`, what, app);
  return stdout;
}

/** JSON in what flyctl printed; warnings may stand before it on the same stream (terminal/logging.go). */
export function jsonIn(stdout: string): unknown {
  const start = stdout.search(/^[[{]/m);
  if (start < 0) return undefined;
  try {
    return JSON.parse(stdout.slice(start)) as unknown;
  } catch {
    return undefined;
  }
}
