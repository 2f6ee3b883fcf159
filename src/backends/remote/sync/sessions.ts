import type { SyncKind } from "./layout.ts";

/** A change that mutagen found on one side; `new` is what is there now, nothing where it was deleted. */
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

/** A session as `mutagen sync list --template '{{ json . }}'` tells it (pkg/api/models/synchronization, 0.18). */
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

/** What stands in the way of destroying a machine, and what is told besides. */
export type Verdict = {
  /** Both sides changed the same thing, and neither may go. */
  readonly conflicts: readonly Held[];
  /** What a tool keeps for itself, changed on both sides: the host's stays, the machine's is saved. */
  readonly toolConflicts: readonly Held[];
  /** Why a session is not at its end: halted, disconnected, or something could not be written. */
  readonly problems: readonly string[];
  /** Worth another try: a file moved while it was copied. */
  readonly passing: boolean;
};

/** A path in conflict, with both roots. */
export type Held = {
  readonly session: SyncSession;
  readonly local: string;
  readonly remote: string;
  readonly here: readonly Change[];
  readonly there: readonly Change[];
};

export function kindOf({ labels }: SyncSession): SyncKind {
  const kind = labels?.["silo-kind"];
  return kind === "git" || kind === "tool" || kind === "ro" ? kind : "work";
}

/** The host's side: a git directory's is the second, since the machine's goes first. */
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

const PASSING = /unable to locate staged file|modification detected/i;

function heldIn(session: SyncSession): readonly Held[] {
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
    return [`${local.path}: the machine cannot be reached${reason(session)}`];
  return [
    ...(local.transitionProblems ?? []).map(
      ({ path, error }) => `here ${local.path}/${path}: ${error}`,
    ),
    ...(remote.transitionProblems ?? []).map(
      ({ path, error }) => `on the machine ${remote.path}/${path}: ${error}`,
    ),
  ];
}

const reason = ({ lastError }: SyncSession) => (lastError === undefined ? "" : ` (${lastError})`);

/**
 * Whether everything is home. A flush succeeds in spite of conflicts and of what could not be written, so this is
 * asked after it. What only a tool keeps for itself never holds a machine; what is read-only has nothing to bring.
 */
export function judge(sessions: readonly SyncSession[]): Verdict {
  const held = sessions.flatMap(heldIn);
  const isTool = ({ session }: Held) => kindOf(session) === "tool";
  const counted = sessions.filter((session) => !["ro", "tool"].includes(kindOf(session)));
  const problems = counted.flatMap(problemsOf);
  const moving = sessions.flatMap(problemsOf).some((problem) => PASSING.test(problem));
  return {
    conflicts: held.filter((one) => !isTool(one) && kindOf(one.session) !== "ro"),
    toolConflicts: held.filter(isTool),
    problems,
    passing: moving,
  };
}

/** What the first copy could not do, of every session: a tool must not start with half of its files. */
export function uncopied(sessions: readonly SyncSession[]): {
  readonly problems: readonly string[];
  readonly passing: boolean;
} {
  const problems = sessions.flatMap(problemsOf);
  return { problems, passing: problems.some((problem) => PASSING.test(problem)) };
}

/** How far the first copy has come: `12,034 files, 45 MB`. */
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
