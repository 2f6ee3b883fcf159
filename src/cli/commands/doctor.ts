import { chooseBackend, diagnose } from "../../backends/registry.ts";
import { mergeConfig } from "../../config/merge.ts";
import type { Config } from "../../core/config.ts";
import type { Diagnostic } from "../../core/diagnostic.ts";
import { isUtf8 } from "../../core/text/locale.ts";
import { displayPath } from "../../core/paths.ts";
import { printable } from "../../core/text/quote.ts";
import { BACKENDS, type BackendName } from "../../core/types.ts";
import { SiloError } from "../../errors.ts";
import { diagnoseHost } from "../../sys/host/doctor.ts";
import { hostFacts } from "../../sys/host/facts.ts";
import { onPath, skippedPrograms } from "../../sys/host/which.ts";
import { readEnvironment, type HostEnvironment } from "../../sys/host/environment.ts";
import { paint } from "../../ui/colour.ts";
import { waiting } from "../../ui/live.ts";
import { printStdout } from "../../ui/print.ts";
import { wrapped } from "../../ui/table.ts";
import type { Action } from "../grammar/command.ts";
import type { DOCTOR_OPTIONS } from "../grammar/options.ts";
import { loadApproved } from "../../trust/approved-config.ts";

/** `silo doctor`: runs all checks in parallel. Exits with 1 if the backend in use does not work. */
export const doctor: Action<typeof DOCTOR_OPTIONS> = async ({ options }) => {
  const here = readEnvironment();
  const { config, diagnostic } = await checkConfiguration(here);
  const chosen = chooseBackend(options.backend, config.backend?.value, onPath);
  const [host, ...backends] = await waiting(
    "checking backends and host",
    Promise.all([
      hostFacts(here).then(diagnoseHost),
      ...BACKENDS.map(async (name) => ofBackend(name, chosen, await diagnose(name, config))),
    ]),
  );
  const programs = skipped([config.backends.docker.command.value, ...PROGRAMS.split(" ")], here);
  const diagnostics = [...backends.flat(), diagnostic, ...programs, ...host];
  if (options.json) printStdout(JSON.stringify(diagnostics, undefined, 2));
  else printStdout(shownAll(diagnostics, here));
  return diagnostics.some(({ state }) => state === "bad") ? 1 : 0;
};

/** Marks the backend in use. Its problems and missing programs are errors; those of other backends are not. */
function ofBackend(
  name: BackendName,
  chosen: BackendName,
  diagnostics: readonly Diagnostic[],
): readonly Diagnostic[] {
  return diagnostics.map((diagnostic) => {
    if (name !== chosen)
      return diagnostic.state === "bad" ? { ...diagnostic, state: "warn" } : diagnostic;
    const mark = diagnostic.check === name ? `${diagnostic.detail} (in use)` : diagnostic.detail;
    return {
      ...diagnostic,
      state: diagnostic.state === "off" ? "bad" : diagnostic.state,
      detail: mark,
    };
  });
}

/** Loads the configuration without unapproved files, because the checks run programs that a setting can name. */
async function checkConfiguration(
  here: HostEnvironment,
): Promise<{ config: Config; diagnostic: Diagnostic }> {
  const check = "configuration";
  try {
    const { config, files, waiting } = await loadApproved(here, "report");
    const detail = files.length === 1 ? "1 file" : `${files.length} files`;
    if (waiting.length === 0) return { config, diagnostic: { check, state: "ok", detail } };
    const names = waiting.map(({ path }) => displayPath(path, here.home)).join(", ");
    const diagnostic: Diagnostic = {
      check,
      state: "warn",
      detail: `${detail}; not approved yet: ${names}`,
      fix: "silo config trust",
    };
    return { config, diagnostic };
  } catch (error) {
    if (!(error instanceof SiloError)) throw error;
    const detail = [error.message, ...error.detail].join("; ");
    const diagnostic: Diagnostic = { check, state: "bad", detail, fix: "silo config edit" };
    return { config: mergeConfig([], here.env), diagnostic };
  }
}

/** Programs that silo runs on the host. */
const PROGRAMS =
  "docker podman container bwrap fly mutagen ssh scp ssh-keygen node npm pip3 perl env du ps sh stty";

/** Warns about programs in PATH that silo skips, because a repository or a tool may have created them. */
function skipped(names: readonly string[], { home }: HostEnvironment): readonly Diagnostic[] {
  return [...new Set(names)].flatMap(skippedPrograms).map(({ path, why }) => ({
    check: "PATH",
    state: "warn",
    detail: `${displayPath(path, home)} is skipped: ${why}`,
  }));
}

const MARKS = {
  ok: { sign: "✔", plain: "ok", colour: "green" },
  warn: { sign: "!", plain: "!", colour: "yellow" },
  bad: { sign: "✘", plain: "x", colour: "red" },
  off: { sign: "-", plain: "-", colour: "grey" },
} as const;

function shownAll(diagnostics: readonly Diagnostic[], here: HostEnvironment): string {
  const widest = Math.max(...diagnostics.map(({ check }) => check.length));
  return diagnostics.map((diagnostic) => shown(diagnostic, widest, here)).join("\n");
}

function shown(
  { check, state, detail, fix }: Diagnostic,
  widest: number,
  { env, platform }: HostEnvironment,
): string {
  const { sign, plain, colour } = MARKS[state];
  const mark = isUtf8(env, platform) ? sign : plain.padEnd(2);
  const head = `${mark} ${check.padEnd(widest)}  `;
  // Lines are not wrapped in a pipe, because programs parse them.
  const width = process.stdout.isTTY ? process.stdout.columns || 80 : Infinity;
  const lines = wrapped(printable(detail), Math.max(16, width - head.length));
  const line = `${paint(colour, mark, process.stdout)}${head.slice(mark.length)}${lines.join(`\n${" ".repeat(head.length)}`)}`;
  return fix === undefined || state === "ok" ? line : `${line}\n${" ".repeat(4)}${fix}`;
}
