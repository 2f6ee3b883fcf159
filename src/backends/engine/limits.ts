/** Default process limit of a guest: enough for a parallel build, too few to exhaust the host. */
export const DEFAULT_PROCESSES = 4096;
