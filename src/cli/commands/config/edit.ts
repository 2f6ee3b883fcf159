import { exampleText } from "../../../config/example.ts";
import { candidates } from "../../../config/files.ts";
import { problemLines } from "../../../config/load.ts";
import { parseConfig } from "../../../config/parse.ts";
import { displayPath, xdgDirectories } from "../../../core/paths.ts";
import { printable } from "../../../core/text/quote.ts";
import { Cancelled, SiloError } from "../../../errors.ts";
import { editInPlace, editPrivately } from "../../../sys/files/edit-copy.ts";
import { openEditor } from "../../../sys/process/editor.ts";
import { readText } from "../../../sys/files/read.ts";
import { readEnvironment, type HostEnvironment } from "../../../sys/host/environment.ts";
import { log } from "../../../ui/log.ts";
import { canAsk, choose, confirm } from "../../../ui/prompts.ts";
import type { Action } from "../../grammar/command.ts";
import type { SCOPE_OPTIONS } from "../../grammar/options.ts";
import { existingPaths } from "../../../trust/read-files.ts";
import { approveText, needsNoApproval } from "../../../trust/approve.ts";
import { fileOf, schemaAddress, scopeOf, type ScopeOptions } from "./scope.ts";

/** An editor that returns this fast has forked, such as `code` without --wait. */
const FORKED_MS = 400;

/** `silo config edit`: opens a file in the user's editor and validates it. */
export const edit: Action<typeof SCOPE_OPTIONS> = async ({ options }) => {
  const here = readEnvironment();
  const path = await pickFile(options, here);
  const name = displayPath(path, here.home);
  const before = await readText(path);
  const scope = path === fileOf("global", here) ? "global" : "local";
  const start = before ?? exampleText(await schemaAddress(here), scope);
  // Checked before the edit, because saving a file must not approve earlier settings that were not approved.
  const wasTrusted = before === undefined || (await needsNoApproval(path, before, here));
  const draft =
    scope === "global"
      ? await editInPlace(path, start)
      : await editPrivately(path, before, start, xdgDirectories(here.home, here.env).state);
  const { text, problems } = await edited(draft.path, name, here).catch(async (error: unknown) => {
    const left = await readText(draft.path);
    if (left === undefined || left === start) await draft.discard();
    else await log.info(`your edit is kept in ${displayPath(draft.path, here.home)}`);
    throw error;
  });
  if (text === start) {
    await draft.discard();
    await log.info(`${name} is unchanged`);
  } else {
    await draft.save(text);
    if (scope === "local") await settleTrust(path, text, wasTrusted, here);
  }
  if (problems.length === 0) return 0;
  throw new SiloError(`${name} is not valid, so silo refuses to run`, {
    detail: problems,
    hint: "silo config edit",
  });
};

async function pickFile(options: ScopeOptions, here: HostEnvironment): Promise<string> {
  const scope = scopeOf(options);
  if (scope !== undefined) return fileOf(scope, here);
  const [global, local] = [fileOf("global", here), fileOf("local", here)];
  const existing = new Set(await existingPaths(here));
  const offered = candidates(here.cwd, here.home, here.env).filter(
    (path) => existing.has(path) || path === global || path === local,
  );
  return await choose(
    "Which file?",
    offered.map((path) => ({
      value: path,
      label: printable(displayPath(path, here.home)),
      ...(existing.has(path) ? {} : { hint: "new" }),
    })),
    "silo config edit --global   # or --local",
  );
}

type Edited = { readonly text: string; readonly problems: readonly string[] };

/** Opens the editor, and opens it again as long as the file is not valid and the user wants to fix it. */
async function edited(path: string, name: string, here: HostEnvironment): Promise<Edited> {
  for (;;) {
    const opened = performance.now();
    await openEditor(path, here.env);
    if (performance.now() - opened < FORKED_MS && canAsk()) {
      await log.info(
        "the editor returned at once; a graphical editor needs a flag to wait, such as code --wait",
      );
    }
    const text = await readText(path);
    if (text === undefined)
      throw new SiloError(`the editor deleted ${name}`, { hint: "silo config edit" });
    const parsed = parseConfig(text);
    const problems = "problems" in parsed ? problemLines(parsed.problems, name) : [];
    if (problems.length === 0 || !canAsk()) return { text, problems };
    await log.error(...problems);
    if (!(await wantsAgain())) return { text, problems };
  }
}

/** A cancelled prompt counts as no, so that the edit is kept. */
async function wantsAgain(): Promise<boolean> {
  try {
    return await confirm("The file is not valid. Open it again?", "silo config edit", true);
  } catch (error) {
    if (error instanceof Cancelled) return false;
    throw error;
  }
}

async function settleTrust(
  path: string,
  text: string,
  wasTrusted: boolean,
  here: HostEnvironment,
): Promise<void> {
  const name = displayPath(path, here.home);
  if (await needsNoApproval(path, text, here)) return;
  if (wasTrusted) {
    await approveText(path, text, here);
    await log.info(`${name} is approved as you saved it`);
  } else await log.warn(`${name} was not approved before you edited it; the next run will ask`);
}
