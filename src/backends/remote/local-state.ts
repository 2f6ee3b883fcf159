import { mkdir } from "node:fs/promises";

/** silo's own state on this laptop: the directories of a provider's files, and their owner. */
export type LocalState = {
  /** The user's state directory (XDG_STATE_HOME), which holds the locks of all backends. */
  readonly state: string;
  /** The provider's own directory below it. */
  readonly folder: string;
  readonly uid: number;
};

/** An empty working directory, for programs that read configuration from their working directory. */
export const emptyFolder = ({ folder }: Pick<LocalState, "folder">) => `${folder}/empty`;

/** Creates the empty working directory. */
export async function makeEmptyFolder(local: Pick<LocalState, "folder">): Promise<void> {
  await mkdir(emptyFolder(local), { recursive: true, mode: 0o700 });
}
