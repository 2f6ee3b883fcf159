import type { BackendName } from "../core/types.ts";
import type { Parsed } from "./grammar/parse.ts";

/** Parses a command line and runs its command. @returns the exit code. */
export async function dispatch(argv: readonly string[]): Promise<number> {
  // Internal subcommands (background refresh, shell completion, ssh proxy); never typed by users.
  if (argv[0]?.startsWith("__") === true) {
    const { runInternal } = await import("./internal.ts");
    const code = await runInternal(argv[0], argv.slice(1));
    if (code !== undefined) return code;
  }
  const { parseArgv } = await import("./grammar/parse.ts");
  const parsed = parseArgv(argv);
  if (parsed.help !== undefined) {
    const [{ helpText }, { printStdout }] = await Promise.all([
      import("./grammar/help.ts"),
      import("../ui/print.ts"),
    ]);
    printStdout(helpText(parsed, Math.min(process.stdout.columns || 80, 100)));
    return 0;
  }
  const [action, ask] = await Promise.all([parsed.spec.load(), prefetch(parsed)]);
  return await action({ ...parsed, ask });
}

/** Starts the engine queries of a command, so that they run while the remaining modules load. */
async function prefetch({ spec, given }: Parsed) {
  if (spec.prefetch !== "list") return undefined;
  const [{ prefetchLists, present }, { onPath }, { BACKENDS }] = await Promise.all([
    import("../backends/registry.ts"),
    import("../sys/host/which.ts"),
    import("../core/types.ts"),
  ]);
  const named: BackendName | undefined = BACKENDS.find((name) => name === given["backend"]);
  return await prefetchLists(named === undefined ? present(onPath) : [named]);
}
