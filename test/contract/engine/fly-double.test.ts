import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  clearKnob,
  consoles,
  cutLinks,
  everyFlyMachine,
  FLY_APP,
  fly as play,
  flyCalls,
  flyContainer,
  flyMachines,
  flyState,
  inFlyMachine,
  killForMemory,
  leaked,
  playFly,
  pushedImage,
  restartFlyMachine,
  setKnob,
  setSecret,
  stopFlyMachine,
  sweepFly,
} from "../../support/fly.ts";
import { finished } from "../../support/silo.ts";
import { eventually } from "../../support/eventually.ts";
import { BASE_IMAGE } from "../../support/settings.ts";
import { KNOWN_COMMANDS, shellWords } from "../doubles/fly-grammar.ts";

// The double of fly must be as strict as the real one, or tests with it prove nothing.

setDefaultTimeout(120_000);

const root = mkdtempSync(join(tmpdir(), "silo-fly-"));
const world = { root };
const env = playFly(root);
const APP = ["-a", FLY_APP];
let image = "";
/** A machine for most of the tests. */
let shared = "";

const fly = (...args: readonly string[]) => play(world, ...args);
const run = (...args: readonly string[]) => fly("machine", "run", ...APP, "--detach", ...args);
const idIn = (stdout: string) => /^ Machine ID: ([0-9a-f]{14})$/m.exec(stdout)?.[1] ?? "";
const sleeper = (...flags: readonly string[]) =>
  idIn(run(...flags, image, "--", "sleep", "1000").stdout);
const destroy = (id: string) => fly("machine", "destroy", id, ...APP, "--force");

type Row = {
  id: string;
  name: string;
  state: string;
  host_status: string;
  config?: { metadata: object };
  incomplete_config?: { metadata: object };
  events?: { request?: { exit_event: { oom_killed: boolean } } }[];
};
const rows = () => JSON.parse(fly("machine", "list", ...APP, "--json").stdout) as Row[];
const rowOf = (id: string) => rows().find((row) => row.id === id);

const consoleArgs = (command: string, id = shared) =>
  ["ssh", "console", ...APP, "--machine", id, "-q", "-u", "root", "-C", command] as const;
const inConsole = (command: string, id = shared) => fly(...consoleArgs(command, id));

/** A console with open streams. */
function openConsole(command: string, stdin: "pipe" | number = "pipe"): ChildProcess {
  return spawn(join(root, "bin/fly"), consoleArgs(command), {
    cwd: "/",
    env: { PATH: env["PATH"] },
    stdio: [stdin, "pipe", "pipe"],
  });
}

beforeAll(() => {
  image = pushedImage(world, BASE_IMAGE, "double");
  shared = sleeper("-n", "shared", "--rootfs-persist", "always");
  // The first output over a new tunnel is fly's own, not the remote command's.
  expect(inConsole("true").stdout).toStartWith("Creating WireGuard peer");
});

afterAll(() => {
  sweepFly(world);
  const tags = ["double", "built"].map((label) => `registry.fly.io/${FLY_APP}:${label}`);
  spawnSync("docker", ["image", "rm", ...tags]);
  rmSync(root, { recursive: true, force: true });
});

