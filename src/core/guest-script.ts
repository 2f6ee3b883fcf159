import { shellWord } from "./quote.ts";
import type { Forward } from "./types.ts";

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
const ON_EXIT = `silo_code=$?
printf 'silo: pre_run_hooks: this hook ended with exit code %s:\\n%s\\n' "$silo_code" "$silo_hook" >&2
exit "$silo_code"`;

/** Each hook is one word for `eval`, so that no comment or quote in it reaches the next. */
function hookLines(hooks: readonly string[], tty: boolean): readonly string[] {
  if (hooks.length === 0) return [];
  // A hook's own output must not stand in the tool's, nor may it read what was piped to the tool.
  const input = tty ? "" : " </dev/null";
  return [
    `trap ${shellWord(ON_EXIT)} EXIT`,
    ...hooks.map((hook) => `silo_hook=${shellWord(hook)}; eval "$silo_hook"${input} >&2 || exit`),
    "trap - EXIT; unset silo_hook",
  ];
}

function forwardLines(forwards: readonly Forward[]): readonly string[] {
  if (forwards.length === 0) return [];
  const pairs = forwards.map(({ listen, to }) => `${listen}:${to}`).join(" ");
  return [`node -e ${shellWord(FORWARDER)} ${pairs} </dev/null >/dev/null 2>&1 &`];
}

/** What the guest starts: the tool itself, or a bash that runs hooks and forwards first and then becomes the tool. */
export function guestCommand(
  tool: readonly string[],
  setup: { hooks: readonly string[]; forwards: readonly Forward[]; tty: boolean },
): readonly string[] {
  const lines = [...hookLines(setup.hooks, setup.tty), ...forwardLines(setup.forwards)];
  if (lines.length === 0) return tool;
  return ["bash", "-c", [...lines, 'exec "$@"'].join("\n"), "silo", ...tool];
}
