/** Prefixes of an engine's own messages on standard error. */
export type StderrPrefixes = {
  /** Prefixes of messages about a refused run. */
  readonly failure: readonly string[];
  /** Prefixes of lines that the engine may print before such a message. */
  readonly noise: readonly string[];
};

const NEWLINE = 10;

/**
 * Passes a tool's standard error through immediately and unchanged, except for output that begins like a message of the
 * engine. That is held back until the exit code shows whether the engine or the tool wrote it.
 */
export function bufferEngineErrors(
  { failure, noise }: StderrPrefixes,
  pass: (chunk: Uint8Array) => void,
): {
  readonly take: (chunk: Uint8Array) => void;
  /** Returns the output that is held back. */
  readonly held: () => string;
  /** Passes on the output that was held back, because the tool wrote it. */
  readonly release: () => void;
} {
  const decoder = new TextDecoder();
  let waiting: Uint8Array = new Uint8Array();
  let open = false;
  const release = () => {
    if (waiting.length > 0) pass(waiting);
    waiting = new Uint8Array();
    open = true;
  };
  const look = () => {
    const start = decoder.decode(waiting);
    const begins = (words: readonly string[]) => words.some((word) => start.startsWith(word));
    if (start === "" || begins(failure)) return;
    if (begins(noise)) {
      const end = waiting.indexOf(NEWLINE) + 1;
      if (end === 0) return;
      pass(waiting.subarray(0, end));
      waiting = waiting.subarray(end);
      look();
    } else if (![...failure, ...noise].some((word) => word.startsWith(start))) release();
  };
  return {
    take: (chunk) => {
      if (open) return pass(chunk);
      waiting = Buffer.concat([waiting, chunk]);
      look();
    },
    held: () => decoder.decode(waiting),
    release,
  };
}
