import { mkdir } from "node:fs/promises";

/** silo's own state on this laptop: where a provider's files are, and whose they are. */
export type LocalState = {
  /** The user's state directory (XDG_STATE_HOME), which holds the locks of all backends. */
  readonly state: string;
  /** The provider's own directory below it. */
  readonly folder: string;
  readonly uid: number;
};

/** An empty working directory for programs that read configuration from where they start. */
export const emptyFolder = ({ folder }: Pick<LocalState, "folder">) => `${folder}/empty`;

/** Creates the empty working directory. */
export async function makeEmptyFolder(local: Pick<LocalState, "folder">): Promise<void> {
  await mkdir(emptyFolder(local), { recursive: true, mode: 0o700 });
}
