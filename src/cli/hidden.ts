import { REFRESH_WORD } from "../tools/versions.ts";
import { PIPE_WORD } from "../backends/fly/words.ts";
import { COMPLETE_WORD } from "./completion.ts";

/** Does what a hidden word asks for. @returns the exit code; undefined for a word that is none of silo's. */
export async function hidden(word: string, rest: readonly string[]): Promise<number | undefined> {
  if (word === REFRESH_WORD) return await refresh();
  if (word === COMPLETE_WORD) return await offer(rest);
  if (word === PIPE_WORD) return await (await import("../backends/fly/pipe.ts")).flyPipe(rest);
  return undefined;
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
