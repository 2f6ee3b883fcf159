/**
 * A strict double of flyctl's `fly` (the grammar is in fly-grammar.ts). It refuses everything that the real version does
 * not support, has its errors, and runs each machine as a container on the real Docker engine.
 *
 * DOUBLE_STATE   directory of its state; set by a wrapper, since silo starts fly with a clean environment
 *   `knobs/NAME`       simulates a failure, also for running commands
 *   `secret`           a text that must not be in an argument or a machine's config: else exit 99, and a file `leaked`
 *   `calls.jsonl`      every call: argv, cwd, the names in its environment, and the app configs in its cwd
 *   `consoles/PID`     the open consoles
 */
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
} from "node:fs";
import { createServer, type Socket } from "node:net";
import { spawn } from "node:child_process";
import { join, resolve } from "node:path";
import { say, sshConsole } from "./fly-console.ts";
import { deploy } from "./fly-deploy.ts";
import { Help, on, one, parse, Usage, type Parsed } from "./fly-grammar.ts";
import {
  asJson,
  destroyAll,
  exec,
  hasSecret,
  list,
  mustNotLeak,
  REGIONS,
  run,
  startAll,
  status,
  stopAll,
  wait,
} from "./fly-machine.ts";
import {
  addApp,
  appExists,
  appNames,
  containerOf,
  ENGINE,
  Failure,
  knob,
  machinesOf,
  removeApp,
  state,
  stateOf,
} from "./fly-state.ts";

const truthy = (name: string) => /^(1|ok|t|true)$/i.test(process.env[name] ?? "");
const asksJson = (parsed: Parsed) => on(parsed, "json") || truthy("FLY_JSON");

// The app.

const PARSERS: Readonly<Record<string, (text: string) => unknown>> = {
  toml: (text) => Bun.TOML.parse(text),
  json: (text) => JSON.parse(text) as unknown,
  yaml: (text) => Bun.YAML.parse(text),
};

function loadConfig(path: string): { app?: string } | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined || found.isDirectory()) return undefined;
  const read = PARSERS[path.split(".").at(-1) ?? ""] ?? ((text) => Bun.TOML.parse(text));
  try {
    const config = read(readFileSync(path, "utf8")) as { app?: string } | null;
    return config ?? {};
  } catch (error) {
    throw new Failure(`failed loading app config from ${path}: ${String(error)}`);
  }
}

/** The app's config: the file of `-c`, else the one in the working directory, even if the app is given. */
function appConfig(parsed: Parsed): { app?: string } | undefined {
  const given = one(parsed, "config");
  const paths =
    given === ""
      ? ["fly.toml", "fly.json", "fly.yaml"].map((name) => resolve(name))
      : [resolve(given), resolve(given, "fly.toml")];
  for (const path of paths) {
    const config = loadConfig(path);
    if (config !== undefined) return config;
  }
  if (given !== "")
    throw new Failure(
      `config file not found at specified path: ${given} (also tried: ${join(given, "fly.toml")})`,
    );
  return undefined;
}

const MISSING =
  "the config for your app is missing an app name, add an app field to the fly.toml file or specify with the -a flag";
const NEEDS_APP = ["machine list", "ssh console", "deploy"];

function appOf(parsed: Parsed): { app: string; hasConfig: boolean } {
  if (!/^(machine|ssh|proxy|deploy)/.test(parsed.command)) return { app: "", hasConfig: false };
  const config = appConfig(parsed);
  const app = one(parsed, "app") || process.env["FLY_APP"] || config?.app || "";
  if (app === "" && NEEDS_APP.includes(parsed.command)) throw new Failure(MISSING);
  return { app, hasConfig: config !== undefined };
}

