/**
 * A strict double of the docker CLI (28.2), for states that a real engine cannot be put into. It supports the flags of
 * `docker <command> --help` and refuses all others like the real CLI; it starts nothing.
 *
 * DOUBLE_STATE   directory of its state: `calls.jsonl`, `images`, `containers`, `clashes`
 * DOUBLE_FAULT   down | denied | disk | port:<n> | platform | killed | cgroup (memory cannot be limited)
 * DOUBLE_BUILDKIT=1   buildx is installed, and its log is on stderr
 * DOUBLE_CLASHES=<n>  the first n runs fail because their name is in use
 * DOUBLE_SECRET  a text that must not be in an argument
 */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import flags from "./docker-flags.json" with { type: "json" };

const state = process.env["DOUBLE_STATE"] ?? "";
const fault = process.env["DOUBLE_FAULT"] ?? "";
const argv = process.argv.slice(2);

function fail(text: string, code: number): never {
  process.stderr.write(`${text}\n`);
  process.exit(code);
}

function remembered(file: string): string[] {
  const path = join(state, file);
  return existsSync(path)
    ? readFileSync(path, "utf8")
        .split("\n")
        .filter((line) => line !== "")
    : [];
}

type Known = Record<string, string>;

/** Parses flags up to the first argument, like the real CLI for run and exec; for other commands flags may be anywhere. */
function parse(command: string, words: readonly string[], interspersed: boolean) {
  const known: Known = (flags as Record<string, Known>)[command] ?? {};
  const given: [string, string][] = [];
  const rest: string[] = [];
  for (let i = 0; i < words.length; i += 1) {
    const word = words[i] ?? "";
    if (!word.startsWith("-") || word === "-") {
      if (!interspersed) return { given, rest: words.slice(i) };
      rest.push(word);
      continue;
    }
    const [name = "", value] = word.split(/=(.*)/s);
    const type = known[name];
    if (type === undefined) {
      const kind = name.startsWith("--")
        ? `unknown flag: ${name}`
        : `unknown shorthand flag: '${name.slice(1)}' in ${name}`;
      fail(
        `${kind}\n\nUsage:  docker ${command} [OPTIONS]\n\nRun 'docker ${command} --help' for more information`,
        125,
      );
    }
    if (type === "bool") {
      if (value !== undefined && !/^(true|false|0|1)$/.test(value))
        fail(`invalid argument "${value}" for "${name}" flag: parse error`, 125);
      given.push([name, value ?? "true"]);
    } else if (value !== undefined) given.push([name, value]);
    else {
      i += 1;
      const next = words[i];
      if (next === undefined)
        fail(
          `flag needs an argument: ${name}\n\nRun 'docker ${command} --help' for more information`,
          125,
        );
      given.push([name, next]);
    }
  }
  return { given, rest };
}

function values({ given }: { given: [string, string][] }, name: string): string[] {
  return given.filter(([flag]) => flag === name).map(([, value]) => value);
}

function engine(prefix = ""): void {
  const socket = "unix:///var/run/docker.sock";
  if (fault === "down")
    fail(
      `${prefix}Cannot connect to the Docker daemon at ${socket}. Is the docker daemon running?`,
      prefix === "" ? 1 : 125,
    );
  if (fault === "denied")
    fail(
      `${prefix}permission denied while trying to connect to the Docker daemon socket at ${socket}`,
      prefix === "" ? 1 : 125,
    );
}

