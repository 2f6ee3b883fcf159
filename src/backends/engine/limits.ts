/** Default limit of processes in a guest: enough for a build with many jobs, too few to take the host down. */
export const DEFAULT_PROCESSES = 4096;