function needsSession(parsed: Parsed): void {
  if (parsed.command === "version") return;
  const given = ["FLY_ACCESS_TOKEN", "FLY_API_TOKEN"].some((name) => process.env[name]);
  if (given || one(parsed, "access-token") !== "") return;
  // A sign-in expires after thirty days.
  if (knob("not-signed-in") !== undefined || knob("expired-token") !== undefined)
    throw new Failure("no access token available. Please login with 'flyctl auth login'");
}

// Commands of the account.

function version(parsed: Parsed): number {
  const built = "2026-08-21T14:11:32Z";
  const commit = "ad0172face303b77584eea95b46fa3ddc61d5ddd";
  if (!asksJson(parsed)) {
    say(1, `fly v0.4.101 linux/amd64 Commit: ${commit} BuildDate: ${built}\n`);
    return 0;
  }
  const shown = {
    Name: "fly",
    Version: "0.4.101",
    Commit: commit,
    BranchName: "",
    BuildDate: built,
  };
  say(1, asJson({ ...shown, OS: "linux", Architecture: "amd64", Environment: "production" }));
  return 0;
}

function whoami(parsed: Parsed): number {
  const email = "tester@example.com";
  say(1, asksJson(parsed) ? asJson({ email }) : `${email}\n`);
  return 0;
}

function listApps(parsed: Parsed): number {
  const rows = appNames().map((name) => ({
    ID: name,
    Name: name,
    Status: "deployed",
    Deployed: true,
    Organization: { Slug: "personal", Name: "Tester" },
  }));
  if (asksJson(parsed)) say(1, asJson(rows));
  else say(1, rows.map(({ Name }) => `${Name}\n`).join(""));
  return 0;
}

function createApp(parsed: Parsed): number {
  const name = parsed.words[0] ?? one(parsed, "name");
  if (name === "")
    throw new Failure("name argument or flag must be specified when not running interactively");
  if (!/^[a-z0-9-]{1,62}$/.test(name))
    throw new Failure(
      "Validation failed: Name under 63 chars using numbers, lowercase letters and dashes",
    );
  if (appNames().includes(name))
    throw new Failure("Validation failed: Name has already been taken");
  addApp(name);
  say(1, `New app created: ${name}\n`);
  return 0;
}

function destroyApps(parsed: Parsed): number {
  if (parsed.words.length === 0) throw new Failure("no app names provided");
  for (const name of parsed.words) {
    if (!on(parsed, "yes"))
      throw new Failure("yes flag must be specified when not running interactively");
    if (!appExists(name)) throw new Failure(`Could not find App "${name}"`);
    removeApp(name);
    say(1, `Destroyed app ${name}\n`);
  }
  return 0;
}

function regions(parsed: Parsed): number {
  const rows = Object.entries(REGIONS).map(([code, name]) => ({ code, name }));
  if (asksJson(parsed)) say(1, asJson(rows));
  else say(1, rows.map(({ code, name }) => `${name}\t${code}\n`).join(""));
  return 0;
}

/** Forwards each connection to the machine; a failure at the far end only closes the connection. */
async function proxy(parsed: Parsed, app: string): Promise<number> {
  const [local = "", remote = local] = (parsed.words[0] ?? "").split(":");
  const address = parsed.words[1] ?? "";
  const machine = machinesOf(app).find(
    (one) => stateOf(one) === "started" && (address === "" || address === one.ip),
  );
  if (!/^\d+$/.test(local) || !/^\d+$/.test(remote)) throw new Failure("invalid port");
  const join = (socket: Socket) => {
    const target = `TCP6:[::1]:${remote}`;
    const child = spawn(
      "docker",
      ["exec", "--interactive", containerOf(machine?.id ?? "none"), "socat", "-", target],
      { env: ENGINE, stdio: ["pipe", "pipe", "ignore"] },
    );
    socket.on("error", () => child.kill());
    child.stdin.on("error", () => {});
    socket.pipe(child.stdin);
    child.stdout.pipe(socket);
  };
  const server = createServer(join);
  return await new Promise<number>((done, fail) => {
    server.on("error", () =>
      fail(new Failure(`listen tcp 127.0.0.1:${local}: bind: address already in use`)),
    );
    server.listen(Number(local), one(parsed, "bind-addr") || "127.0.0.1", () => {
      const bound = server.address();
      const port = typeof bound === "object" ? bound?.port : local;
      say(1, `Proxying localhost:${port} to remote [${machine?.ip ?? address}]:${remote}\n`);
    });
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => done(0));
    if (on(parsed, "watch-stdin")) process.stdin.on("end", () => done(0)).resume();
  });
}

