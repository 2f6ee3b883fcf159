import { askEarly, chooseBackend, present, type Early } from "../backends/index.ts";
import type { Parsed } from "./argv.ts";
import { isPlainList } from "./early-list.ts";

/**
 * A run as it is mostly typed. The words are those of `tools/index.ts`, which takes longer to load than an engine
 * takes to be asked; a test holds the two together.
 */
const PLAIN_RUN =
  /^(-v |--verbose |-y |--yes |--keep )*(claude|cline|codex|opencode|paperclipai|copilot|vibe)?( -v| --verbose| -y| --yes| --keep)*$/;

/** What to ask the engines before the rest of silo is loaded. */
export function earlyQuestion(argv: readonly string[]): "list" | "names" | undefined {
  const end = argv.indexOf("--");
  const own = (end < 0 ? argv : argv.slice(0, end)).join(" ");
  if (isPlainList(argv)) return "list";
  return PLAIN_RUN.test(own) ? "names" : undefined;
}

async function askNow(question: "list" | "names" | undefined): Promise<Early | undefined> {
  if (question === undefined) return undefined;
  const { onPath } = await import("../sys/on-path.ts");
  const backends =
    question === "list" ? present(onPath) : [chooseBackend(undefined, undefined, onPath)];
  return await askEarly(question, backends);
}

/**
 * Finds the command of a command line and runs it.
 * @param first what has been asked already. @returns the exit code.
 */
export async function dispatch(argv: readonly string[], first?: Early): Promise<number> {
  // Words that nobody types: silo's own background work, and a shell's completion.
  if (argv[0]?.startsWith("__") === true) {
    const { hidden } = await import("./hidden.ts");
    const code = await hidden(argv[0], argv.slice(1));
    if (code !== undefined) return code;
  }
  const asked = first ?? askNow(earlyQuestion(argv));
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
  const early = (await asked) ?? (await askNames(parsed));
  const action = await parsed.node.load();
  return await action(parsed, early);
}

/** Asks for the names in use, which a run cannot start without; nothing where no run comes. */
async function askNames({ node, flags }: Parsed): Promise<Early | undefined> {
  if (node.group !== "Run") return undefined;
  const [{ runFlags }, { onPath }] = await Promise.all([
    import("./args.ts"),
    import("../sys/on-path.ts"),
  ]);
  const { backend, dryRun, name } = runFlags(flags);
  if (dryRun || name !== undefined) return undefined;
  return await askEarly("names", [chooseBackend(backend, undefined, onPath)]);
}
