/**
 * Limit of processor time, in ms, for work on a file made to take long. The work takes a fraction of it on a slow
 * machine; without the bound that the test is about, it takes minutes.
 */
export const CPU_LIMIT_MS = 5_000;

/** Processor time of this process that some work takes, in ms. Other programs on the machine hardly change it. */
export async function cpuOf(work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
