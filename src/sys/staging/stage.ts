import { basename } from "node:path";
import type { Patience } from "./displaced.ts";
import type { Spot } from "./kept.ts";

/** A host file of which a guest has a private copy. */
export type StagedFile = {
  /** Absolute, links resolved. */
  readonly host: string;
  /** The copy's name in its directory. Has no slash, so that no link made by the guest can lead out of it. */
  readonly name: string;
  readonly mode: "ro" | "rw";
};

/** The directories of a session's copies. Only `rw` and `ro` are mounted in the guest. */
export type Stage = {
  readonly state: string;
  readonly root: string;
  readonly files: readonly StagedFile[];
};

/** Interval of syncs, and how long to wait for writers. */
export type Pace = Patience & { readonly intervalMs: number };

export const PACE: Pace = { intervalMs: 250, quietMs: 60, graceMs: 10_000 };

/** @param state the XDG state directory. */
export function stageRoot(state: string, session: string): string {
  return `${state}/silo/staged/${session}`;
}

/** The mounts' files with names for their copies, in order. */
export function stagedFiles(
  files: readonly { readonly source: string; readonly mode: "ro" | "rw" }[],
): readonly StagedFile[] {
  return files.map(({ source, mode }, i) => ({
    host: source,
    mode,
    name: `${i}-${basename(source)}`,
  }));
}

/** Path of the copy that the guest reads and writes. */
export const copyOf = ({ root }: Stage, { mode, name }: StagedFile) => `${root}/${mode}/${name}`;
/** Path of the base: the content that both sides last agreed on. */
export const baseOf = ({ root }: Stage, { name }: StagedFile) => `${root}/base/${name}`;
/** Directory of the files that swaps displaced. */
export const keptIn = ({ root }: Stage) => `${root}/kept`;

/** The two sides of a staged file. The host file is replaced by a file next to it, on the same file system. */
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

/** The staged file to which a spot belongs. */
export function fileOfSpot({ files }: Stage, { key }: Spot): StagedFile | undefined {
  return files[Number.parseInt(key, 10)];
}
