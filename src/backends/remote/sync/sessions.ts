import type { SyncKind } from "./layout.ts";

/** A change on one side; `new` is the current content, absent if the path was deleted. */
export type Change = {
  readonly path: string;
  readonly new?: { readonly kind?: string } | null;
};

export type Conflict = {
  readonly root: string;
  readonly alphaChanges: readonly Change[];
  readonly betaChanges: readonly Change[];
};

type Problem = { readonly path: string; readonly error: string };

type Endpoint = {
  readonly path: string;
  readonly connected: boolean;
  readonly files?: number;
  readonly totalFileSize?: number;
  readonly scanProblems?: readonly Problem[];
  readonly transitionProblems?: readonly Problem[];
  readonly excludedTransitionProblems?: number;
  readonly stagingProgress?: {
    readonly receivedFiles?: number;
    readonly expectedFiles?: number;
    readonly totalReceivedSize?: number;
  };
};

/** A session as printed by `mutagen sync list --template '{{ json . }}'` (pkg/api/models/synchronization, 0.18). */
export type SyncSession = {
  readonly identifier: string;
  readonly name?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly status: string;
  readonly lastError?: string;
  readonly successfulCycles?: number;
  readonly paused: boolean;
  readonly alpha: Endpoint;
  readonly beta: Endpoint;
  readonly conflicts?: readonly Conflict[];
  readonly excludedConflicts?: number;
};

/** Whether a machine may be destroyed: `conflicts` and `problems` keep it. */
export type SyncStatus = {
  /** Paths that were changed on both sides; neither version may be lost. */
  readonly conflicts: readonly SyncConflict[];
  /** A tool's own files that were changed on both sides: the host's version is kept, and the machine's is saved. */
  readonly toolConflicts: readonly SyncConflict[];
  /** Reasons why a session is incomplete: halted, disconnected, or a file could not be written. */
  readonly problems: readonly string[];
  /** Whether a retry may succeed, because a file changed while it was copied. */
  readonly transient: boolean;
};

/** A path in conflict, with the roots and changes of both sides. */
export type SyncConflict = {
  readonly session: SyncSession;
  readonly local: string;
  readonly remote: string;
  readonly here: readonly Change[];
  readonly there: readonly Change[];
};

/** The kind of a session, from its label. */
export function kindOf({ labels }: SyncSession): SyncKind {
  const kind = labels?.["silo-kind"];
  return kind === "git" || kind === "tool" || kind === "ro" ? kind : "work";
}

/** The two sides of a session. For a git directory the machine is alpha, because alpha wins conflicts. */
export function sidesOf(session: SyncSession): { local: Endpoint; remote: Endpoint } {
  return kindOf(session) === "git"
    ? { local: session.beta, remote: session.alpha }
    : { local: session.alpha, remote: session.beta };
}

const HALTED: Readonly<Record<string, string>> = {
  "halted-on-root-emptied": "everything in it was deleted on one side",
  "halted-on-root-deletion": "it was deleted on one side",
  "halted-on-root-type-change": "it became a file on one side, and a directory on the other",
};

/** Matches errors of a file that changed while it was copied. */
const TRANSIENT = /unable to locate staged file|modification detected/i;

function conflictsOf(session: SyncSession): readonly SyncConflict[] {
  const { local, remote } = sidesOf(session);
  return (session.conflicts ?? []).map((conflict) => {
    const [here, there] =
      local === session.alpha
        ? [conflict.alphaChanges, conflict.betaChanges]
        : [conflict.betaChanges, conflict.alphaChanges];
    return { session, local: local.path, remote: remote.path, here, there };
  });
}

function problemsOf(session: SyncSession): readonly string[] {
  const { local, remote } = sidesOf(session);
  const halted = HALTED[session.status];
  if (halted !== undefined) return [`${local.path}: ${halted}`];
  if (!session.alpha.connected || !session.beta.connected)
    return [`${local.path}: the machine is not reachable${reason(session)}`];
  return [
    ...(local.transitionProblems ?? []).map(
      ({ path, error }) => `on this laptop ${local.path}/${path}: ${error}`,
    ),
    ...(remote.transitionProblems ?? []).map(
      ({ path, error }) => `on the machine ${remote.path}/${path}: ${error}`,
    ),
  ];
}

const reason = ({ lastError }: SyncSession) => (lastError === undefined ? "" : ` (${lastError})`);

/**
 * Whether all changes are synced back. `mutagen sync flush` succeeds despite conflicts and files that could not be
 * written, so check afterwards. A tool's own files never keep a machine, and read-only paths have no changes.
 */
export function syncStatus(sessions: readonly SyncSession[]): SyncStatus {
  const conflicts = sessions.flatMap(conflictsOf);
  const isTool = ({ session }: SyncConflict) => kindOf(session) === "tool";
  const counted = sessions.filter((session) => !["ro", "tool"].includes(kindOf(session)));
  const problems = counted.flatMap(problemsOf);
  const moving = sessions.flatMap(problemsOf).some((problem) => TRANSIENT.test(problem));
  return {
    conflicts: conflicts.filter((one) => !isTool(one) && kindOf(one.session) !== "ro"),
    toolConflicts: conflicts.filter(isTool),
    problems,
    transient: moving,
  };
}

/** The problems of the first copy in all sessions, including tool files and read-only paths, because the tool needs all files. */
export function uncopied(sessions: readonly SyncSession[]): {
  readonly problems: readonly string[];
  readonly transient: boolean;
} {
  const problems = sessions.flatMap(problemsOf);
  return { problems, transient: problems.some((problem) => TRANSIENT.test(problem)) };
}

/** Progress of the first copy: `12,034 files, 45 MB`. */
export function progressText(sessions: readonly SyncSession[]): string {
  const received = sessions
    .flatMap(({ alpha, beta }) => [alpha, beta])
    .map((end) => end.stagingProgress);
  const sum = (pick: (progress: NonNullable<(typeof received)[number]>) => number | undefined) =>
    received.reduce((total, one) => total + (one === undefined ? 0 : (pick(one) ?? 0)), 0);
  const [done, all] = [sum((one) => one.receivedFiles), sum((one) => one.expectedFiles)];
  if (all === 0) return "";
  const size = sum((one) => one.totalReceivedSize) / 1_000_000;
  const count = (value: number) => value.toLocaleString("en-US");
  return `${count(done)} of ${count(all)} files, ${count(Math.round(size))} MB`;
}
