import type { Config } from "../../core/config.ts";
import { crunAdvisory, filterDiagnostic, kernelDiagnostic } from "../../core/advisories.ts";
import { type Diagnostic } from "../../core/diagnostic.ts";
import { isAtLeast } from "../../core/text/version.ts";
import { probe, type ProbeResult } from "../../sys/process/probe.ts";
import { kernelFacts } from "../../sys/host/kernel.ts";
import { ProgramMissing } from "../../sys/process/process.ts";
import { isPodman } from "./dialect.ts";
import { engineError, missingCli } from "./errors.ts";

/** Oldest supported version: the first with `--pull=never`. */
const LEAST = "20.10";

/** Checks the engine's command, its connection, builder and system call filter, and the host's kernel. */
export async function diagnose({ backends }: Config): Promise<readonly Diagnostic[]> {
  const command = backends.docker.command.value;
  const [engine, facts] = await Promise.all([engineFindings(command), kernelFacts()]);
  return facts === undefined ? engine : [...engine, kernelDiagnostic(facts)];
}

async function engineFindings(command: string): Promise<readonly Diagnostic[]> {
  const podman = isPodman(command);
  const [version, buildx, runtime] = await Promise.all([
    probe(command, ["version", "--format", "{{json .}}"]),
    probe(command, ["buildx", "version"]),
    podman ? probe(command, ["info", "--format", "{{json .Host.OCIRuntime}}"]) : "missing",
  ]);
  const engine = engineDiagnostic(command, version);
  if (engine.state !== "ok" || typeof version !== "object") return [engine];
  const modern = typeof buildx === "object" && buildx.code === 0;
  return [
    engine,
    {
      check: "docker builder",
      state: "ok",
      detail: modern ? "BuildKit" : "legacy builder; install buildx for faster builds",
    },
    filterDiagnostic(podman ? "podman" : "docker", versions(version.stdout).server),
    ...(typeof runtime === "object" ? runtimeFindings(runtime.stdout) : []),
  ];
}

/** From `podman info --format '{{json .Host.OCIRuntime}}'` (podman 4): `{"name":"crun","version":"crun version 1.8.1\n…"}`. */
function runtimeFindings(stdout: string): readonly Diagnostic[] {
  const version = /"version": ?"(crun version [\d.]+)/.exec(stdout)?.[1];
  const found = version === undefined ? undefined : crunAdvisory(version);
  return found === undefined ? [] : [found];
}

function engineDiagnostic(command: string, answer: ProbeResult): Diagnostic {
  const check = "docker";
  if (answer === "missing") {
    const { message, hint } = missingCli(new ProgramMissing(command));
    return { check, state: "bad", detail: message, ...(hint === undefined ? {} : { fix: hint }) };
  }
  if (answer === "silent") {
    const fix = "sudo systemctl restart docker   # or restart Docker Desktop, OrbStack or colima";
    return { check, state: "bad", detail: `${command} version timed out`, fix };
  }
  const { client, server } = versions(answer.stdout);
  if (answer.code !== 0) {
    const { message, hint } = engineError(answer.stderr, `${command} version`);
    return { check, state: "bad", detail: message, ...(hint === undefined ? {} : { fix: hint }) };
  }
  if (!isPodman(command) && !isAtLeast(client, LEAST)) {
    return {
      check,
      state: "bad",
      detail: `${command} ${client} is too old; silo needs ${LEAST} or newer`,
      fix: "https://docs.docker.com/engine/install",
    };
  }
  const engine = server === "" ? "" : `, engine ${server}`;
  return { check, state: "ok", detail: `${command} ${client}${engine}` };
}

/** From `docker version --format '{{json .}}'` (Docker 20.10 to 28, podman 4, which has no server of its own). */
function versions(stdout: string): { client: string; server: string } {
  try {
    const { Client, Server } = JSON.parse(stdout) as Record<string, { Version?: string } | null>;
    return { client: Client?.Version ?? "", server: Server?.Version ?? "" };
  } catch {
    return { client: "", server: "" };
  }
}
