import { askEarly, chooseBackend, present, type Early } from "../backends/index.ts";
import { onPath } from "../sys/on-path.ts";
import { REFRESH_WORD } from "../tools/versions.ts";
import type { Parsed } from "./argv.ts";
import { COMPLETE_WORD } from "./completion.ts";

/** `silo ls` as it is mostly typed: the engines are asked before the rest of silo is loaded. */
const PLAIN_LIST = /^ls( (-q|--quiet|--json))?$/;

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
  if (end < 0 && PLAIN_LIST.test(own)) return "list";
  return PLAIN_RUN.test(own) ? "names" : undefined;
}

function askNow(question: "list" | "names" | undefined): Promise<Early> | undefined {
  if (question === undefined) return undefined;
  const backends =
    question === "list" ? present(onPath) : [chooseBackend(undefined, undefined, onPath)];
  return askEarly(question, backends);
}

/** Finds the command of a command line and runs it. @returns the exit code. */
export async function dispatch(argv: readonly string[]): Promise<number> {
  if (argv[0] === REFRESH_WORD) return await refresh();
  if (argv[0] === COMPLETE_WORD) return await offer(argv.slice(1));
  const asked = askNow(earlyQuestion(argv));
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
  const { runFlags } = await import("./args.ts");
  const { backend, dryRun, name } = runFlags(flags);
  if (dryRun || name !== undefined) return undefined;
  return await askEarly("names", [chooseBackend(backend, undefined, onPath)]);
}

async function refresh(): Promise<number> {
  const [{ refreshVersions }, { homedir }, { xdgDirectories }] = await Promise.all([
    import("../sys/versions.ts"),
    import("node:os"),
    import("../core/paths.ts"),
  ]);
  await refreshVersions(xdgDirectories(homedir(), process.env).cache);
  return 0;
}

/** Answers a shell's completion: whatever goes wrong, nothing is said and nothing offered. */
async function offer(words: readonly string[]): Promise<number> {
  try {
    const [{ complete }, { knownNames }, { print }, { homedir }, { xdgDirectories }] =
      await Promise.all([
        import("./complete.ts"),
        import("../sys/sessions.ts"),
        import("../ui/print.ts"),
        import("node:os"),
        import("../core/paths.ts"),
      ]);
    const offers = complete(words, knownNames(xdgDirectories(homedir(), process.env).state));
    if (typeof offers === "string") print(offers);
    else for (const { word, about } of offers) print(`${word}\t${about}`);
  } catch {
    // A broken state directory is told by the command itself.
  }
  return 0;
}
