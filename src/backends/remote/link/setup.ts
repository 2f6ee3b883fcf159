import { dirname } from "node:path";
import { shellWord } from "../../../core/text/quote.ts";
import { directoriesBetween, within } from "../../../core/paths.ts";
import type { RunPlan } from "../../../core/types.ts";
import type { MachineRecord } from "../record.ts";
import { COPIES, type Layout } from "../sync/layout.ts";
import { FILES, NOTES, RECORD, SECRETS } from "./guest.ts";
import functions from "./guest/setup-functions.sh" with { type: "text" };

/** Line before and after the script's result, which warnings of the provider may surround. */
const MARK = "-----silo-----";

/** Command that reads the script from standard input. `-s`, because Fly's console starts a bare shell on a TTY. */
export const SETUP_COMMAND = "/bin/bash -s";

/** The result of the set-up: the machine's SSH host key, and the user that files are synced as. */
export type SetUp = { readonly hostKey: string; readonly login: string };

/** Parses the output of the set-up script; undefined if it did not run to its end. */
export function setUpOf(stdout: string): SetUp | undefined {
  const [, inner] = stdout.replaceAll("\r", "").split(`${MARK}\n`);
  const [hostKey, login] = (inner ?? "").split("\n");
  const whole = /^ssh-\S+ \S+$/.test(hostKey ?? "") && /^[a-z_][\w.-]*$/i.test(login ?? "");
  return whole ? { hostKey: hostKey ?? "", login: login ?? "" } : undefined;
}

/** Shell lines that write silo's programs and configuration. */
function writeFiles(): readonly string[] {
  return Object.entries(FILES).flatMap(([path, { text, mode }]) => [
    `mkdir -p ${dirname(path)}`,
    `printf %s ${shellWord(text)} >${path}.new; chmod ${mode} ${path}.new; mv ${path}.new ${path}`,
  ]);
}

/** Shell lines that allow an SSH key to log in. Other laptops repeat them with their own key. */
function allowKey(
  publicKey: string,
  name: string,
  { uid, gid }: RunPlan["user"],
): readonly string[] {
  const key = shellWord(publicKey);
  return [
    "mkdir -p /run/sshd /run/silo /var/lib/silo; chmod 0755 /run/sshd /run/silo; chmod 0711 /var/lib/silo",
    `echo ${uid} >/run/silo/uid; echo ${gid} >/run/silo/gid; hostname ${shellWord(name)}`,
    ...writeFiles(),
    "[ -e /var/lib/silo/host_key ] || ssh-keygen -q -t ed25519 -N '' -C silo -f /var/lib/silo/host_key </dev/null",
    `keys=/var/lib/silo/authorized_keys; touch "$keys"; grep -qxF ${key} "$keys" || echo ${key} >>"$keys"; chmod 0644 "$keys"`,
    `login=$(getent passwd ${uid} | cut -d: -f1 | head -n 1); login=\${login:-root}`,
    // sshd without PAM refuses a locked account.
    `for name in root "$login"; do usermod -p '*' "$name"; done`,
  ];
}

/** Shell lines that create a path's parent directories; in the home directory they belong to the user, as on the host. */
function parents(path: string, { uid, gid, home }: RunPlan["user"]): readonly string[] {
  if (!within(home, path)) return [`mkdir -p ${shellWord(dirname(path))}`];
  return directoriesBetween(home, path).map(
    (directory) => `own ${shellWord(directory)} ${uid} ${gid}`,
  );
}

/** Moves the image's files at a synced path out of the way, since they would be synced back as new files. */
function setAside(path: string, index: number): string {
  return `aside ${shellWord(path)} ${index}`;
}

/** Shell lines that prepare the paths for synced files. */
function syncTargets({ syncs, links }: Layout, user: RunPlan["user"]): readonly string[] {
  return [
    ...syncs.flatMap(({ kind, of, remote, shown }, i) => {
      if (kind !== "ro") {
        const mode = kind === "tool" ? "0700" : "0755";
        const own = `own ${shellWord(remote)} ${user.uid} ${user.gid}; chmod ${mode} ${shellWord(remote)}`;
        const root = of === "dir" ? [own] : [];
        return [...parents(remote, user), setAside(remote, i), ...root];
      }
      return [
        `mkdir -p ${shellWord(of === "dir" ? remote : dirname(remote))}`,
        ...parents(shown, user),
      ];
    }),
    ...links.flatMap(({ path, to }) => [
      ...parents(path, user),
      `[ -e ${shellWord(path)} ] || ln -sn ${shellWord(to)} ${shellWord(path)}`,
    ]),
  ];
}

