import { basename } from "node:path";
import type { Patience } from "./displaced.ts";
import type { Spot } from "./kept.ts";

/** A single file of the host of which a guest has a private copy. */
export type StagedFile = {
  /** Absolute, links resolved. */
  readonly host: string;
  /** The copy's name in its directory; never a path, so that no link of the guest's can lead out. */
  readonly name: string;
  readonly mode: "ro" | "rw";
};

/** Where a session's copies are. Only `rw` and `ro` are shown to the guest. */
export type Stage = {
  readonly state: string;
  readonly root: string;
  readonly files: readonly StagedFile[];
};

/** How often both sides are compared, and how long to wait for writers. */
export type Pace = Patience & { readonly intervalMs: number };

export const PACE: Pace = { intervalMs: 250, quietMs: 60, graceMs: 10_000 };

/** @param state the XDG state directory. */
export function stageRoot(state: string, session: string): string {
  return `${state}/silo/staged/${session}`;
}

/** Names for the copies of these files, in order. */
export function stagedFiles(
  files: readonly { readonly source: string; readonly mode: "ro" | "rw" }[],
): readonly StagedFile[] {
  return files.map(({ source, mode }, i) => ({
    host: source,
    mode,
    name: `${i}-${basename(source)}`,
  }));
}

/** What the guest reads and writes. */
export const copyOf = ({ root }: Stage, { mode, name }: StagedFile) => `${root}/${mode}/${name}`;
/** What both sides last agreed on. */
export const baseOf = ({ root }: Stage, { name }: StagedFile) => `${root}/base/${name}`;
/** What swaps displaced. */
export const keptIn = ({ root }: Stage) => `${root}/kept`;

/** The two sides of a staged file. The host's is replaced from beside it, as its file system demands. */
export function spotsOf(
  stage: Stage,
  file: StagedFile,
): { readonly host: Spot; readonly guest: Spot } {
  const index = stage.files.indexOf(file);
  const { host } = file;
  return {
    host: {
      path: host,
      key: `${index}.host`,
      aside: (id) => `${host}.silo-${id}`,
      wins: true,
      durable: true,
    },
    guest: {
      path: copyOf(stage, file),
      key: `${index}.guest`,
      aside: (id) => `${keptIn(stage)}/${id}`,
      wins: false,
      durable: false,
    },
  };
}

/** The staged file that a spot is a side of. */
export function fileOfSpot({ files }: Stage, { key }: Spot): StagedFile | undefined {
  return files[Number.parseInt(key, 10)];
}
