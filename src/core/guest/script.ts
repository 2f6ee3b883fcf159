import forwarder from "./forward.cjs" with { type: "text" };
import hookFailed from "./hook-failed.sh" with { type: "text" };
import { shellWord } from "../text/quote.ts";
import type { Forward } from "../types.ts";

/** The port forwarder. It needs node, which every image of a tool with forwards has. */
const FORWARDER = forwarder.replaceAll(/^\s*\/\/.*\n/gm, "");

/** The EXIT trap that prints which hook failed, had a syntax error or called `exit`. */
const onExit = (key: string) => hookFailed.trimEnd().replace("@KEY@", key);

/**
 * A bash script that runs hooks in order in one shell. It stops at the first that fails, and prints its exit code and text.
 * Each hook is one argument of `eval`, so that no comment or quote in it reaches the next.
 * @param redirect appended to each hook.
 */
export function hookScript(key: string, hooks: readonly string[], redirect: string): string {
  return [
    `trap ${shellWord(onExit(key))} EXIT`,
    ...hooks.map((hook) => `silo_hook=${shellWord(hook)}; eval "$silo_hook"${redirect} || exit`),
    "trap - EXIT; unset silo_hook",
  ].join("\n");
}

/** The lines that run hooks. Hooks write to stderr and have no stdin, because stdout and stdin belong to the tool. */
function preRunLines(hooks: readonly string[], tty: boolean): readonly string[] {
  if (hooks.length === 0) return [];
  return [hookScript("pre_run_hooks", hooks, tty ? " >&2" : " </dev/null >&2")];
}

function forwardLines(forwards: readonly Forward[]): readonly string[] {
  if (forwards.length === 0) return [];
  const pairs = forwards.map(({ listen, to }) => `${listen}:${to}`).join(" ");
  // In a guest that shares the host's network, loopback is the host's.
  return [
    `[ -n "\${SILO_SHARED_NETWORK-}" ] || node -e ${shellWord(FORWARDER)} ${pairs} </dev/null >/dev/null 2>&1 &`,
  ];
}

/** The guest's command: the tool itself, or a bash that runs hooks, starts forwarders and execs the tool. */
export function guestCommand(
  tool: readonly string[],
  setup: { hooks: readonly string[]; forwards: readonly Forward[]; tty: boolean },
): readonly string[] {
  const lines = [...preRunLines(setup.hooks, setup.tty), ...forwardLines(setup.forwards)];
  if (lines.length === 0) return tool;
  return ["bash", "-c", [...lines, 'exec "$@"'].join("\n"), "silo", ...tool];
}
