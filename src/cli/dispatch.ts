import type { Parsed } from "./grammar/parse.ts";

/** Finds the command of a command line and runs it. @returns the exit code. */
export async function dispatch(argv: readonly string[]): Promise<number> {
  // Internal subcommands (background refresh, shell completion, ssh proxy); never typed by users.
  if (argv[0]?.startsWith("__") === true) {
    const { runInternal } = await import("./internal.ts");
    const code = await runInternal(argv[0], argv.slice(1));
    if (code !== undefined) return code;
  }
  const { parseArgv } = await import("./grammar/parse.ts");
  const parsed = parseArgv(argv);
  if (parsed.help) {
    const [{ help }, { print }] = await Promise.all([
      import("./grammar/help.ts"),
      import("../ui/print.ts"),
    ]);
    print(help(parsed.node, Math.min(process.stdout.columns || 80, 100)));
    return 0;
  }
  const [action, ask] = await Promise.all([parsed.node.load(), prefetch(parsed)]);
  return await action({ ...parsed, ask });
}

/** Starts the engines' queries that a command will need, so that they run while the rest of silo is loaded. */
async function prefetch({ node, flags }: Parsed) {
  if (node.prefetch !== "list") return undefined;
  const [{ prefetchLists, present }, { onPath }, { backendFlag }] = await Promise.all([
    import("../backends/registry.ts"),
    import("../sys/host/which.ts"),
    import("./grammar/flags.ts"),
  ]);
  const named = backendFlag(flags);
  return await prefetchLists(named === undefined ? present(onPath) : [named]);
}
