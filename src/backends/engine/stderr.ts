/** How an engine speaks on standard error. */
export type Words = {
  /** How what it says of a refusal begins. */
  readonly lastWords: readonly string[];
  /** How lines begin that it may say before. */
  readonly remarks: readonly string[];
};

const NEWLINE = 10;

/**
 * Passes a tool's standard error through at once, byte for byte, but holds back what begins like the
 * engine's own message, until the exit code tells whose it is.
 */
export function holdEngineMessage(
  { lastWords, remarks }: Words,
  pass: (chunk: Uint8Array) => void,
): {
  readonly take: (chunk: Uint8Array) => void;
  /** What is held back, as text; it is the caller's to print or to explain. */
  readonly held: () => string;
  /** It was the tool's after all. */
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
    if (start === "" || begins(lastWords)) return;
    if (begins(remarks)) {
      const end = waiting.indexOf(NEWLINE) + 1;
      if (end === 0) return;
      pass(waiting.subarray(0, end));
      waiting = waiting.subarray(end);
      look();
    } else if (![...lastWords, ...remarks].some((word) => word.startsWith(start))) release();
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
