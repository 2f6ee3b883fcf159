/** A process to start. Builders return it, `sys/process/process.ts` runs it, `showCommand` prints it. */
export type Cmd = {
  readonly bin: string;
  readonly args: readonly string[];
  /** Added to the child's environment; values may be secrets, so only the names are ever shown. */
  readonly env?: Readonly<Record<string, string>>;
  /** Starts the child with `env` alone, without silo's own environment (env -i). */
  readonly cleanEnv?: boolean;
  /** Names removed from the child's environment (env -u). */
  readonly unsetEnv?: readonly string[];
  /** Written to its standard input, which is then closed; empty input by default. */
  readonly stdin?: string | Uint8Array;
  readonly cwd?: string;
  /** silo's own file descriptors, passed to the child as 3, 4, … */
  readonly files?: readonly number[];
  /** Starts the child in a new session, so that no key typed on the terminal signals it (setsid(2)). */
  readonly newSession?: boolean;
};

/** Exit status of a process: its exit code, or 128 + n if signal n ended it. */
export type Exit = number;
