import { mkdir, stat, writeFile } from "node:fs/promises";
import { flyFolder } from "../../fly/flyctl.ts";
import { pause, type Here } from "../link/link.ts";
import { flush, resumeSyncs, syncSessions } from "./mutagen.ts";
import { filesOf, type Record } from "../record.ts";
import { judge, type Change, type Held, type Verdict } from "./sessions.ts";
import { askMachine, remoteWords } from "../link/ssh.ts";

/** One flush may hang on a link that is dead. */
const FLUSH_MS = 120_000;

/** What does not change in so many tries on a link that stands will not change by itself. */
const STUCK = 3;

/**
 * Brings everything home and judges whether it is.
 * @param patienceMs how long a machine that cannot be reached, or files that move, are tried again.
 */
export async function bringHome(here: Here, id: string, patienceMs: number): Promise<Verdict> {
  const end = performance.now() + patienceMs;
  for (let tries = 1; ; tries += 1) {
    const left = Math.max(5000, Math.min(FLUSH_MS, end - performance.now()));
    const said = await flush(here, id, left);
    const sessions = await syncSessions(here, id);
    const found = judge(sessions);
    const verdict: Verdict =
      said === "" || found.problems.length > 0
        ? found
        : { ...found, problems: [`the files could not be brought home: ${said}`] };
    const linked = sessions.every(({ alpha, beta }) => alpha.connected && beta.connected);
    // One that mutagen halts to save files is for the user to settle.
    const halted = sessions.some(({ status }) => status.startsWith("halted"));
    const again = found.passing || (said !== "" && !halted && !(linked && tries >= STUCK));
    if (!again || performance.now() > end) return verdict;
    // By itself mutagen looks for a lost link every fifteen seconds; asked, it does so at once.
    if (!linked) await resumeSyncs(here, id);
    await pause(1000);
  }
}

export const isHome = ({ conflicts, problems }: Verdict) =>
  conflicts.length === 0 && problems.length === 0;

function sideText(changes: readonly Change[]): string {
  const kinds = changes.map((change) => change.new?.kind ?? (change.new ? "changed" : "deleted"));
  return kinds.includes("deleted") && kinds.every((kind) => kind === "deleted")
    ? "deleted"
    : "changed";
}

const full = (root: string, path: string) => (path === "" ? root : `${root}/${path}`);

/** When each side was changed, for people. */
async function times(here: Here, id: string, { local, remote, here: own, there }: Held) {
  const time = (seconds: number) => new Date(seconds * 1000).toLocaleString("sv-SE");
  const path = full(local, own[0]?.path ?? "");
  const ours = await stat(path).then(
    ({ mtimeMs }) => ` ${time(mtimeMs / 1000)}`,
    () => "",
  );
  const words = ["stat", "-c", "%Y", "--", full(remote, there[0]?.path ?? "")];
  const answer = await askMachine(filesOf(here.state, id), id, words, { timeoutMs: 15_000 });
  const theirs = answer.code === 0 ? ` ${time(Number(answer.stdout))}` : "";
  return { ours, theirs };
}

/** Every conflict with both its sides, and every problem, a line each. */
export async function heldLines(
  here: Here,
  id: string,
  { conflicts, problems }: Verdict,
): Promise<readonly string[]> {
  const lines = conflicts.map(async (held) => {
    const { ours, theirs } = await times(here, id, held);
    const path = full(held.local, held.here[0]?.path ?? held.there[0]?.path ?? "");
    return `${path}: ${sideText(held.here)} here${ours}, ${sideText(held.there)} on the machine${theirs}`;
  });
  return [...(await Promise.all(lines)), ...problems];
}

/** What holds a machine, in few words. */
export function heldText({ conflicts, problems }: Verdict): string {
  const count = (n: number, what: string) => (n === 0 ? [] : [`${n} ${what}${n === 1 ? "" : "s"}`]);
  return [...count(conflicts.length, "conflict"), ...count(problems.length, "problem")].join(", ");
}

async function copyOut(
  here: Here,
  id: string,
  words: readonly string[],
  to: string,
): Promise<boolean> {
  const answer = await askMachine(filesOf(here.state, id), id, [
    "bash",
    "-o",
    "pipefail",
    "-c",
    `${remoteWords(words)} | base64 -w 0`,
  ]);
  if (answer.code !== 0) return false;
  await writeFile(to, Buffer.from(answer.stdout, "base64"), { flag: "wx", mode: 0o600 });
  return true;
}

/** A path that does not exist yet. */
async function unused(path: string): Promise<string> {
  for (let i = 0; ; i += 1) {
    const candidate = i === 0 ? path : `${path}-${i}`;
    if ((await stat(candidate).catch(() => undefined)) === undefined) return candidate;
  }
}

/** Saves the machine's side of each conflict beside the host's, which stays. @returns what was saved, or could not be. */
export async function saveBeside(
  here: Here,
  id: string,
  conflicts: readonly Held[],
): Promise<{ readonly saved: readonly string[]; readonly failed: readonly string[] }> {
  const saved: string[] = [];
  const failed: string[] = [];
  for (const { local, remote, there } of conflicts) {
    for (const change of there.filter((one) => one.new)) {
      const isFile = change.new?.kind === "file";
      const from = full(remote, change.path);
      const to = await unused(`${full(local, change.path)}.silo-remote${isFile ? "" : ".tar"}`);
      const words = isFile
        ? ["cat", "--", from]
        : ["tar", "-cf", "-", "-C", "/", "--", from.slice(1)];
      const done = await copyOut(here, id, words, to).catch(() => false);
      (done ? saved : failed).push(done ? to : from);
    }
  }
  return { saved, failed };
}

/** Saves the machine's side of what a tool keeps for itself. @returns a line for the user, where there was anything. */
export async function saveToolSide(
  here: Here,
  record: Record,
  { toolConflicts }: Verdict,
): Promise<readonly string[]> {
  const paths = toolConflicts.flatMap(({ remote, there }) =>
    there.filter((one) => one.new).map(({ path }) => full(remote, path).slice(1)),
  );
  if (paths.length === 0) return [];
  const folder = `${flyFolder(here.state)}/kept`;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const to = await unused(`${folder}/${record.name}.tar`);
  const done = await copyOut(
    here,
    record.id,
    ["tar", "-cf", "-", "-C", "/", "--", ...paths],
    to,
  ).catch(() => false);
  const what = `${record.tool}'s own files were changed here and on the machine; yours stay`;
  return [
    done ? `${what}, the machine's are in ${to}` : `${what}, the machine's could not be saved`,
  ];
}
