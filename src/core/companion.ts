/** A resource that is opened for a run and closed after it: a lock, staged files, a proxy. */
export type Companion = {
  /** Name for the warning about a failed close. */
  readonly name: string;
  /**
   * Opens it before the tool starts.
   * @param session the id of the run's session.
   * @returns the function that closes it after the tool has ended, or undefined if there is nothing to close.
   * @throws SiloError if the tool must not start without it.
   */
  readonly open: (session: string) => Promise<Close | undefined>;
};

/** Closes a companion. @returns warnings. */
export type Close = () => Promise<readonly string[]>;