function run(words: readonly string[]): never {
  const parsed = parse("run", words, false);
  const [image = "", ...command] = parsed.rest;
  engine("docker: ");
  if (!remembered("images").includes(image))
    fail(
      `docker: Error response from daemon: No such image: ${image}.\n\nRun 'docker run --help' for more information`,
      125,
    );
  const name = values(parsed, "--name")[0] ?? "";
  const clashes = remembered("clashes").length;
  if (clashes < Number(process.env["DOUBLE_CLASHES"] ?? "0")) {
    appendFileSync(join(state, "clashes"), "x\n");
    fail(
      `docker: Error response from daemon: Conflict. The container name "/${name}" is already in use by container "0a1b".`,
      125,
    );
  }
  const port = /^port:(\d+)$/.exec(fault)?.[1];
  if (
    port !== undefined &&
    values(parsed, "--publish").some((spec) => spec.includes(`:${port}:`))
  ) {
    fail(
      `docker: Error response from daemon: driver failed programming external connectivity on endpoint ${name} (0a1b): Bind for 127.0.0.1:${port} failed: port is already allocated.`,
      125,
    );
  }
  if (fault === "disk")
    fail(
      "docker: Error response from daemon: mkdir /var/lib/docker/overlay2/x: no space left on device.",
      125,
    );
  if (fault === "platform")
    fail(
      "docker: Error response from daemon: failed to create task: exec format error: unknown.",
      125,
    );
  if (fault === "cgroup" && values(parsed, "--memory").length > 0)
    fail(
      "docker: Error response from daemon: failed to create task for container: OCI runtime create failed: runc create failed: error setting cgroup config for procHooks process: openat2 /sys/fs/cgroup/docker/0a1b/memory.max: no such file or directory: unknown.",
      125,
    );
  if (fault === "killed") process.kill(process.pid, "SIGKILL");
  process.stdout.write(`ran ${name}: ${command.join(" ")}\n`);
  process.exit(42);
}

function build(words: readonly string[]): never {
  const buildkit = process.env["DOCKER_BUILDKIT"] === "1";
  if (buildkit && process.env["DOUBLE_BUILDKIT"] !== "1")
    fail("ERROR: BuildKit is enabled but the buildx component is missing or broken.", 1);
  if (!buildkit && words.some((word) => word.startsWith("--progress")))
    fail("unknown flag: --progress", 125);
  const parsed = parse(
    "build",
    words.filter((word) => word !== "--progress=plain"),
    true,
  );
  if (parsed.rest.length !== 1) fail('"docker build" requires exactly 1 argument.', 1);
  engine();
  const log = buildkit ? process.stderr : process.stdout;
  readFileSync(0);
  log.write(
    buildkit
      ? "#1 [base 1/2] FROM x\n#2 [base 2/2] RUN true\n"
      : "Step 1/2 : FROM x\nStep 2/2 : RUN true\n",
  );
  if (fault === "disk") fail("write /var/lib/docker/tmp/x: no space left on device", 1);
  for (const tag of values(parsed, "--tag")) appendFileSync(join(state, "images"), `${tag}\n`);
  process.exit(0);
}

function ps(words: readonly string[]): never {
  const parsed = parse("ps", words, true);
  engine();
  const names = remembered("containers");
  if (values(parsed, "--format")[0] === "{{.Names}}")
    process.stdout.write(names.map((name) => `${name}\n`).join(""));
  process.exit(0);
}

/** The output of `docker events`: empty, because no container was ever started. */
function events(words: readonly string[]): never {
  const parsed = parse("events", words, true);
  engine();
  const [since, until] = ["--since", "--until"].map((name) => Number(values(parsed, name)[0]));
  if (since === undefined || until === undefined || !(since < until))
    fail("Error response from daemon: invalid time", 1);
  process.exit(0);
}

const secret = process.env["DOUBLE_SECRET"];
appendFileSync(
  join(state, "calls.jsonl"),
  `${JSON.stringify({ argv, leak: secret !== undefined && argv.join("\0").includes(secret) })}\n`,
);
const [command = "", ...words] = argv;
switch (command) {
  case "run":
    run(words);
  case "build":
    build(words);
  case "ps":
    ps(words);
  case "events":
    events(words);
  case "volume":
    engine();
    process.exit(words[0] === "ls" ? 0 : 1);
  case "buildx":
    process.exit(process.env["DOUBLE_BUILDKIT"] === "1" && words[0] === "version" ? 0 : 1);
  case "rm": {
    const { rest } = parse("rm", words, true);
    engine();
    writeFileSync(
      join(state, "containers"),
      remembered("containers")
        .filter((name) => !rest.includes(name))
        .join("\n"),
    );
    process.exit(0);
  }
  default:
    fail(`docker: '${command}' is not a docker command.\nSee 'docker --help'`, 1);
}
