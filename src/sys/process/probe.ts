import { capture, ProgramMissing, type Captured } from "./process.ts";

/** Timeout of a probe, long enough for a slow machine. */
const LIMIT_MS = 5_000;
const KILLED = 137;

/** The result of a probe; "silent" after a timeout. */
export type ProbeResult = Captured | "missing" | "silent";

/** Runs a command with a 5 s timeout. */
export async function probe(bin: string, args: readonly string[]): Promise<ProbeResult> {
  try {
    const start = performance.now();
    const answer = await capture({ bin, args }, LIMIT_MS);
    return answer.code === KILLED && performance.now() - start >= LIMIT_MS ? "silent" : answer;
  } catch (error) {
    if (error instanceof ProgramMissing) return "missing";
    throw error;
  }
}
