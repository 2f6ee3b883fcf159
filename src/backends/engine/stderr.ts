/** Prefixes of an engine's own messages on standard error. */
export type StderrPrefixes = {
  /** Prefixes of the message of a run that the engine refused. */
  readonly failure: readonly string[];
  /** Prefixes of lines that it may print before that message. */
  readonly noise: readonly string[];
};

const NEWLINE = 10;

/**
 * Passes a tool's standard error through unchanged and at once, but holds back output that begins like a message of the
 * engine, until the exit code shows which of the two wrote it.
 */
export function bufferEngineErrors(
  { failure, noise }: StderrPrefixes,
  pass: (chunk: Uint8Array) => void,
): {
  readonly take: (chunk: Uint8Array) => void;
  /** The output that is held back, as text; the caller prints or explains it. */
  readonly held: () => string;
  /** Passes on what was held back, because the tool wrote it. */
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
