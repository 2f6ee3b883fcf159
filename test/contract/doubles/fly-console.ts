/** `fly ssh console`: a process in the machine, connected to this one's streams as by an SSH channel. */
import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  existsSync,
  fstatSync,
  mkdirSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { on, one, shellWords, type Parsed } from "./fly-grammar.ts";
import {
  containerOf,
  docker,
  ENGINE,
  Failure,
  hits,
  knob,
  liveOf,
  machinesOf,
  state,
  stateOf,
  takeKnob,
  type Machine,
} from "./fly-state.ts";

/** Writes with retries, because another process may have made the pipe non-blocking. */
export function say(fd: 1 | 2, text: string): void {
  let rest = Buffer.from(text);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(fd, rest));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") return;
    }
  }
}

/** Selects the machine of a console among the running ones. */
function choose(parsed: Parsed, app: string): Machine {
  const machines = machinesOf(app);
  const live = liveOf(machines);
  const region = one(parsed, "region");
  const started = machines.filter(({ id }) => live.get(id)?.state === "started");
  const candidates = started.filter((machine) => region === "" || machine.region === region);
  if (started.length === 0)
    throw new Failure(
      `app ${app} has no started VMs.\nIt may be unhealthy or not have been deployed yet.\nTry the following command to verify:\n\nfly status`,
    );
  if (candidates.length === 0) throw new Failure(`app ${app} has no VMs in region ${region}`);
  const wanted = one(parsed, "machine");
  const found = candidates.find(({ id }) => id === wanted);
  if (wanted !== "" && found === undefined)
    throw new Failure(`--machine=${JSON.stringify(wanted)} not found/started`);
  if (on(parsed, "select"))
    throw new Failure(
      wanted === ""
        ? "selecting VM: prompt: non interactive"
        : "--machine can't be used with -s/--select",
    );
  const [first] = candidates;
  if (found === undefined && candidates.length > 1)
    say(1, `No machine specified, using ${first?.id} in region ${first?.region}\n`);
  return (found ?? first) as Machine;
}

/** Opens the tunnel. The first one of a world prints a line on stdout, before the command's output. */
function bringUpTunnel(): void {
  try {
    writeFileSync(join(state, "peer"), "", { flag: "wx" });
    say(
      1,
      'Creating WireGuard peer "interactive-agent-double-tester-example-com-1" in region "iad" for organization personal\n',
    );
  } catch {
    // The tunnel exists already.
  }
  if (knob("link-down") !== undefined)
    throw new Failure('tunnel unavailable: failed probing "personal": context deadline exceeded');
}

function connect(parsed: Parsed, { ip }: Machine): void {
  if (knob("cannot-ssh") !== undefined)
    throw new Failure(
      "create ssh certificate: Not authorized to access this issuesshcertificate (if you haven't created a key for your org yet, try `flyctl ssh issue`)",
    );
  const address = one(parsed, "address") || (parsed.words[0] ?? ip);
  if (!on(parsed, "quiet")) say(2, `Connecting to ${address}...\n`);
  if (hits("ssh-refused"))
    throw new Failure(
      `error connecting to SSH server: dial: connect tcp [${address}]:22: connection was refused`,
    );
}

function readsDevNull(): boolean {
  const stdin = fstatSync(0);
  return stdin.isCharacterDevice() && stdin.rdev === statSync("/dev/null").rdev;
}

/** A variable in the environment of the session that identifies its process group. */
const mark = `FLY_SSH_SESSION=${randomBytes(12).toString("hex")}`;

/** Sends SIGHUP to the session's process group, as sshd does when a connection is lost. */
function hangUp(id: string): void {
  // The first process of the session is the one whose parent is outside of the machine.
  const script = `for p in /proc/[0-9]*; do
    if grep -q '^PPid:[[:space:]]*0$' "$p/status" 2>/dev/null && grep -aq "$0" "$p/environ" 2>/dev/null; then
      kill -HUP "-\${p#/proc/}"; kill -CONT "-\${p#/proc/}"
    fi
  done`;
  docker(["exec", "--user=root", containerOf(id), "sh", "-c", script, mark]);
}

type Link = {
  readonly child: ChildProcess;
  /** Ends the connection like a network failure, without notice to either side. */
  readonly cut: () => void;
};

