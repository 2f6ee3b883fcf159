/** `fly deploy` with `--build-only --push`. */
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { isAbsolute, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { say } from "./fly-console.ts";
import { all, on, one, type Parsed } from "./fly-grammar.ts";
import { mustNotLeak } from "./fly-machine.ts";
import { docker, ENGINE, Failure, hits, knob, newInstance, push } from "./fly-state.ts";

const built = (why: string) => new Failure(`failed to fetch an image or build from source: ${why}`);

/** Converts a line of the engine's build log to BuildKit's plain progress; lines without an equivalent are dropped. */
function asProgress(line: string, step: { now: number }): string {
  if (/^(DEPRECATED: | {12}\S|Sending build context|Successfully (built|tagged) )/.test(line))
    return "";
  const [, now, total, text] = /^Step (\d+)\/(\d+) : (.*)$/.exec(line) ?? [];
  if (now === undefined) return line.trim() === "" ? "" : `#${step.now} 0.100 ${line}\n`;
  step.now = Number(now) + 4;
  return `#${step.now} [${now}/${total}] ${text}\n`;
}

function dockerfileOf(parsed: Parsed, folder: string): string {
  const given = one(parsed, "dockerfile");
  // The directory argument is the working directory now, so relative paths start there.
  const path = given === "" ? join(folder, "Dockerfile") : resolve(folder, given);
  if (!existsSync(path)) throw built(`dockerfile '${path}' not found`);
  mustNotLeak("THE DOCKERFILE", readFileSync(path, "utf8"));
  return path;
}

function buildArgs(parsed: Parsed, ref: string, folder: string): readonly string[] {
  for (const arg of all(parsed, "build-arg"))
    if (!arg.includes("=")) throw built(`'${arg}': must be in the format NAME=VALUE`);
  return [
    "build",
    "--force-rm",
    `--tag=${ref}`,
    `--file=${dockerfileOf(parsed, folder)}`,
    ...all(parsed, "build-arg").map((arg) => `--build-arg=${arg}`),
    ...all(parsed, "label").map((label) => `--label=${label}`),
    ...(one(parsed, "build-target") === "" ? [] : [`--target=${one(parsed, "build-target")}`]),
    ...(on(parsed, "no-cache") ? ["--no-cache"] : []),
    folder,
  ];
}

async function build(args: readonly string[]): Promise<string | undefined> {
  const child = spawn("docker", args, { env: ENGINE, stdio: ["ignore", "pipe", "pipe"] });
  // The engine stops a build when its client exits.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => child.kill());
  const step = { now: 1 };
  let last = "";
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on("line", (line) => {
      if (line.trim() !== "") last = line;
      say(2, asProgress(line, step));
    });
  const code = await new Promise<number>((done) => child.on("close", (exit) => done(exit ?? 127)));
  if (code === 127) process.exit(127);
  return code === 0 ? undefined : last;
}

function checkDepot(parsed: Parsed): void {
  if (!["", "auto", "true", "false"].includes(one(parsed, "depot")))
    throw built("invalid value for the 'depot' flag. must be 'true', 'false', or ''");
  if (knob("depot-fails") !== undefined && one(parsed, "depot") !== "false")
    throw built("error building: failed to get depot builder: rpc error: code = Unavailable");
}

export async function deploy(parsed: Parsed, app: string, hasConfig: boolean): Promise<number> {
  if (!hasConfig)
    throw new Failure(
      `Could not find a fly.toml for ${app}, and it has no release to take one from`,
    );
  if (!on(parsed, "build-only"))
    throw new Failure("the double deploys nothing: --build-only is missing");
  if (one(parsed, "image") !== "")
    throw new Failure("the double builds alone: --image is not played");
  const folder = process.cwd();
  if (!isAbsolute(folder)) throw new Failure(`no working directory: ${folder}`);
  say(2, `==> Verifying app config\n--> Verified app config\n==> Building image\n`);
  checkDepot(parsed);
  if (hits("build-fails")) {
    const text = knob("build-fails") ?? "";
    say(2, "#5 [1/2] RUN exit 7\n#5 ERROR: process did not complete successfully: exit code: 7\n");
    throw built(
      /\D/.test(text)
        ? text
        : 'error building: failed to solve: process "/bin/sh -c exit 7" did not complete successfully: exit code: 7',
    );
  }
  const label = one(parsed, "image-label") || `deployment-${newInstance()}`;
  if (!/^\w[\w.-]{0,127}$/.test(label)) throw built(`error building: invalid tag "${label}"`);
  const ref = `registry.fly.io/${app}:${label}`;
  const why = await build(buildArgs(parsed, ref, folder));
  if (why !== undefined) throw built(`error building: failed to solve: ${why}`);
  // Only pushed images can be run.
  if (on(parsed, "push") || !on(parsed, "build-only")) {
    say(2, "#20 exporting to image\n#20 pushing layers\n#20 DONE 0.1s\n");
    push(ref);
  }
  const size = Number(docker(["image", "inspect", "--format", "{{.Size}}", ref]).stdout);
  say(2, `--> Building image done\nimage: ${ref}\nimage size: ${Math.round(size / 1e6)} MB\n`);
  return 0;
}
