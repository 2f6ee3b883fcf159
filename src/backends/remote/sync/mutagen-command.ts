import type { Cmd } from "../../../runtime/command.ts";
import { capture, ProgramMissing, type Captured } from "../../../sys/process/process.ts";
import { missingProgram } from "../errors.ts";
import { socketDir } from "../link/socket-dir.ts";
import { shimFolder } from "../link/ssh.ts";
import { emptyFolder, makeEmptyFolder, type LocalState } from "../local-state.ts";

/** Maximum length of the data directory's path: a Unix socket's path has at most 103 bytes on macOS, and mutagen adds 19. */
const LONGEST = 80;

/** The data directory of silo's own daemon, separate from the user's. */
export async function dataFolder({ folder, uid }: LocalState): Promise<string> {
  return await socketDir(`${folder}/mutagen`, LONGEST, uid, "mutagen");
}

/**
 * A mutagen command for silo's own daemon (pkg/daemon/paths.go, cmd/mutagen/daemon/start.go). The daemon passes its own
 * environment to ssh, so every command gets the same.
 */
export async function mutagenCommand(local: LocalState, args: readonly string[]): Promise<Cmd> {
  await makeEmptyFolder(local);
  return {
    bin: "mutagen",
    args,
    env: {
      MUTAGEN_DATA_DIRECTORY: await dataFolder(local),
      MUTAGEN_SSH_PATH: shimFolder(local),
      MUTAGEN_SSH_CONNECT_TIMEOUT: "60",
      MUTAGEN_DISABLE_AUTOSTART: "1",
    },
    unsetEnv: ["MUTAGEN_PROMPTER", "MUTAGEN_LOG_LEVEL", "SSH_ASKPASS"],
    cwd: emptyFolder(local),
  };
}

/**
 * Runs a mutagen command and captures its output.
 * @throws SiloError if mutagen is not installed.
 */
export async function mutagen(
  local: LocalState,
  args: readonly string[],
  timeoutMs?: number,
): Promise<Captured> {
  try {
    return await capture(await mutagenCommand(local, args), timeoutMs);
  } catch (error) {
    throw error instanceof ProgramMissing ? missingProgram("mutagen") : error;
  }
}
