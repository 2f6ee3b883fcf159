import { shellWord } from "../text/quote.ts";
import type { Forward } from "../types.ts";

/** Node is in every image with a forwarding tool; `listen:to` pairs are its arguments. */
const FORWARDER = `const net = require("node:net");
for (const pair of process.argv.slice(1)) {
  const [listen, to] = pair.split(":").map(Number);
  net.createServer((near) => {
    const far = net.connect(to, "127.0.0.1");
    const end = () => { near.destroy(); far.destroy(); };
    near.on("error", end).pipe(far);
    far.on("error", end).pipe(near);
  }).on("error", () => {}).listen(listen);
}`;

/** Says which hook ended the shell, however it did: a failure, a syntax error or `exit`. */
const onExit = (key: string) => `silo_code=$?
printf 'silo: ${key}: this hook ended with exit code %s:\\n%s\\n' "$silo_code" "$silo_hook" >&2
exit "$silo_code"`;

/**
 * Bash that runs hooks one after the other in one shell and stops at the first that fails, with its code and text.
 * Each hook is one word for `eval`, so that no comment or quote in it reaches the next.
 * @param redirect put behind each hook.
 */
export function hookScript(key: string, hooks: readonly string[], redirect: string): string {
  return [
    `trap ${shellWord(onExit(key))} EXIT`,
    ...hooks.map((hook) => `silo_hook=${shellWord(hook)}; eval "$silo_hook"${redirect} || exit`),
    "trap - EXIT; unset silo_hook",
  ].join("\n");
}

/** A hook's own output must not stand in the tool's, nor may it read what was piped to the tool. */
function preRunLines(hooks: readonly string[], tty: boolean): readonly string[] {
  if (hooks.length === 0) return [];
  return [hookScript("pre_run_hooks", hooks, tty ? " >&2" : " </dev/null >&2")];
}

function forwardLines(forwards: readonly Forward[]): readonly string[] {
  if (forwards.length === 0) return [];
  const pairs = forwards.map(({ listen, to }) => `${listen}:${to}`).join(" ");
  // Where the guest has the host's own network, its loopback is the host's.
  return [
    `[ -n "\${SILO_SHARED_NETWORK-}" ] || node -e ${shellWord(FORWARDER)} ${pairs} </dev/null >/dev/null 2>&1 &`,
  ];
}

/** What the guest starts: the tool itself, or a bash that runs hooks and forwards first and then becomes the tool. */
export function guestCommand(
  tool: readonly string[],
  setup: { hooks: readonly string[]; forwards: readonly Forward[]; tty: boolean },
): readonly string[] {
  const lines = [...preRunLines(setup.hooks, setup.tty), ...forwardLines(setup.forwards)];
  if (lines.length === 0) return tool;
  return ["bash", "-c", [...lines, 'exec "$@"'].join("\n"), "silo", ...tool];
}