describe("refused arguments and their messages", () => {
  test.each([...KNOWN_COMMANDS])("%s has no --bogus", (command) => {
    const { code, stdout, stderr } = fly(...command.split(" "), "--bogus");
    expect([code, stderr]).toEqual([1, "Error: unknown flag: --bogus\n"]);
    expect(stdout).toStartWith("Usage:\n");
  });

  test.each<[string[], RegExp]>([
    [["frobnicate"], /^Error: unknown command "frobnicate" for "fly"\n$/],
    [["machine", "frobnicate"], /unknown command "frobnicate" for "fly machine"/],
    [["ssh", "issue"], /unknown command "issue"/],
    [["version", "x"], /unknown command "x" for "fly version"/],
    [["machine", "list", ...APP, "x"], /unknown command "x" for "fly machine list"/],
    [["machine", "list", ...APP, "-x"], /unknown shorthand flag: 'x' in -x/],
    [["machine", "list", ...APP, "-qx"], /unknown shorthand flag: 'x' in -qx/],
    [["machine", "list", ...APP, "--select"], /unknown flag: --select/],
    [["machine", "list", "-a"], /flag needs an argument: 'a' in -a/],
    [["machine", "list", "--app"], /flag needs an argument: --app/],
    [
      ["machine", "list", ...APP, "--json=maybe"],
      /invalid argument "maybe" for "-j, --json" flag: strconv.ParseBool/,
    ],
    [["machine", "list"], /the config for your app is missing an app name/],
    [["machine", "list", "-a", "nowhere"], /app not found/],
    [["machine", "status", ...APP, "a", "b"], /accepts between 0 and 1 arg\(s\), received 2/],
    [["machine", "status", ...APP, "--json"], /unknown flag: --json/],
    [["machine", "status", ...APP, "-s"], /unknown shorthand flag: 's' in -s/],
    [
      ["machine", "status", ...APP],
      /a machine ID must be specified when not running interactively/,
    ],
    [["machine", "status", ...APP, "abc"], /machine abc was not found in app 'silo-test'/],
    [
      ["machine", "wait", ...APP, "abc", "-w", "5"],
      /invalid argument "5" for "-w, --wait-timeout" flag: time: missing unit/,
    ],
    [["machine", "exec", ...APP], /accepts between 1 and 2 arg\(s\), received 0/],
    [["machine", "create", ...APP], /requires at least 1 arg\(s\), only received 0/],
    [["machine", "destroy", ...APP, "abc"], /machine abc was not found in app 'silo-test'/],
    [["machine", "destroy", ...APP, "--yes", "abc"], /unknown flag: --yes/],
    [["machine", "run", ...APP, "--json", "x"], /unknown flag: --json/],
    [["machine", "run", ...APP, "-q", "x"], /unknown shorthand flag: 'q' in -q/],
    [["machine", "run", ...APP, "x", "sh", "-l"], /unknown shorthand flag: 'l' in -l/],
    [
      ["machine", "run", ...APP, "--vm-cpus", "many", "x"],
      /invalid argument "many" for "--vm-cpus" flag: strconv.ParseInt/,
    ],
    [
      ["machine", "run", ...APP, "-m", "x", "x"],
      /invalid key\/value pairs specified for flag metadata/,
    ],
    [["machine", "run", ...APP, "--rootfs-persist", "yes", "x"], /invalid rootfs-persist value/],
    [
      ["machine", "run", ...APP, "--vm-memory", "9000", "x"],
      /could not launch machine: .*memory_mb/,
    ],
    [
      ["machine", "run", ...APP, "--file-local", "/a=b", "x"],
      /the double does not play --file-local/,
    ],
    [
      ["machine", "run", ...APP, "registry.fly.io/silo-test:none"],
      /could not find image "registry.fly.io\/silo-test:none"/,
    ],
    [["machine", "run", ...APP, "debian"], /could not find image "debian"/],
    [["machine", "run", "-a", "nowhere", "x"], /prompt: non interactive/],
    [["ssh", "console", ...APP, "a", "b"], /accepts at most 1 arg\(s\), received 2/],
    [["ssh", "console", ...APP, "--json"], /unknown flag: --json/],
    [["ssh", "console", ...APP, "--machine", "abc"], /--machine="abc" not found\/started/],
    [["deploy", ...APP, "--region", "iad"], /unknown flag: --region/],
    [["deploy", ...APP, "--json"], /unknown flag: --json/],
    [["deploy", "-a", "nowhere"], /the app name nowhere could not be found/],
    [["deploy", ...APP, "--build-only", "--push"], /Could not find a fly.toml/],
    [["proxy"], /accepts between 1 and 2 arg\(s\), received 0/],
    [["proxy", ...APP, "--machine", "x", "1:2"], /unknown flag: --machine/],
    [["apps", "destroy", "x"], /yes flag must be specified/],
    [["apps", "create", FLY_APP], /Name has already been taken/],
  ])("%j", (args, text) => {
    const { code, stderr } = fly(...args);
    expect([code, stderr]).toEqual([1, expect.stringMatching(text) as unknown as string]);
  });

  test("flags are parsed like in pflag", () => {
    for (const args of [
      ["-q", ...APP],
      [`-a=${FLY_APP}`, "-q"],
      [`-qa${FLY_APP}`],
      [`--app=${FLY_APP}`, "--quiet=true"],
    ])
      expect(fly("m", "ls", ...args).stdout.trim()).toBe(shared);
    expect(fly("machine", "list", ...APP, "--json=false").stdout).toContain("1 machines have been");
    expect(fly("machine", "list", "--help")).toMatchObject({ code: 0, stderr: "" });
  });

  test("a command line is split without a shell", () => {
    expect(shellWords(`a 'b  c'"d $e" f\\ g "h\\"i" '' # j`)).toEqual([
      "a",
      "b  cd $e",
      "f g",
      'h"i',
      "",
    ]);
    expect(() => shellWords("a 'b")).toThrow("closing quote");
  });
});

