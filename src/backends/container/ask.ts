import { capture, ProgramMissing, type Captured } from "../../sys/process.ts";
import { containerError, missingCli } from "./errors.ts";

export const BIN = "container";

/** Starts a question to the `container` command. */
export function start(args: readonly string[]): Promise<Captured> {
  return capture({ bin: BIN, args });
}

/** What a command prints. @throws SiloError with the mend where it fails. */
export async function ask(args: readonly string[], asked = start(args)): Promise<string> {
  const { code, stdout, stderr } = await answer(asked);
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
