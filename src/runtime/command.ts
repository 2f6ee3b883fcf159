/** A process to start. Builders return it, `sys/process.ts` runs it, `showCommand` prints it. */
export type Cmd = {
  readonly bin: string;
  readonly args: readonly string[];
  /** Added to the child's environment; may hold secrets, so only the names are ever shown. */
  readonly env?: Readonly<Record<string, string>>;
  /** The environment is `env` alone: nothing of silo's own. */
  readonly bare?: boolean;
  /** Names that are taken out of the child's environment. */
  readonly without?: readonly string[];
  /** Written to its standard input, which is then closed. Without it the input is empty. */
  readonly stdin?: string | Uint8Array;
  readonly cwd?: string;
  /** Descriptors of silo's that the child gets as 3, 4, … */
  readonly files?: readonly number[];
  /** In a session of its own, where no key of the terminal reaches it. */
  readonly apart?: boolean;
};

/** How a process ended: its code, 128 + n after signal n. */
export type Exit = number;