describe("the account", () => {
  test("version, whoami, regions, apps", () => {
    expect(fly("version").stdout).toMatch(
      /^fly v\d+\.\d+\.\d+ \w+\/\w+ Commit: \w+ BuildDate: \S+\n$/,
    );
    expect(JSON.parse(fly("version", "-j").stdout)).toHaveProperty("Version");
    expect(JSON.parse(fly("auth", "whoami", "--json").stdout)).toEqual({
      email: "tester@example.com",
    });
    expect(fly("platform", "regions", "--json").stdout).toContain('"iad"');
    expect(fly("apps", "create", "another").stdout).toBe("New app created: another\n");
    expect(fly("machine", "list", "-a", "another", "--json").stdout).toBe("[]\n");
    expect(fly("machine", "list", "-a", "another").stdout).toBe(
      "No machines are available on this app another\n",
    );
    expect(fly("ssh", "console", "-a", "another", "-C", "true").stderr).toContain(
      "app another has no started VMs.\n",
    );
    expect(fly("apps", "destroy", "another", "-y").stdout).toBe("Destroyed app another\n");
  });

  test("a fly.toml in the working directory is read, even with -a", () => {
    const cwd = join(root, "elsewhere");
    mkdirSync(cwd);
    const list = (...args: string[]) =>
      spawnSync(join(root, "bin/fly"), ["machine", "list", "-q", ...args], {
        cwd,
        encoding: "utf8",
      });
    writeFileSync(join(cwd, "fly.toml"), `app = "${FLY_APP}"\n`);
    expect(list().stdout.trim()).toBe(shared);
    writeFileSync(join(cwd, "fly.toml"), "app = [junk\n");
    expect(list(...APP)).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("failed loading app config from") as unknown as string,
    });
    expect(flyCalls(world).at(-1)).toMatchObject({
      cwd,
      configs: ["fly.toml"],
      argv: ["machine", "list", "-q", ...APP],
    });
  });

  test("a secret in an argument or a machine's config is detected", () => {
    setSecret(world, "tok-12345");
    expect(fly("machine", "list", ...APP, "-j").code).toBe(0);
    expect(leaked(world)).toBeUndefined();
    expect(run("-m", "a=xtok-12345", image).code).toBe(99);
    expect(leaked(world)).toContain("AN ARGUMENT");
    rmSync(join(flyState(root), "leaked"));
    const inBase64 = Buffer.from("tok-12345").toString("base64");
    expect(run("-e", `A=${inBase64}`, image).code).toBe(99);
    expect(leaked(world)).toContain(inBase64);
    spawnSync(join(root, "bin/fly"), ["version"], { env: { A: "tok-12345", PATH: env["PATH"] } });
    expect(flyCalls(world).at(-1)).toMatchObject({ secretInEnv: true });
    rmSync(join(flyState(root), "secret"));
    rmSync(join(flyState(root), "leaked"));
  });
});

