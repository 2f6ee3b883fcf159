/**
 * Limit of CPU time, in ms, for work on a file that was crafted to be slow. Even on a slow machine the work takes a
 * fraction of it; without the limit under test it takes minutes.
 */
export const CPU_LIMIT_MS = 5_000;

/** CPU time of this process for some work, in ms. It hardly depends on the load of the machine. */
export async function cpuOf(work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