// One call.

type Play = (parsed: Parsed, app: string, hasConfig: boolean) => number | Promise<number>;

const COMMANDS: Readonly<Record<string, Play>> = {
  version,
  "auth whoami": whoami,
  "apps list": listApps,
  "apps create": createApp,
  "apps destroy": destroyApps,
  "platform regions": regions,
  deploy: (parsed, app, hasConfig) => {
    if (!appExists(app))
      throw new Failure(
        `the app name ${app} could not be found, did you create the app or misspell it in the fly.toml file or via -a?`,
      );
    return deploy(parsed, app, hasConfig);
  },
  "machine run": run,
  "machine create": run,
  "machine list": (parsed, app) => list(parsed, app, asksJson(parsed)),
  "machine status": status,
  "machine wait": wait,
  "machine start": startAll,
  "machine stop": stopAll,
  "machine suspend": stopAll,
  "machine destroy": destroyAll,
  "machine exec": (parsed, app) => exec(parsed, app, asksJson(parsed)),
  "ssh console": (parsed, app) => {
    if (!appExists(app)) throw new Failure(`get app: Could not find App "${app}"`);
    return sshConsole(parsed, app);
  },
  proxy,
};

function record(argv: readonly string[]): void {
  const cwd = process.cwd();
  const configs = readdirSync(cwd).filter((name) => /^fly\.(toml|json|yaml)$/.test(name));
  const env = Object.keys(process.env).filter((name) => !name.startsWith("DOUBLE_"));
  const secretInEnv = hasSecret(env.map((name) => process.env[name]).join("\0"));
  const at = Date.now();
  const call = { argv, cwd, env: env.toSorted(), secretInEnv, configs, at, pid: process.pid };
  appendFileSync(join(state, "calls.jsonl"), `${JSON.stringify(call)}\n`);
}

async function call(argv: readonly string[]): Promise<number> {
  const parsed = parse(argv);
  const play = COMMANDS[parsed.command];
  if (play === undefined) throw new Failure(`the double does not play fly ${parsed.command}`);
  // The working directory is changed before files are read.
  if (parsed.command === "deploy" && parsed.words[0] !== undefined) process.chdir(parsed.words[0]);
  await Bun.sleep(Number(knob("delay") ?? "0"));
  needsSession(parsed);
  const { app, hasConfig } = appOf(parsed);
  if (knob("noise") !== undefined) say(1, "WARN failed to query the status page, is it down?\n");
  return await play(parsed, app, hasConfig);
}

async function main(): Promise<number> {
  const argv = process.argv.slice(2);
  if (!existsSync(state)) throw new Error(`there is no folder DOUBLE_STATE=${state}`);
  mkdirSync(join(state, "knobs"), { recursive: true });
  record(argv);
  mustNotLeak("AN ARGUMENT", argv.join("\0"));
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => {
      // Some commands exit themselves.
      if (process.listenerCount(signal) === 0) process.exit(127);
    });
  try {
    return await call(argv);
  } catch (error) {
    if (error instanceof Help) return (say(1, error.message), 0);
    if (!(error instanceof Usage || error instanceof Failure)) throw error;
    if (error instanceof Usage) say(1, `${error.usage}\n`);
    say(2, `Error: ${error.message}\n${error instanceof Failure ? error.more : ""}`);
    return 1;
  }
}

process.exit(await main());
