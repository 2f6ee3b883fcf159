import { REFRESH_COMMAND } from "../tools/versions.ts";
import { COMPLETE_COMMAND } from "./completion/scripts.ts";

/** Runs an internal subcommand. @returns its exit code; undefined if there is no such subcommand. */
export async function runInternal(
  name: string,
  rest: readonly string[],
): Promise<number | undefined> {
  if (name === REFRESH_COMMAND) return await refresh();
  if (name === COMPLETE_COMMAND) return await offer(rest);
  const { INTERNAL } = await import("../backends/registry.ts");
  const load = Object.hasOwn(INTERNAL, name) ? INTERNAL[name] : undefined;
  return await (
    await load?.()
  )?.(rest);
}

async function refresh(): Promise<number> {
  const [{ refreshVersions }, { homedir }, { xdgDirectories }] = await Promise.all([
    import("../sys/self/versions.ts"),
    import("node:os"),
    import("../core/paths.ts"),
  ]);
  await refreshVersions(xdgDirectories(homedir(), process.env).cache);
  return 0;
}

/** Prints the candidates of a shell completion; on failure it prints nothing. */
async function offer(words: readonly string[]): Promise<number> {
  try {
    const [{ complete }, { knownNames }, { printStdout }, { homedir }, { xdgDirectories }] =
      await Promise.all([
        import("./completion/candidates.ts"),
        import("../sys/state/sessions.ts"),
        import("../ui/print.ts"),
        import("node:os"),
        import("../core/paths.ts"),
      ]);
    const offers = complete(words, knownNames(xdgDirectories(homedir(), process.env).state));
    if (typeof offers === "string") printStdout(offers);
    else for (const { word, about } of offers) printStdout(`${word}\t${about}`);
  } catch {
    // Ignored, because messages would disturb the prompt. The next command reports the problem.
  }
  return 0;
}
