import forwarder from "./forward.cjs" with { type: "text" };
import hookFailed from "./hook-failed.sh" with { type: "text" };
import { shellWord } from "../text/quote.ts";
import type { Forward } from "../types.ts";

/** Node is in every image with a forwarding tool. */
const FORWARDER = forwarder.replaceAll(/^\s*\/\/.*\n/gm, "");

/** The trap that names the hook which ended the shell by a failure, a syntax error or `exit`. */
const onExit = (key: string) => hookFailed.trimEnd().replace("@KEY@", key);

/**
 * A bash script that runs hooks in order in one shell and stops at the first that fails, with its exit code and text.
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

/** Hooks write to stderr and read nothing, because stdout and stdin belong to the tool. */
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

/** The command of the guest: the tool itself, or a bash that runs hooks and forwards and then execs the tool. */
export function guestCommand(
  tool: readonly string[],
  setup: { hooks: readonly string[]; forwards: readonly Forward[]; tty: boolean },
): readonly string[] {
  const lines = [...preRunLines(setup.hooks, setup.tty), ...forwardLines(setup.forwards)];
  if (lines.length === 0) return tool;
  return ["bash", "-c", [...lines, 'exec "$@"'].join("\n"), "silo", ...tool];
}
