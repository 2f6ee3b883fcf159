import { capture, ProgramMissing, type Captured } from "./process.ts";

/** Long enough for a slow machine; an engine that hangs takes for ever. */
const LIMIT_MS = 5_000;
const KILLED = 137;

/** What a program answers when it is asked how it is. */
export type ProbeResult = Captured | "missing" | "silent";

/** Asks a program, but waits for no more than five seconds. */
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
