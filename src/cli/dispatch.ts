/** Parses a command line and runs its command. @returns the exit code. */
export async function dispatch(argv: readonly string[]): Promise<number> {
  // Internal subcommands (background refresh, shell completion, ssh proxy); never typed by users.
  if (argv[0]?.startsWith("__") === true) {
    const { runInternal } = await import("./internal.ts");
    const code = await runInternal(argv[0], argv.slice(1));
    if (code !== undefined) return code;
  }
  // The engines start on their lists before the grammar is loaded, because that takes 2.8 ms of the 26 of `silo ls`.
  const ask = argv[0] === "ls" && !argv.includes("--backend") ? await prefetchLists() : undefined;
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
  const action = await parsed.spec.load();
  return await action({ ...parsed, ask });
}

async function prefetchLists() {
  const registry = await import("../backends/registry.ts");
  return await registry.prefetchLists();
}
