import type { Backend } from "../backends/backend.ts";
import { nextName } from "../core/naming.ts";
import { printableLine, showCommand } from "../core/text/quote.ts";
import type { RunPlan } from "../core/types.ts";
import type { Cmd, Exit } from "../runtime/command.ts";
import { printStdout } from "../ui/print.ts";

/** Prints the plan and the commands of a run. Values of variables are omitted, because any of them may be secret. */
export async function printPlan(backend: Backend, plan: RunPlan, json: boolean): Promise<Exit> {
  const name = plan.name ?? nextName(plan.project, []);
  const commands = await backend.preview(plan, { id: "0".repeat(16), name });
  const shown = json
    ? JSON.stringify(asData(backend, plan, name, commands), undefined, 2)
    : asText(backend, plan, name, commands);
  printStdout(shown);
  return 0;
}

type Commands = { readonly fetch?: Cmd; readonly build: Cmd; readonly run: Cmd };

function asData(backend: Backend, plan: RunPlan, name: string, { fetch, build, run }: Commands) {
  const command = ({ bin, args, env }: Cmd) => ({ bin, args, env: Object.keys(env ?? {}) });
  return {
    ...plan,
    backend: backend.name,
    name,
    env: plan.env.map((entry) => entry.name),
    commands: {
      ...(fetch === undefined ? {} : { fetch: command(fetch) }),
      build: command(build),
      run: command(run),
    },
  };
}

function asText(
  backend: Backend,
  plan: RunPlan,
  name: string,
  { fetch, build, run }: Commands,
): string {
  const rows: readonly (readonly [string, readonly string[]])[] = [
    ["tool", [plan.tool]],
    ["backend", [backend.name]],
    ["name", [plan.name ?? `${name} (or the next free number)`]],
    ["image", [plan.image.tag]],
    ["user", [`${plan.user.name} ${plan.user.uid}:${plan.user.gid} ${plan.user.home}`]],
    ["workdir", [plan.workdir]],
    ["mounts", plan.mounts.map((mount) => `${mount.mode} ${mountPaths(mount)} (${mount.from})`)],
    ["creates", plan.creations.map(({ path }) => path)],
    ["env", [plan.env.map((entry) => entry.name).join(" ")]],
    [
      "ports",
      plan.ports.map((port) => `${port.hostIp}:${port.host} -> ${port.guest}/${port.protocol}`),
    ],
    ["asks", plan.sensitive.map(({ path, holds }) => `${path}: ${holds}`)],
    ["warnings", plan.warnings],
  ];
  const lines = rows
    .filter(([, values]) => values.length > 0)
    .flatMap(([title, values]) =>
      // Printed on one line, so that a crafted path cannot look like another row.
      values.map((value, i) => `${(i === 0 ? title : "").padEnd(9)} ${printableLine(value)}`),
    );
  return [
    ...lines,
    "",
    "# only if the image is missing",
    ...(fetch === undefined ? [] : [showCommand(fetch)]),
    showCommand(build),
    "# the run",
    showCommand(run),
  ].join("\n");
}

function mountPaths({ source, target }: { source: string; target: string }): string {
  return source === target ? source : `${source} -> ${target}`;
}
