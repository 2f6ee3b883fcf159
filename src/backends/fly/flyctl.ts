import type { Cmd } from "../../runtime/command.ts";
import { capture, ProgramMissing, type Captured } from "../../sys/process/process.ts";
import { emptyFolder, makeEmptyFolder } from "../remote/local-state.ts";
import { flyError, flyMissing, type FlyNames } from "./errors.ts";

const BIN = "fly";

/** Variables that would override silo's arguments (internal/config/config.go) or change the behaviour of flyctl. */
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

/** The app and region of machines, and the directory of this backend's files. */
export type FlyContext = FlyNames & { readonly folder: string };

/** The directory of this backend's files, under silo's own state. */
export function flyFolder(state: string): string {
  return `${state}/silo/fly`;
}

/**
 * A flyctl command. It runs in an empty directory, since flyctl parses a `fly.toml` in its working directory even if the
 * app is given, and fails if that file is invalid (internal/command/command.go).
 */
export function flyCommand(fly: Pick<FlyContext, "folder">, args: readonly string[]): Cmd {
  return {
    bin: BIN,
    args,
    cwd: emptyFolder(fly),
    env: { NO_COLOR: "1", FLY_NO_UPDATE_CHECK: "1" },
    unsetEnv: STEERING,
    // In its own session, so that Ctrl-C does not end it between the creation of a machine and the output of its id.
    newSession: true,
  };
}

/**
 * Runs a flyctl command and captures its output, whatever its exit status.
 * @throws SiloError if flyctl is not installed.
 */
export async function tryFlyctl(
  fly: Pick<FlyContext, "folder">,
  args: readonly string[],
  options: { readonly stdin?: string; readonly timeoutMs?: number } = {},
): Promise<Captured> {
  await makeEmptyFolder(fly);
  try {
    // flyctl hangs if its standard input is not a pipe (OpenRouterLabs/spawn issue 1632).
    const cmd = { ...flyCommand(fly, args), stdin: options.stdin ?? "" };
    return await capture(cmd, options.timeoutMs);
  } catch (error) {
    throw error instanceof ProgramMissing ? flyMissing() : error;
  }
}

/**
 * Runs a flyctl command.
 * @param what the step, for the error.
 * @returns its standard output.
 * @throws SiloError if it fails.
 */
export async function flyctl(
  fly: FlyContext,
  args: readonly string[],
  what: string,
): Promise<string> {
  const { code, stdout, stderr } = await tryFlyctl(fly, args);
  if (code !== 0) throw flyError(`${stderr}\n${stdout}`, what, fly);
  return stdout;
}
