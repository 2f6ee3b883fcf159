import { xdgDirectories } from "../core/paths.ts";
import { REFRESH_WORD } from "../tools/versions.ts";
import { parseArgv } from "./argv.ts";

/** Finds the command of a command line and runs it. @returns the exit code. */
export async function dispatch(argv: readonly string[], version: string): Promise<number> {
  if (argv[0] === REFRESH_WORD) return await refresh();
  const { node, help, flags, words, rest } = parseArgv(argv);
  if (help) {
    const { help: text } = await import("./help.ts");
    process.stdout.write(text(node, Math.min(process.stdout.columns || 80, 100)));
    return 0;
  }
  if (flags["version"] === true) {
    process.stdout.write(`silo ${version}\n`);
    return 0;
  }
  const action = await node.load();
  return await action({ flags, words, rest });
}

async function refresh(): Promise<number> {
  const [{ refreshVersions }, { homedir }] = await Promise.all([
    import("../sys/versions.ts"),
    import("node:os"),
  ]);
  await refreshVersions(xdgDirectories(homedir(), process.env).cache);
  return 0;
}
