import type { Cmd } from "../../../runtime/command.ts";
import { capture, ProgramMissing, type Captured } from "../../../sys/process/process.ts";
import { flyFolder } from "../../fly/flyctl.ts";
import { missingProgram } from "../../fly/errors.ts";
import { shortFolder } from "../link/socket-dir.ts";
import { shimFolder } from "../link/ssh.ts";

/** A Unix socket's path is at most 103 bytes long on macOS, and mutagen adds 19. */
const LONGEST = 80;

/** silo's own daemon, apart from one that the user may have. */
export async function dataFolder({ state, uid }: Place): Promise<string> {
  return await shortFolder(`${flyFolder(state)}/mutagen`, LONGEST, uid, "mutagen");
}

/** Where this user's mutagen and its sessions are. */
export type Place = { readonly state: string; readonly uid: number };

/**
 * A command of mutagen's. Its daemon runs ssh with the environment that the daemon was started with; no session is
 * ever made by a daemon of somebody else's (pkg/daemon/paths.go, cmd/mutagen/daemon/start.go).
 */
export async function mutagenCommand(place: Place, args: readonly string[]): Promise<Cmd> {
  const { state } = place;
  return {
    bin: "mutagen",
    args,
    env: {
      MUTAGEN_DATA_DIRECTORY: await dataFolder(place),
      MUTAGEN_SSH_PATH: shimFolder(state),
      MUTAGEN_SSH_CONNECT_TIMEOUT: "60",
      MUTAGEN_DISABLE_AUTOSTART: "1",
    },
    unsetEnv: ["MUTAGEN_PROMPTER", "MUTAGEN_LOG_LEVEL", "SSH_ASKPASS"],
    cwd: `${flyFolder(state)}/empty`,
  };
}

export async function mutagen(
  place: Place,
  args: readonly string[],
  timeoutMs?: number,
): Promise<Captured> {
  try {
    return await capture(await mutagenCommand(place, args), timeoutMs);
  } catch (error) {
    throw error instanceof ProgramMissing ? missingProgram("mutagen") : error;
  }
}
