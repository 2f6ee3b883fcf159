/** The parts of an error besides its message. */
export type ErrorParts = {
  /** The command or setting that fixes it, ready to paste. */
  readonly hint?: string;
  /** Further lines, such as an engine's output, the end of a build log, or all problems of a file. */
  readonly detail?: readonly string[];
  /** Exit code of the process; 1 by default. */
  readonly exitCode?: number;
};

/** An expected failure, with its cause and its fix. It is printed without a stack trace. */
export class SiloError extends Error {
  readonly hint: string | undefined;
  readonly detail: readonly string[];
  readonly exitCode: number;

  constructor(message: string, parts: ErrorParts = {}) {
    super(message);
    this.name = "SiloError";
    this.hint = parts.hint;
    this.detail = parts.detail ?? [];
    this.exitCode = parts.exitCode ?? 1;
  }
}

/** A service that silo needs is installed but not running; `start` is the command line that starts it. */
export class ServiceNotRunning extends SiloError {
  readonly start: readonly [string, ...string[]];

  constructor(message: string, start: readonly [string, ...string[]]) {
    super(message, { hint: start.join(" ") });
    this.name = "ServiceNotRunning";
    this.start = start;
  }
}

/** An error in the command line; exits with 2. */
export class UsageError extends SiloError {
  constructor(message: string, parts: Omit<ErrorParts, "exitCode"> = {}) {
    super(message, { ...parts, exitCode: 2 });
    this.name = "UsageError";
  }
}

/** The user cancelled a prompt or interrupted a build; exits with 130 and prints nothing. */
export class Cancelled extends SiloError {
  constructor(message = "cancelled") {
    super(message, { exitCode: 130 });
    this.name = "Cancelled";
  }
}

/** The code of a system error (`ENOENT` …), or undefined for any other. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string"
    ? error.code
    : undefined;
}

/** Messages for errors of the file system, by errno(3). */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EDQUOT: "the disk quota is exceeded",
  EISDIR: "it is a directory",
  ELOOP: "too many levels of symbolic links",
  EMFILE: "too many open files",
  ENAMETOOLONG: "the name is too long",
  ENOENT: "it does not exist",
  ENOSPC: "the disk is full",
  ENOTDIR: "a part of the path is not a directory",
  EPERM: "the operation is not permitted",
  EROFS: "the file system is read-only",
};

/** An error as one line, with its hint in parentheses. */
export function errorLine(error: unknown): string {
  const hint = error instanceof SiloError ? error.hint : undefined;
  return hint === undefined ? errorText(error) : `${errorText(error)} (${hint})`;
}

/** The message of any thrown value; for a system error, the meaning of its code. */
export function errorText(error: unknown): string {
  const reason = REASONS[errorCode(error) ?? ""];
  if (reason !== undefined) return reason;
  return error instanceof Error ? error.message : String(error);
}
