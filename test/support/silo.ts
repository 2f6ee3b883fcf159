import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { appendFileSync } from "node:fs";
import { constants } from "node:os";
import { SILO } from "./settings.ts";
import type { World } from "./world.ts";

/** The command line that runs silo as the world's user. */
export function siloCommand(world: World, args: readonly string[]): [string, string[]] {
  const words = [...(world.driver.commandLine?.(args) ?? args)];
  if (world.user === undefined) return [SILO, words];
  const { uid, gid } = world.user;
  const groups = `--groups=${gid},${dockerGroup()}`;
  return ["setpriv", [`--reuid=${uid}`, `--regid=${gid}`, groups, "--", SILO, ...words]];
}

function dockerGroup(): string {
  return spawnSync("stat", ["-c", "%g", "/var/run/docker.sock"], {
    encoding: "utf8",
  }).stdout.trim();
}

export type Result = { readonly code: number; readonly stdout: string; readonly stderr: string };

export type RunOptions = {
  readonly input?: string | Uint8Array;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
};

/** Runs silo without a TTY until it exits. */
export async function silo(
  world: World,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Result> {
  const child = startSilo(world, args, options);
  return await finished(child, options.input ?? "");
}

/** Starts silo without a TTY. */
export function startSilo(
  world: World,
  args: readonly string[],
  options: RunOptions = {},
): ChildProcess {
  const [bin, argv] = siloCommand(world, args);
  return spawn(bin, argv, {
    cwd: options.cwd ?? world.project,
    env: { ...world.env, ...options.env },
    stdio: ["pipe", "pipe", "pipe"],
  });
}

/** A child's output and exit code (128 + n after a signal). */
export async function finished(
  child: ChildProcess,
  input: string | Uint8Array = "",
): Promise<Result> {
  const chunks = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  child.stdout?.on("data", (chunk: Buffer) => chunks.stdout.push(chunk));
  child.stderr?.on("data", (chunk: Buffer) => chunks.stderr.push(chunk));
  child.stdin?.on("error", () => {});
  child.stdin?.end(input);
  const code = await new Promise<number>((resolve) =>
    child.on("close", (exit, signal) =>
      resolve(exit ?? 128 + constants.signals[signal ?? "SIGKILL"]),
    ),
  );
  const text = (list: Buffer[]) => Buffer.concat(list).toString("utf8");
  const result = { code, stdout: text(chunks.stdout), stderr: text(chunks.stderr) };
  note(child.spawnargs, result);
  return result;
}

/** Logs the output of every silo process; `run.sh` prints the end of the log when a test fails. */
function note(argv: readonly string[], { code, stderr }: Result): void {
  const file = process.env["SILO_TEST_LOG"];
  if (file === undefined || stderr === "") return;
  const words = argv.slice(1).join(" ").slice(0, 120).replaceAll("\n", " ");
  appendFileSync(file, `${new Date().toISOString()} silo ${words}: ${code}\n${stderr}\n`);
}

/** `silo codex -- probe <script>`. */
export function probe(
  world: World,
  script: string,
  options: RunOptions & { flags?: string[]; args?: string[] } = {},
): Promise<Result> {
  return silo(
    world,
    ["codex", ...(options.flags ?? []), "--", "probe", script, ...(options.args ?? [])],
    options,
  );
}

/** Runs docker directly, to check what silo did. */
export function docker(...args: readonly string[]): string {
  const { stdout, stderr, status } = spawnSync("docker", args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`docker ${args.join(" ")}: ${stderr}`);
  return stdout.trim();
}