describe("images", () => {
  const folder = join(root, "build");
  const build = (label: string, ...flags: string[]) =>
    fly(
      "deploy",
      folder,
      ...APP,
      "-c",
      `${folder}/fly.toml`,
      "--dockerfile",
      `${folder}/Dockerfile`,
      "--build-only",
      "--remote-only",
      "--depot=false",
      "--image-label",
      label,
      "--build-target",
      "last",
      "-y",
      ...flags,
    );
  beforeAll(() => {
    mkdirSync(folder);
    writeFileSync(join(folder, "fly.toml"), `app = "${FLY_APP}"\nprimary_region = "iad"\n`);
    writeFileSync(
      join(folder, "Dockerfile"),
      `FROM ${BASE_IMAGE} AS last\nARG WORD\nRUN echo "<$WORD>" > /word\nFROM last\nRUN exit 9\n`,
    );
  });

  test("only pushed images can be run", () => {
    const ref = `registry.fly.io/${FLY_APP}:built`;
    const first = build("built", "--build-arg", "WORD=a,b");
    expect(first.stderr).toMatch(
      /==> Building image\n[^]*#\d+ \[\d\/\d\] RUN[^]*image: registry.fly.io\/silo-test:built\nimage size: \d+ MB\n$/,
    );
    expect([first.code, run(ref).stderr]).toEqual([
      0,
      expect.stringContaining(`could not find image "${ref}"`) as unknown as string,
    ]);
    expect(build("built", "--build-arg", "WORD=a,b", "--push").code).toBe(0);
    expect(run("--build-only", "--build-remote-only", ref).code).toBe(0);
    const id = idIn(run(ref, "--", "sleep", "1000").stdout);
    expect(inFlyMachine(world, id, "cat /word")).toBe("<a,b>");
    destroy(id);
  });

  test("a failed build prints the cause", () => {
    writeFileSync(
      join(folder, "Dockerfile"),
      `FROM ${BASE_IMAGE} AS last\nRUN echo told; exit 9\n`,
    );
    const real = build("bad", "--push");
    expect([real.code, real.stderr]).toEqual([
      1,
      expect.stringMatching(
        /told[^]*Error: failed to fetch an image or build from source: .*9/,
      ) as unknown as string,
    ]);
    setKnob(world, "build-fails", 1);
    expect(build("bad", "--push").stderr).toContain("exit code: 7");
    expect(build("bad", "--push").stderr).toContain("told");
    setKnob(world, "depot-fails");
    expect(fly("deploy", folder, ...APP, "--build-only", "--push").stderr).toContain(
      "depot builder",
    );
    clearKnob(world, "depot-fails");
  });
});

