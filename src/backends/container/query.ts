import { capture, ProgramMissing, type Captured } from "../../sys/process/process.ts";
import type { Cmd } from "../../runtime/command.ts";
import type { Ask } from "../../sys/process/prefetch.ts";
import { LIST_ARGS } from "./args.ts";
import { containerError, missingCli } from "./errors.ts";

export const BIN = "container";

/** Starts a question to the `container` command. */
export function start(args: readonly string[]): Promise<Captured> {
  return capture({ bin: BIN, args });
}

/** The list of all containers; the names are in it too. */
export const LIST_QUERY: Cmd = { bin: BIN, args: LIST_ARGS };

/** What a query prints. @throws SiloError with a fix hint where it fails. */
export async function ask(args: readonly string[], run: Ask = capture): Promise<string> {
  const { code, stdout, stderr } = await answer(run({ bin: BIN, args }));
  if (code !== 0) throw containerError(stderr, `container ${args.slice(0, 2).join(" ")}`);
  return stdout;
}

/** How a command ended; only one that is missing is an error. */
export async function answer(asked: Promise<Captured>): Promise<Captured> {
  try {
    return await asked;
  } catch (error) {
    throw error instanceof ProgramMissing ? missingCli() : error;
  }
}
