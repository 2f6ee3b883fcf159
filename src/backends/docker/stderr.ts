/** The engine's own last words begin so; podman's with `Error: `. */
const ENGINE = /^(docker: |Error: |Unable to find image)/;
const LONGEST = 20;

/**
 * Passes a tool's standard error through at once, byte for byte, but holds back what begins like the
 * engine's own message, until the exit code tells whose it is.
 */
export function holdEngineMessage(pass: (chunk: Uint8Array) => void): {
  readonly take: (chunk: Uint8Array) => void;
  /** What is held back, as text; it is the caller's to print or to explain. */
  readonly held: () => string;
  /** It was the tool's after all. */
  readonly release: () => void;
} {
  const decoder = new TextDecoder();
  let chunks: Uint8Array[] = [];
  let open = false;
  const text = () => decoder.decode(Buffer.concat(chunks));
  const release = () => {
    for (const chunk of chunks) pass(chunk);
    chunks = [];
    open = true;
  };
  return {
    take: (chunk) => {
      if (open) return pass(chunk);
      chunks.push(chunk);
      const start = text();
      const undecided =
        start.length < LONGEST &&
        !start.includes("\n") &&
        "docker: Error: Unable".includes(start.slice(0, 7));
      if (!ENGINE.test(start) && !undecided) release();
    },
    held: text,
    release,
  };
}