/** Shell lines that mount read-only copies at the tool's paths, because programs without privileges cannot write to a read-only mount. */
function readOnly({ syncs }: Layout): readonly string[] {
  return syncs.flatMap(({ kind, of, remote, shown }) => {
    if (kind !== "ro") return [];
    if (of === "dir") return [`show ${shellWord(remote)} ${shellWord(shown)}`];
    const copies = dirname(remote);
    const place = copies.replace(COPIES, "/opt/silo-ro");
    const link = `${place}/${remote.slice(copies.length + 1)}`;
    return [
      `show ${shellWord(copies)} ${place}`,
      `rm -f ${shellWord(shown)}; ln -sn ${shellWord(link)} ${shellWord(shown)}`,
    ];
  });
}

/** A shell line that writes texts to a file, each followed by NUL. */
function nulSeparated(words: readonly string[], file: string): string {
  return `printf '%s\\0'${words.map((word) => ` ${shellWord(word)}`).join("")} >${file}`;
}

/** Variables of every machine, in addition to the plan's. */
const FIXED = {
  LANG: "C.UTF-8",
  // Keeps git from refreshing the index unasked, which would conflict with the git of an editor on the host.
  GIT_OPTIONAL_LOCKS: "0",
};

/** Shell lines that write the plan's variables, command and working directory. */
function secrets(plan: RunPlan): readonly string[] {
  const { user, argv, workdir } = plan;
  const env = plan.env.filter(({ name }) => !plan.tty || name !== "TERM");
  const entries = [
    ...Object.entries(FIXED).map(([name, value]) => `${name}=${value}`),
    `HOME=${user.home}`,
    ...env.map(({ name, value }) => `${name}=${value}`),
  ];
  return [
    `umask 077; rm -rf ${SECRETS}; mkdir -p ${SECRETS} ${NOTES}`,
    nulSeparated(entries, `${SECRETS}/env`),
    `printf 'USER=%s\\0LOGNAME=%s\\0' "$login" "$login" >>${SECRETS}/env`,
    nulSeparated(argv, `${SECRETS}/argv`),
    `printf %s ${shellWord(workdir)} >${SECRETS}/workdir`,
    `chown -R ${user.uid}:${user.gid} ${SECRETS} ${NOTES}; umask 022`,
  ];
}

const END = [
  "touch /var/lib/silo/ready",
  `echo ${MARK}; cut -d' ' -f1,2 /var/lib/silo/host_key.pub; echo "$login"; echo ${MARK}`,
];

/**
 * The script that sets up a new machine. It is passed on standard input, so that its variables appear in no argument
 * list, image or machine configuration.
 * @param record the machine's own copy, with which another laptop can reconnect.
 */
export function setupScript(
  plan: RunPlan,
  { layout, name }: Pick<MachineRecord, "layout" | "name">,
  publicKey: string,
  record: string,
): string {
  return [
    "set -eu; umask 022",
    functions.trimEnd(),
    ...allowKey(publicKey, name, plan.user),
    ...syncTargets(layout, plan.user),
    ...readOnly(layout),
    ...secrets(plan),
    `printf %s ${shellWord(record)} >${RECORD}; chmod 0600 ${RECORD}`,
    ...END,
    "",
  ].join("\n");
}

/** The script for a further laptop, and after a restart of the machine: allows the key and mounts the read-only copies. */
export function returnScript(
  { user, layout, name }: Pick<MachineRecord, "user" | "layout" | "name">,
  publicKey: string,
): string {
  return [
    "set -eu; umask 022",
    functions.trimEnd(),
    ...allowKey(publicKey, name, user),
    ...readOnly(layout),
    ...END,
    "",
  ].join("\n");
}
