import { askEarly, chooseBackend, type Early } from "../backends/index.ts";
import type { BackendName } from "../core/types.ts";
import type { Parsed } from "./argv.ts";

/**
 * A run as it is mostly typed. The words are those of `tools/index.ts`, which takes longer to load than an engine
 * takes to be asked; a test holds the two together.
 */
const PLAIN_RUN =
  /^(-v |--verbose |-y |--yes |--keep )*(claude|cline|codex|opencode|paperclipai|copilot|vibe)?( -v| --verbose| -y| --yes| --keep)*$/;

/** Whether a run comes for certain, so that the engine can be asked before the rest of silo is loaded. */
export function isPlainRun(argv: readonly string[]): boolean {
  const end = argv.indexOf("--");
  return PLAIN_RUN.test((end < 0 ? argv : argv.slice(0, end)).join(" "));
}

/** Asks for the names in use, where a run cannot start without them. */
async function askNames(backend: BackendName | undefined): Promise<Early> {
  const { onPath } = await import("../sys/on-path.ts");
  return await askEarly("names", [chooseBackend(backend, undefined, onPath)]);
}

/** Finds the command of a command line and runs it. @returns the exit code. */
export async function dispatch(argv: readonly string[]): Promise<number> {
  // Words that nobody types: silo's own background work, and a shell's completion.
  if (argv[0]?.startsWith("__") === true) {
    const { hidden } = await import("./hidden.ts");
    const code = await hidden(argv[0], argv.slice(1));
    if (code !== undefined) return code;
  }
  const asked = isPlainRun(argv) ? askNames(undefined) : undefined;
  const { parseArgv } = await import("./argv.ts");
  const parsed = parseArgv(argv);
  if (parsed.help) {
    const [{ help }, { print }] = await Promise.all([
      import("./help.ts"),
      import("../ui/print.ts"),
    ]);
    print(help(parsed.node, Math.min(process.stdout.columns || 80, 100)));
    return 0;
  }
  const early = (await asked) ?? (await askForRun(parsed));
  const action = await parsed.node.load();
  return await action(parsed, early);
}

/** Nothing where no run comes, or one whose name is given. */
async function askForRun({ node, flags }: Parsed): Promise<Early | undefined> {
  if (node.group !== "Run") return undefined;
  const { runFlags } = await import("./args.ts");
  const { backend, dryRun, name } = runFlags(flags);
  return dryRun || name !== undefined ? undefined : await askNames(backend);
}
