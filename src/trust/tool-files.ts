import { sha256 } from "../runtime/bun.ts";
import { jsonWord } from "../core/text/quote.ts";
import { commandsIn } from "./tool-commands.ts";

/** A file, link or anything else below an entry of a tool's `projectFiles`. */
export type ToolFile = {
  /** Relative to the working directory. */
  readonly path: string;
  readonly kind: "file" | "link" | "unreadable" | "special";
  /** The hash of a file's content, or the target of a link. */
  readonly content: string;
  readonly size?: number;
  /** The content of a small settings file, for the commands to show. */
  readonly text?: string;
};

/** An entry of a tool's `projectFiles` as it is on disk. */
export type ToolEntry = {
  /** Relative to the working directory. */
  readonly path: string;
  readonly files: readonly ToolFile[];
  /** Hash of the names, kinds and contents of all files. */
  readonly digest: string;
  /** Why an approval cannot be kept for the next start; undefined if it can. */
  readonly unsteady: string | undefined;
};

/** The digest of files, in any order. */
export function digestOf(files: readonly ToolFile[]): string {
  const lines = files.map(({ path, kind, content }) => JSON.stringify([path, kind, content]));
  return sha256(lines.toSorted().join("\n"));
}

/** How an entry compares with its approval. */
export type EntryState = "new" | "changed";

const STATES: Readonly<Record<EntryState, string>> = {
  new: "not approved yet",
  changed: "changed since it was approved",
};

/** Limit of lines for one entry, because people do not read more. */
const MOST_LINES = 30;

/** A path on one line; quoted if it has unusual characters. */
const word = (path: string) => (/^[\w@%+=,./-]+$/.test(path) ? path : jsonWord(path));

/**
 * Lines that describe an entry, the files nearest to it first.
 * @param commands whether to show the commands in settings; on a terminal only, because they may have secrets.
 */
export function entryLines(
  entry: ToolEntry,
  state: EntryState,
  commands: boolean,
): readonly string[] {
  const { path, files, unsteady } = entry;
  const reason = unsteady === undefined ? [] : [`  ${unsteady}, so silo asks at each start`];
  const alone = files.length === 1 && files[0]?.path === path ? files[0] : undefined;
  const size = alone === undefined ? countText(files.length) : fileText(alone);
  const depth = (file: ToolFile) => file.path.split("/").length;
  const lines = files
    .toSorted((a, b) => depth(a) - depth(b) || (a.path < b.path ? -1 : 1))
    .flatMap((file) => [
      ...(file === alone ? [] : [`  ${word(file.path)}: ${fileText(file)}`]),
      ...(commands ? commandsIn(file.path, file.text ?? "").map((line) => `    ${line}`) : []),
    ]);
  const hidden = lines.length - MOST_LINES;
  const rest = hidden > 0 ? [`  and ${hidden} more lines; look at ${word(path)}`] : [];
  return [
    `${word(path)}: ${size}, ${STATES[state]}`,
    ...reason,
    ...lines.slice(0, MOST_LINES),
    ...rest,
  ];
}

const countText = (count: number) => (count === 1 ? "1 file" : `${count} files`);

function fileText({ kind, content, size }: ToolFile): string {
  if (kind === "link") return `a link to ${jsonWord(content)}`;
  if (kind === "unreadable") return "not readable";
  if (kind === "special") return "not a regular file";
  return size === 1 ? "1 byte" : `${size ?? 0} bytes`;
}
