import { askEarly } from "../backends/index.ts";
import { REFRESH_WORD } from "../tools/versions.ts";

/** `silo ls` as it is mostly typed: the engines work while the rest of silo is loaded. */
const PLAIN_LIST = /^ls( (-q|--quiet|--json))?$/;

/** Finds the command of a command line and runs it. @returns the exit code. */
export async function dispatch(argv: readonly string[]): Promise<number> {
  if (argv[0] === REFRESH_WORD) return await refresh();
  const early = PLAIN_LIST.test(argv.join(" ")) ? askEarly() : undefined;
  const { parseArgv } = await import("./argv.ts");
  const { node, help, flags, words, rest } = parseArgv(argv);
  if (help) {
    const [{ help: text }, { print }] = await Promise.all([
      import("./help.ts"),
      import("../ui/print.ts"),
    ]);
    print(text(node, Math.min(process.stdout.columns || 80, 100)));
    return 0;
  }
  const action = await node.load();
  return await action({ flags, words, rest }, early);
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
