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

/** Something that can be approved, as it was read and is shown. */
export type Offer = {
  /** What is approved, and how the lines below it are to be read. */
  readonly what: string;
  readonly lines: readonly string[];
  readonly approve: (record: TrustRecord) => TrustRecord;
};

/** A project's file. @throws SiloError where it is not valid. */
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
    what: `${name}, which asks for${asks.length === 0 ? " nothing" : ":"}`,
    lines: asks.map((ask) => ask.text),
    approve: (record) => withApproval(record, path, text, mountsOf(asks)),
  };
}

/** The repository patterns that apply here and are not approved yet. */
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
    what: `repos ${jsonWord(one.pattern)} in ${displayPath(here.cwd, here.home)}, which asks for:`,
    lines: one.asks.map(({ text }) => text),
    approve: (last) => withApplying(last, [one], spot),
  }));
}

/** The files of the working directory that some tool runs or loads. */
export function toolOffers(here: HostEnvironment): readonly Offer[] {
  const found = new Map<string, ToolEntry>();
  for (const tool of TOOLS)
    for (const entry of toolEntries(tool, here)) found.set(entry.path, entry);
  return [...found.values()].flatMap((entry) => {
    const { path, unsteady } = entry;
    const [, ...lines] = entryLines(entry, "new", canAsk());
    const name = displayPath(`${here.cwd}/${path}`, here.home);
    if (unsteady !== undefined) {
      log.warn(`${name} is not approved: ${unsteady}, so each start asks`);
      return [];
    }
    return {
      what: `${name}, which tools run or load`,
      lines,
      approve: (record: TrustRecord) => withDigests(record, here.cwd, digests([entry])),
    };
  });
}
