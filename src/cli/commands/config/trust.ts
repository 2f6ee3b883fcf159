import { basename, dirname } from "node:path";
import { fileIn, globalFile } from "../../../config/files.ts";
import { existingFiles, loadFiles, problemLines } from "../../../config/load.ts";
import { mergeConfig } from "../../../config/merge.ts";
import { parseConfig } from "../../../config/parse.ts";
import { fileAsks, type Ask } from "../../../config/trust.ts";
import { absolutePath, homely } from "../../../core/paths.ts";
import { jsonWord, printable } from "../../../core/quote.ts";
import { matchingRepos } from "../../../core/repos.ts";
import {
  isApproved,
  knownPatterns,
  withoutApproval,
  withoutPatterns,
  withPatterns,
} from "../../../core/trust.ts";
import { SiloError, UsageError } from "../../../errors.ts";
import { readText } from "../../../sys/fs.ts";
import { gitFacts } from "../../../sys/git.ts";
import { place, type Place } from "../../../sys/place.ts";
import { resolved } from "../../../sys/links.ts";
import { readTrust, updateTrust } from "../../../sys/trust.ts";
import { log } from "../../../ui/log.ts";
import { print, say } from "../../../ui/print.ts";
import { table } from "../../../ui/table.ts";
import type { Action } from "../../command.ts";
import { approveText, askPlace, trustStore } from "../../trust.ts";
import { gitPlace, grantingPatterns } from "../../trust-patterns.ts";

/** `silo config trust`: approves, takes back, or lists. */
export const trust: Action = async ({ flags, words: [word] }) => {
  const here = place();
  const revoke = flags["revoke"] === true;
  if (flags["list"] === true) {
    if (revoke || word !== undefined) throw wrong("--list takes no path and no --revoke");
    return await list(here, flags["json"] === true);
  }
  if (flags["json"] === true) throw wrong("--json belongs to --list");
  if (revoke) await takeBack(here, word);
  else await approve(here, word);
  return 0;
};

function wrong(message: string): UsageError {
  return new UsageError(message, { hint: "silo config trust --help" });
}

/** The file that a word names: itself, or the one of a directory; known as runs know it. */
function fileNamed(word: string, { cwd, home, env }: Place): string {
  const named = absolutePath(word, cwd, home);
  const path = basename(named) === "silo.jsonc" ? named : fileIn(named);
  const directory = resolved(dirname(path));
  const file = directory === undefined ? path : fileIn(directory);
  if (file !== globalFile(home, env)) return file;
  throw new SiloError(`${homely(file, home)} is your own file and needs no approval`, {
    hint: "silo config trust   # approves those of the project",
  });
}

async function approve(here: Place, word: string | undefined): Promise<void> {
  const paths =
    word === undefined
      ? (await existingFiles(here, readText))
          .filter(({ global }) => !global)
          .map(({ path }) => path)
      : [fileNamed(word, here)];
  for (const path of paths) await approveFile(path, here);
  const patterns = word === undefined ? await approvePatterns(here) : 0;
  if (paths.length + patterns === 0) log.info("no project's silo.jsonc applies here");
}

async function approveFile(path: string, here: Place): Promise<void> {
  const name = homely(path, here.home);
  const text = await readText(path);
  if (text === undefined) throw new SiloError(`there is no ${name}`, { hint: "silo config paths" });
  const parsed = parseConfig(text);
  if ("problems" in parsed) {
    throw new SiloError(`${name} is not valid`, {
      detail: problemLines(parsed.problems, name),
      hint: "silo config edit",
    });
  }
  await approveText(path, text, here);
  tell(name, fileAsks(parsed.config, dirname(path), askPlace(here)));
}

/** Approves the repository patterns that apply here. @returns how many are new. */
async function approvePatterns(here: Place): Promise<number> {
  const config = mergeConfig(await loadFiles(here, readText), here.env);
  const granting = grantingPatterns(config, here);
  if (granting.size === 0) return 0;
  const git = await gitFacts(here.cwd, here.home, here.env);
  const matching = matchingRepos([...granting.keys()], git.remotes);
  const store = trustStore(here);
  const known = knownPatterns(await readTrust(store), gitPlace(here, git)) ?? matching;
  await updateTrust(store, (record) => withPatterns(record, gitPlace(here, git), matching));
  const added = matching.filter((pattern) => !known.includes(pattern));
  for (const pattern of added) tell(`repos ${jsonWord(pattern)} here`, granting.get(pattern) ?? []);
  return added.length;
}

function tell(what: string, asks: readonly Ask[]): void {
  const tail = asks.length === 0 ? "which asks for nothing" : "which asks for:";
  const lines = [`approved ${what}, ${tail}`, ...asks.map(({ text }) => `  ${text}`)];
  say(lines.map(printable).join("\n"));
}

async function takeBack(here: Place, word: string | undefined): Promise<void> {
  const files =
    word === undefined
      ? (await existingFiles(here, readText)).map(({ path }) => path)
      : [fileNamed(word, here)];
  let gone: readonly string[] = [];
  await updateTrust(trustStore(here), (record) => {
    gone = files.filter((path) => record.files[path] !== undefined);
    const without = gone.reduce(withoutApproval, record);
    return word === undefined ? withoutPatterns(without, here.cwd) : without;
  });
  for (const path of gone) log.info(`${homely(path, here.home)} is not approved any more`);
  if (gone.length === 0) log.info("no file here was approved");
}

async function list(here: Place, json: boolean): Promise<number> {
  const record = await readTrust(trustStore(here));
  const rows = await Promise.all(
    Object.keys(record.files)
      .toSorted()
      .map(async (file) => {
        const text = await readText(file).catch(() => undefined);
        const state =
          text === undefined ? "missing" : isApproved(record, file, text) ? "current" : "changed";
        return { file, state };
      }),
  );
  if (json) print(JSON.stringify(rows, undefined, 2));
  else if (rows.length === 0) say("nothing is approved");
  else {
    const cells = rows.map(({ file, state }) => [printable(homely(file, here.home)), state]);
    print(table(["FILE", "STATE"], cells));
  }
  return 0;
}
