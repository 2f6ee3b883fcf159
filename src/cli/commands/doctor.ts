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
import { print } from "../../ui/print.ts";
import { wrapped } from "../../ui/table.ts";
import type { Action } from "../grammar/command.ts";
import type { DOCTOR_OPTIONS } from "../grammar/options.ts";
import { loadApproved } from "../../trust/approved-config.ts";

/** `silo doctor`: everything is asked side by side. Exits with 1 where silo cannot run as it is set up. */
export const doctor: Action<typeof DOCTOR_OPTIONS> = async ({ options }) => {
  const here = readEnvironment();
  const { config, finding } = await configuration(here);
  const chosen = chooseBackend(options.backend, config.backend?.value, onPath);
  const [host, ...backends] = await waiting(
    "asking the backends",
    Promise.all([
      hostFacts(here).then(diagnoseHost),
      ...BACKENDS.map(async (name) => ofBackend(name, chosen, await diagnose(name, config))),
    ]),
  );
  const programs = skipped([config.backends.docker.command.value, ...PROGRAMS.split(" ")], here);
  const findings = [...backends.flat(), finding, ...programs, ...host];
  if (options.json) print(JSON.stringify(findings, undefined, 2));
  else print(findings.map((found) => shown(found, here)).join("\n"));
  return findings.some(({ state }) => state === "bad") ? 1 : 0;
};

/** What is wrong with a backend is grave only where it is the chosen one, and grave there where it is missing. */
function ofBackend(
  name: BackendName,
  chosen: BackendName,
  findings: readonly Diagnostic[],
): readonly Diagnostic[] {
  return findings.map((finding) => {
    if (name !== chosen) return finding.state === "bad" ? { ...finding, state: "warn" } : finding;
    const mark = finding.check === name ? `${finding.detail} (used here)` : finding.detail;
    return { ...finding, state: finding.state === "off" ? "bad" : finding.state, detail: mark };
  });
}

/** A project's own word, not approved, must not decide which program is started here. */
async function configuration(
  here: HostEnvironment,
): Promise<{ config: Config; finding: Diagnostic }> {
  const check = "configuration";
  try {
    const { config, files, waiting } = await loadApproved(here, "report");
    const detail = files.length === 1 ? "1 file" : `${files.length} files`;
    if (waiting.length === 0) return { config, finding: { check, state: "ok", detail } };
    const names = waiting.map(({ path }) => displayPath(path, here.home)).join(", ");
    const finding: Diagnostic = {
      check,
      state: "warn",
      detail: `${detail}; not approved yet: ${names}`,
      fix: "silo config trust",
    };
    return { config, finding };
  } catch (error) {
    if (!(error instanceof SiloError)) throw error;
    const detail = [error.message, ...error.detail].join("; ");
    const finding: Diagnostic = { check, state: "bad", detail, fix: "silo config edit" };
    return { config: mergeConfig([], here.env), finding };
  }
}

/** What silo starts on this machine. */
const PROGRAMS =
  "docker podman container bwrap fly mutagen ssh scp ssh-keygen node npm pip3 perl env du ps sh stty";

/** Programs that PATH names first and that silo does not start, because a repository or a tool can have put them there. */
function skipped(names: readonly string[], { home }: HostEnvironment): readonly Diagnostic[] {
  return [...new Set(names)].flatMap(skippedPrograms).map(({ path, why }) => ({
    check: "PATH",
    state: "warn",
    detail: `${displayPath(path, home)} is not started: ${why}`,
  }));
}

const MARKS = {
  ok: { sign: "✔", plain: "ok", colour: "green" },
  warn: { sign: "!", plain: "!", colour: "yellow" },
  bad: { sign: "✘", plain: "x", colour: "red" },
  off: { sign: "-", plain: "-", colour: "grey" },
} as const;

const WIDEST = "docker builder".length;

function shown(
  { check, state, detail, fix }: Diagnostic,
  { env, platform }: HostEnvironment,
): string {
  const { sign, plain, colour } = MARKS[state];
  const mark = isUtf8(env, platform) ? sign : plain.padEnd(2);
  const head = `${mark} ${check.padEnd(WIDEST)}  `;
  // A pipe is read by programs, which want a line to be a line.
  const width = process.stdout.isTTY ? process.stdout.columns || 80 : Infinity;
  const told = wrapped(printable(detail), Math.max(16, width - head.length));
  const line = `${paint(colour, mark, process.stdout)}${head.slice(mark.length)}${told.join(`\n${" ".repeat(head.length)}`)}`;
  return fix === undefined || state === "ok" ? line : `${line}\n${" ".repeat(4)}${fix}`;
}
