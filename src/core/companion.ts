/** Something that lives beside a run and ends with it: a lock, staged files, a proxy. */
export type Companion = {
  /** Names it in the warning that its end has failed. */
  readonly name: string;
  /**
   * Opens it before the tool starts.
   * @param session is the id of the run's session.
   * @returns the function that closes it after the tool has ended, or undefined if there is nothing to close.
   * @throws SiloError where the tool must not start without it.
   */
  readonly open: (session: string) => Promise<Close | undefined>;
};

/** Closes a companion. @returns warnings. */
export type Close = () => Promise<readonly string[]>;