/** Passes bytes until a limit is reached, for both directions together. */
function pump(child: ChildProcess, limit: number, cut: () => void): void {
  let passed = 0;
  const pass = (from: Readable, to: Writable, close: boolean) => {
    from.on("data", (chunk: Buffer) => {
      const part = chunk.subarray(0, Math.max(0, limit - passed));
      passed += chunk.length;
      if (!to.write(part)) {
        from.pause();
        to.once("drain", () => from.resume());
      }
      if (passed >= limit) cut();
    });
    if (close) from.on("end", () => to.end());
    to.on("error", () => {});
  };
  pass(process.stdin, child.stdin as Writable, true);
  pass(child.stdout as Readable, process.stdout, false);
}

function open(machine: Machine, parsed: Parsed): { link: Link; wasCut: () => boolean } {
  const command = one(parsed, "command");
  const shell = ["sh", "/bin/sh", "bash", "/bin/bash"].includes(command) && !on(parsed, "pty");
  if (shell)
    say(
      1,
      "WARN Allocating a pseudo-terminal since the command provided is a shell. This behavior will change in the future; please use --pty explicitly if this is what you want.\n",
    );
  const pty = shell || command === "" || on(parsed, "pty");
  const argv = command === "" ? ["/bin/sh", "-l"] : shellWords(command);
  const limit = takeKnob("cut-after");
  const exec = [
    "docker",
    "exec",
    "--interactive",
    ...(pty ? ["--tty"] : []),
    `--user=${one(parsed, "user") || "root"}`,
    `--env=${mark}`,
    "--workdir=/",
    containerOf(machine.id),
    ...argv,
  ];
  // Docker allocates a terminal only if the client has one.
  const quote = (word: string) => `'${word.replaceAll("'", "'\\''")}'`;
  const local =
    pty && !process.stdin.isTTY
      ? ["script", "-qefc", exec.map(quote).join(" "), "/dev/null"]
      : exec;
  // The processes that pass the bytes must not outlive this one, even after SIGKILL.
  const child = spawn("setpriv", ["--pdeathsig=KILL", "--", ...local], {
    env: { ...ENGINE, TERM: process.env["TERM"] ?? "xterm" },
    stdio: limit === undefined ? "inherit" : ["pipe", "pipe", "inherit"],
  });
  let isCut = false;
  const cut = () => {
    isCut = true;
    child.kill("SIGKILL");
  };
  if (limit !== undefined) pump(child, Number(limit), cut);
  return { link: { child, cut }, wasCut: () => isCut };
}

/** Applies the knobs for open connections. */
function watch({ child, cut }: Link): ReturnType<typeof setInterval> {
  let silent = false;
  const look = () => {
    if (existsSync(join(state, "knobs/link-down"))) cut();
    const until = silentUntil();
    if (Date.now() < until !== silent) {
      silent = !silent;
      child.kill(silent ? "SIGSTOP" : "SIGCONT");
    }
  };
  look();
  return setInterval(look, 50);
}

/** Whether the connection is silent: for some seconds after the knob's file was written. */
function silentUntil(): number {
  try {
    const { mtimeMs } = statSync(join(state, "knobs/silent"));
    return mtimeMs + Number(knob("silent") ?? "0") * 1000;
  } catch {
    return 0;
  }
}

function record(): () => void {
  const file = join(state, "consoles", String(process.pid));
  mkdirSync(join(state, "consoles"), { recursive: true });
  writeFileSync(file, "");
  return () => rmSync(file, { force: true });
}

export async function sshConsole(parsed: Parsed, app: string): Promise<number> {
  const forget = record();
  process.on("exit", forget);
  bringUpTunnel();
  const machine = choose(parsed, app);
  connect(parsed, machine);
  if (readsDevNull()) await new Promise(() => setInterval(() => {}, 1 << 30));
  const { link, wasCut } = open(machine, parsed);
  let signalled = false;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.on(signal, () => {
      signalled = true;
      link.cut();
    });
  const watcher = watch(link);
  const code = await new Promise<number | undefined>((resolve) =>
    link.child.on("close", (exit) => resolve(exit ?? undefined)),
  );
  clearInterval(watcher);
  forget();
  if (signalled || wasCut()) hangUp(machine.id);
  if (signalled)
    throw new Failure(
      "ssh shell: session forcibly closed; the remote process may still be running",
    );
  if (wasCut() || code === undefined || (code !== 0 && stateOf(machine) !== "started"))
    throw new Failure("ssh shell: wait: remote command exited without exit status or exit signal");
  if (code !== 0) throw new Failure(`ssh shell: Process exited with status ${code}`);
  return 0;
}
