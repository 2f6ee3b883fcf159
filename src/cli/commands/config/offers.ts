import { dirname } from "node:path";
import { parseFiles, problemLines } from "../../../config/load.ts";
import { mergeConfig } from "../../../config/merge.ts";
import { parseConfig } from "../../../config/parse.ts";
import { requestsOf } from "../../../trust/requests.ts";
import { displayPath } from "../../../core/paths.ts";
import { jsonWord } from "../../../core/text/quote.ts";
import { entryLines, type ToolEntry } from "../../../trust/tool-files.ts";
import { withApproval, withDigests, type TrustRecord } from "../../../trust/record.ts";
import { SiloError } from "../../../errors.ts";
import { gitFacts } from "../../../sys/git/facts.ts";
import type { HostEnvironment } from "../../../sys/host/environment.ts";
import { readTrust } from "../../../trust/store.ts";
import { TOOLS } from "../../../tools/index.ts";
import { log } from "../../../ui/log.ts";
import { canAsk } from "../../../ui/prompts.ts";
import { readFiles } from "../../../trust/read-files.ts";
import { mountsOf } from "../../../trust/requests.ts";
import { requestContext, trustStore } from "../../../trust/context.ts";
import {
  applyingHere,
  gitPlace,
  unapprovedPatterns,
  withApplying,
} from "../../../trust/repo-patterns.ts";
import { digests, toolEntries } from "../../../trust/approve-tool-files.ts";

/** Settings or files to approve. What is approved is the content that was read and is shown. */
export type Offer = {
  /** The heading of the lines. */
  readonly what: string;
  readonly lines: readonly string[];
  readonly approve: (record: TrustRecord) => TrustRecord;
};

/** The settings of a project's file. @throws SiloError if the file is not valid. */
export function fileOffer(path: string, text: string, here: HostEnvironment): Offer {
  const name = displayPath(path, here.home);
  const parsed = parseConfig(text);
  if ("problems" in parsed) {
    throw new SiloError(`${name} is not valid`, {
      detail: problemLines(parsed.problems, name),
      hint: "silo config edit",
    });
  }
  const asks = requestsOf(parsed.config, dirname(path), requestContext(here));
  return {
    what: asks.length === 0 ? `${name}, which requests nothing` : `${name}, which requests:`,
    lines: asks.map((ask) => ask.text),
    approve: (record) => withApproval(record, path, text, mountsOf(asks)),
  };
}

/** The repository patterns that apply in the working directory and are not approved yet. */
export async function patternOffers(here: HostEnvironment): Promise<readonly Offer[]> {
  const { files } = await readFiles(here);
  const config = mergeConfig(await parseFiles(files, here.home), here.env);
  if (Object.keys(config.repos).length === 0) return [];
  const git = await gitFacts(here.cwd, here.home, here.env);
  const applying = applyingHere(config, here, git);
  if (applying.every(({ asks }) => asks.length === 0)) return [];
  const spot = gitPlace(here, git);
  const record = await readTrust(trustStore(here));
  return unapprovedPatterns(applying, config, spot, here, record).map((one) => ({
    what: `repos ${jsonWord(one.pattern)} in ${displayPath(here.cwd, here.home)}, which requests:`,
    lines: one.asks.map(({ text }) => text),
    approve: (last) => withApplying(last, [one], spot),
  }));
}

/** The files of the working directory that a tool runs or loads. */
export async function toolOffers(here: HostEnvironment): Promise<readonly Offer[]> {
  const found = new Map<string, ToolEntry>();
  for (const tool of TOOLS)
    for (const entry of toolEntries(tool, here)) found.set(entry.path, entry);
  const named = (path: string) => displayPath(`${here.cwd}/${path}`, here.home);
  const unsteady = [...found.values()].flatMap(({ path, unsteady: why }) =>
    why === undefined ? [] : [`${named(path)} is not approved: ${why}, so each start asks`],
  );
  await log.warn(...unsteady);
  return [...found.values()]
    .filter((entry) => entry.unsteady === undefined)
    .map((entry) => {
      const [, ...lines] = entryLines(entry, "new", canAsk());
      return {
        what: `${named(entry.path)}, which tools run or load`,
        lines,
        approve: (record) => withDigests(record, here.cwd, digests([entry])),
      };
    });
}
