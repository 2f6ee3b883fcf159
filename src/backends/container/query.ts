import { capture, ProgramMissing, type Captured } from "../../sys/process/process.ts";
import type { Cmd } from "../../runtime/command.ts";
import type { Ask } from "../../sys/process/prefetch.ts";
import { LIST_ARGS } from "./args.ts";
import { containerError, missingCli } from "./errors.ts";

export const BIN = "container";

/** The query that lists all containers with their names. */
export const LIST_QUERY: Cmd = { bin: BIN, args: LIST_ARGS };

/** Runs a query. @returns its output. @throws SiloError with a fix hint if it fails. */
export async function containerOutput(args: readonly string[], run?: Ask): Promise<string> {
  const { code, stdout, stderr } = await tryContainer(args, run);
  if (code !== 0) throw containerError(stderr, `container ${args.slice(0, 2).join(" ")}`);
  return stdout;
}

/** Runs a command, whatever its exit status. @throws SiloError if `container` is not installed. */
export async function tryContainer(args: readonly string[], run: Ask = capture): Promise<Captured> {
  try {
    return await run({ bin: BIN, args });
  } catch (error) {
    throw error instanceof ProgramMissing ? missingCli() : error;
  }
}
