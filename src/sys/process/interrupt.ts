const INTERRUPTS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Runs work that SIGINT, SIGTERM and SIGHUP abort through its signal instead of killing silo at once. */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const abort = () => controller.abort();
  for (const name of INTERRUPTS) process.on(name, abort);
  try {
    return await work(controller.signal);
  } finally {
    for (const name of INTERRUPTS) process.off(name, abort);
  }
}
