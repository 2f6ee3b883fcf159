import { setTimeout as pause } from "node:timers/promises";
import type { RunPlan, Session } from "../../core/types.ts";
import { ownCommand } from "../../sys/process/process.ts";
import { lastLines } from "../remote/errors.ts";
import type { Launched, Provider, RootResult } from "../remote/provider.ts";
import {
  consoleArgs,
  destroyArgs,
  runArgs,
  startArgs,
  waitArgs,
  type FlySettings,
} from "./args.ts";
import { flyError, isImageMissing, isNameTaken, UNREACHABLE_HINT } from "./errors.ts";
import { tryFlyctl, type FlyContext } from "./flyctl.ts";
import { launchedId, machines } from "./machines.ts";
import { SSH_PROXY_COMMAND } from "./ssh-proxy-command.ts";

/** How long a machine may take to start. */
const START_S = 120;
const DESTROY_TRIES = 3;

/** Errors that retrying cannot fix. */
const FINAL =
  /not authorized|unauthorized|certificate|no access token|must be authenticated|not found\/started|unknown flag/i;

/**
 * Fly.io as the provider of machines.
 * @param folder the directory of this backend's files.
 */
export function flyProvider(settings: FlySettings, folder: string): Provider {
  const { app, region } = settings;
  const fly: FlyContext = { app, region, folder };
  return {
    name: "fly",
    scope: app,
    location: region,
    settings: "backends.fly",
    unreachableHint: UNREACHABLE_HINT,
    launch: async (plan, session) => await launch(fly, settings, plan, session),
    machines: async () => await machines(fly),
    start: async (id) => await start(fly, id),
    destroy: async (id) => await destroy(fly, id),
    runAsRoot: async (id, command, options) => {
      const answer = await tryFlyctl(fly, consoleArgs(app, id, command), options);
      return rootResult(answer.code, answer.stdout, answer.stderr);
    },
    sshProxy: (id, log) => ownCommand([SSH_PROXY_COMMAND, app, id, log]),
    explain: (text, what) => flyError(text, what, fly),
  };
}

async function launch(
  fly: FlyContext,
  settings: FlySettings,
  plan: RunPlan,
  session: Session,
): Promise<Launched> {
  const { code, stdout, stderr } = await tryFlyctl(fly, runArgs(plan, session, settings));
  const id = launchedId(stdout);
  if (id === undefined) {
    if (isImageMissing(stderr)) return { kind: "no-image" };
    if (isNameTaken(stderr)) return { kind: "name-taken" };
    throw flyError(stderr, "starting a machine", fly);
  }
  if (code === 0) return { kind: "launched", id };
  const waited = await tryFlyctl(fly, waitArgs(fly.app, id, START_S));
  if (waited.code === 0) return { kind: "launched", id };
  throw flyError(`${stderr}\n${waited.stderr}`, "starting the machine", fly);
}

async function start(fly: FlyContext, id: string): Promise<void> {
  for (const args of [startArgs(fly.app, id), waitArgs(fly.app, id, START_S)]) {
    const { code, stderr } = await tryFlyctl(fly, args);
    if (code !== 0) throw flyError(stderr, "starting the machine", fly);
  }
}

async function destroy(fly: FlyContext, id: string): Promise<readonly string[] | undefined> {
  let output = "";
  for (let i = 0; i < DESTROY_TRIES; i += 1) {
    if (i > 0) await pause(1000 * i);
    const { code, stdout, stderr } = await tryFlyctl(fly, destroyArgs(fly.app, id));
    output = `${stdout}\n${stderr}`;
    if (code === 0 || /was not found|already been destroyed/i.test(output)) return undefined;
  }
  return lastLines(output);
}

/** Interprets the result of `fly ssh console`, which reports the command's exit status in its error message only. */
export function rootResult(code: number, stdout: string, stderr: string): RootResult {
  const status = /exited with status (\d+)/.exec(stderr)?.[1];
  const failure = FINAL.test(stderr) ? "refused" : status === undefined ? "unreachable" : "failed";
  return {
    stdout,
    stderr,
    outcome: code === 0 ? "done" : failure,
    status: code === 0 ? 0 : status === undefined ? undefined : Number(status),
  };
}