describe("machines", () => {
  test("launch, list, stop, start, destroy", () => {
    const { code, stdout, stderr } = run(
      "-n",
      "whole",
      "-r",
      "syd",
      "-m",
      "silo=true",
      "-m",
      "silo-name=a,b",
      "-e",
      "A=b",
      "--vm-memory",
      "2gb",
      "--rootfs-persist",
      "always",
      image,
      "--",
      "sh",
      "-c",
      "echo kept > /kept; exec sleep 1000",
    );
    const id = idIn(stdout);
    expect([code, stderr]).toEqual([
      0,
      expect.stringMatching(
        /^Searching for image '.*' remotely...\nimage found: img_\w+\n$/,
      ) as unknown as string,
    ]);
    expect(stdout).toMatch(
      /^Image: \S+@sha256:\w+\nImage size: \d+ MB\n\nSuccess! [^]* State: created\n\n Attempting to start machine...\n\nMachine started, you can connect via the following private ip\n  fdaa:\S+\n$/,
    );
    expect(rowOf(id)).toMatchObject({
      name: "whole",
      state: "started",
      region: "syd",
      host_status: "ok",
      config: {
        metadata: { "silo-name": "a,b" },
        guest: { memory_mb: 2048 },
        init: { cmd: ["sh", "-c", "echo kept > /kept; exec sleep 1000"] },
      },
    });
    expect(inConsole("printenv A FLY_APP_NAME FLY_REGION FLY_MACHINE_ID", id).stdout).toBe(
      `b\n${FLY_APP}\nsyd\n${id}\n`,
    );
    expect(inConsole("hostname", id).stdout).toBe(`${id}\n`);
    expect(run("-n", "whole", image).stderr).toContain(
      `already_exists: unique machine name violation, machine ID ${id} already exists with name "whole"`,
    );
    expect(fly("machine", "status", id, ...APP).stdout).toStartWith(
      `Machine ID: ${id}\nInstance ID: `,
    );
    expect(fly("machine", "wait", id, ...APP, "--state", "started", "-w", "2m").stdout).toBe(
      `Waiting up to 2m0s for machine ${id} to reach "started"...\nMachine ${id} reached state "started"\n`,
    );
    expect(fly("machine", "destroy", id, ...APP).stderr).toContain(
      `machine ${id} currently started, either stop first or use --force flag`,
    );
    expect(fly("machine", "stop", id, ...APP, "--timeout", "1").stdout).toContain(
      `${id} has been successfully stopped\n`,
    );
    expect(rowOf(id)?.state).toBe("stopped");
    expect(
      fly("machine", "wait", id, ...APP, "--state", "started", "-w", "200ms").stderr,
    ).toContain(`machine ${id} did not reach "started" within 0.2s`);
    expect(inConsole("true", id).stderr).toContain(`--machine="${id}" not found/started`);
    expect(fly("machine", "start", id, ...APP).stdout).toBe(`${id} has been started\n`);
    expect(inConsole("cat /kept", id).stdout).toBe("kept\n");
    expect(destroy(id)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`${id} has been destroyed`) as unknown as string,
    });
    expect(destroy(id).stderr).toContain(`machine ${id} has already been destroyed`);
    expect(everyFlyMachine(world).some((machine) => machine.id === id)).toBe(true);
    expect(flyMachines(world).map(({ name }) => name)).toEqual(["shared"]);
  });

  test("the disk is kept only if it is persistent", () => {
    const [kept, wiped] = [sleeper("--rootfs-persist", "always"), sleeper()];
    for (const id of [kept, wiped]) {
      inFlyMachine(world, id, "touch /mine /run/mine");
      restartFlyMachine(world, id);
      expect(rowOf(id)?.state).toBe("started");
    }
    expect(inFlyMachine(world, kept, "ls /mine /run/mine 2>/dev/null || :")).toBe("/mine");
    expect(inFlyMachine(world, wiped, "ls /mine /run/mine 2>/dev/null || :")).toBe("");
    stopFlyMachine(world, wiped);
    expect(rowOf(wiped)?.state).toBe("stopped");
    for (const id of [kept, wiped]) destroy(id);
  });

  test("exec succeeds even if the remote command fails", () => {
    expect(fly("machine", "exec", shared, "sh -c 'echo a; exit 3'", ...APP)).toMatchObject({
      code: 0,
      stdout: "Exit code: 3\na\n",
    });
    expect(
      JSON.parse(fly("machine", "exec", shared, "sh -c 'exit 3'", ...APP, "--json").stdout),
    ).toEqual({ exit_code: 3 });
  });
});

describe("the console", () => {
  test("exit codes, without a shell", () => {
    expect(inConsole("sh -c 'echo out; echo err >&2; exit 7'")).toEqual({
      code: 1,
      stdout: "out\n",
      stderr: "err\nError: ssh shell: Process exited with status 7\n",
    });
    expect(inConsole("echo $HOME && false").stdout).toBe("$HOME && false\n");
    expect(fly("ssh", "console", ...APP, "-C", "true").stderr).toMatch(
      /^Connecting to fdaa:\S+\.\.\.\n$/,
    );
  });

  test("five megabytes there and back, and the end of stdin", async () => {
    const bytes = randomBytes(5 * 1024 * 1024);
    const child = openConsole("cat");
    const chunks: Buffer[] = [];
    child.stdout?.on("data", (chunk: Buffer) => chunks.push(chunk));
    expect((await finished(child, bytes)).code).toBe(0);
    expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
    expect(readdirSync(join(flyState(root), "consoles"))).toEqual([]);
  });

  test("a bare shell gets a terminal, with a warning in the output", async () => {
    const child = openConsole("sh");
    let told = "";
    child.stdout?.on("data", (chunk: Buffer) => (told += chunk.toString()));
    await eventually("there is a prompt", () => told.includes("# "));
    expect(told).toStartWith("WARN Allocating a pseudo-terminal");
    child.stdin?.write("tty; exit 4\n");
    expect(await finishedWithoutInput(child)).toBe(1);
    expect(told).toContain("/dev/pts/");
  });

  test("with /dev/null for stdin it hangs", async () => {
    const child = openConsole("true", openSync("/dev/null", "r"));
    const ended = finished(child);
    // The same command with a pipe exits meanwhile.
    expect(inConsole("true").code).toBe(0);
    expect(child.exitCode).toBeNull();
    child.kill("SIGTERM");
    await ended;
  });

  const counted = () => Number(inFlyMachine(world, shared, "pgrep -fc '^sleep 77[7]' || :"));
  test.each(["SIGTERM", "SIGHUP", "SIGINT"] as const)(
    "%s stops it and its command",
    async (signal) => {
      const child = openConsole("sleep 777");
      await eventually("it runs", () => counted() === 1);
      child.kill(signal);
      expect((await finished(child)).code).toBe(1);
      expect(counted()).toBe(0);
    },
  );

  test("after SIGKILL of all processes the remote stdin is closed", async () => {
    const child = openConsole("sh -c 'cat; touch /ended'");
    await eventually("it is recorded", () => consoles(world).length === 1);
    await eventually("it runs", () => inFlyMachine(world, shared, "pgrep -xc cat || :") === "1");
    const ended = finishedWithoutInput(child);
    expect(cutLinks(world)).toBe(1);
    expect(await ended).toBe(137);
    await eventually(
      "the other side has noticed",
      () => inFlyMachine(world, shared, "ls /ended || :") !== "",
      5000,
    );
    inFlyMachine(world, shared, "rm /ended");
  });

  test("is closed when its machine stops", async () => {
    const id = sleeper();
    const child = spawn(join(root, "bin/fly"), consoleArgs("cat", id), {
      stdio: ["pipe", "pipe", "pipe"],
    });
    await eventually("it runs", () => inFlyMachine(world, id, "pgrep -c cat || :") === "1");
    stopFlyMachine(world, id);
    expect(await finishedWithoutInput(child)).toBe(1);
    destroy(id);
  });
});

/** The exit code of a child whose stdin is left open. */
function finishedWithoutInput(child: ChildProcess): Promise<number> {
  return new Promise((resolve) =>
    child.on("close", (code, signal) => resolve(code ?? (signal === "SIGKILL" ? 137 : 128))),
  );
}

describe("knobs", () => {
  test.each<[string, string | number, string[], RegExp]>([
    ["not-signed-in", "", ["machine", "list", ...APP], /no access token available/],
    ["expired-token", "", ["auth", "whoami"], /no access token available/],
    ["app-missing", "", ["machine", "list", ...APP], /app not found/],
    ["app-missing", "", ["ssh", "console", ...APP], /Could not find App/],
    ["region-full", 1, ["run"], /could not reserve resource[^]*Try choosing a different region/],
    ["quota", 1, ["run"], /over the allowed quota/],
    ["billing", 1, ["run"], /credit card/],
    ["region-unknown", 1, ["run"], /region iad not found/],
    ["image-missing-once", "", ["run"], /could not find image/],
    ["name-taken-once", "", ["run"], /unique machine name violation/],
    ["cannot-ssh", "", ["console"], /create ssh certificate: Not authorized/],
    ["ssh-refused", 1, ["console"], /error connecting to SSH server/],
    ["link-down", "", ["console"], /tunnel unavailable/],
    ["start-fails", 1, ["machine", "start", "<shared>", ...APP], /lack of capacity/],
    [
      "destroy-fails",
      1,
      ["machine", "destroy", "<shared>", "--force", ...APP],
      /could not destroy machine/,
    ],
  ])("%s %p: %j", (name, content, args, text) => {
    const before = flyMachines(world).length;
    setKnob(world, name, content);
    const given = args.map((arg) => arg.replace("<shared>", shared));
    const result =
      given[0] === "run" ? run(image) : given[0] === "console" ? inConsole("true") : fly(...given);
    expect([result.code, result.stderr]).toEqual([
      1,
      expect.stringMatching(text) as unknown as string,
    ]);
    // Knobs that work a number of times remove themselves.
    expect(existsSync(join(flyState(root), "knobs", name))).toBe(
      content === "" && !name.endsWith("-once"),
    );
    clearKnob(world, name);
    expect(flyMachines(world).length).toBe(before);
    expect(inConsole("true").code).toBe(0);
  });

  test("noise and delay", () => {
    setKnob(world, "noise");
    expect(fly("machine", "list", ...APP, "--json").stdout).toMatch(/^WARN .*\n\[\n {4}\{/);
    expect(inConsole("echo a").stdout).toMatch(/^WARN .*\na\n$/);
    clearKnob(world, "noise");
    setKnob(world, "delay", 700);
    const before = Date.now();
    fly("version");
    // Only a minimum, because the machine may be busy.
    expect(Date.now() - before).toBeGreaterThanOrEqual(700);
    clearKnob(world, "delay");
  });

  test("id-then-fail leaves a machine", () => {
    setKnob(world, "id-then-fail", 1);
    const { code, stdout, stderr } = run(image, "--", "sleep", "1000");
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining("timeout reached waiting") as unknown as string,
    ]);
    expect(rowOf(idIn(stdout))?.state).toBe("started");
    destroy(idIn(stdout));
  });

  test("unreachable-host and oom show in the list", () => {
    setKnob(world, "unreachable-host", shared);
    const row = rowOf(shared);
    expect(row).toMatchObject({ host_status: "unreachable", incomplete_config: { metadata: {} } });
    expect(row?.config).toBeUndefined();
    clearKnob(world, "unreachable-host");
    const id = sleeper();
    killForMemory(world, id);
    expect(rowOf(id)?.state).toBe("stopped");
    expect(rowOf(id)?.events?.[0]?.request?.exit_event.oom_killed).toBe(true);
    clearKnob(world, "oom");
    destroy(id);
  });

  test("cut-after: only the next connection is cut, after a number of bytes", async () => {
    setKnob(world, "cut-after", 100_000);
    const { code, stdout, stderr } = await finished(openConsole("head -c 300000 /dev/zero"));
    expect([code, stdout.length]).toEqual([1, 100_000]);
    expect(stderr).toContain("without exit status");
    expect(inConsole("head -c 300000 /dev/zero").stdout.length).toBe(300_000);
  });

  test("link-down closes the open connections", async () => {
    const child = openConsole("cat");
    await eventually("it runs", () => inFlyMachine(world, shared, "pgrep -c cat || :") === "1");
    const ended = finishedWithoutInput(child);
    setKnob(world, "link-down");
    expect(await ended).toBe(1);
    clearKnob(world, "link-down");
    await eventually(
      "the other side ends",
      () => inFlyMachine(world, shared, "pgrep -c cat || :") === "0",
    );
  });

  test("silent: a connection stays open and passes no bytes for some time", async () => {
    const child = openConsole("cat");
    await eventually("it runs", () => inFlyMachine(world, shared, "pgrep -c cat || :") === "1");
    setKnob(world, "silent", 3600);
    const [console = 0] = consoles(world);
    const states = () =>
      spawnSync("ps", ["-o", "stat=", "--ppid", `${console}`], { encoding: "utf8" }).stdout;
    await eventually("it is silent", () => states().includes("T"));
    let told = "";
    child.stdout?.on("data", (chunk: Buffer) => (told += chunk.toString()));
    child.stdin?.write("a\n");
    // Another command exits meanwhile.
    expect(fly("version").code).toBe(0);
    expect(told).toBe("");
    clearKnob(world, "silent");
    await eventually("it answers", () => told === "a\n");
    expect((await finished(child)).code).toBe(0);
  });
});

test.each(["SIGTERM", "SIGINT"] as const)("%s cancels a wait", async (signal) => {
  const waiting = ["machine", "wait", shared, ...APP, "--state", "stopped", "-w", "60s"];
  const child = spawn(join(root, "bin/fly"), waiting, { stdio: ["pipe", "pipe", "pipe"] });
  let told = "";
  child.stdout?.on("data", (chunk: Buffer) => (told += chunk.toString()));
  await eventually("it waits", () => told.startsWith("Waiting up to 1m0s"));
  child.kill(signal);
  expect(await finishedWithoutInput(child)).toBe(127);
});

test("every call is recorded, with the names of its environment", () => {
  fly("version");
  expect(flyCalls(world).at(-1)).toMatchObject({ argv: ["version"], cwd: "/", configs: [] });
  expect(flyCalls(world).at(-1)?.env).toContain("PATH");
});

test("a machine whose container was removed is destroyed", () => {
  const id = sleeper();
  spawnSync("docker", ["rm", "-f", flyContainer(world, id)]);
  expect(rowOf(id)).toBeUndefined();
  expect(readFileSync(join(flyState(root), "calls.jsonl"), "utf8")).toContain(FLY_APP);
});
