import { dirname } from "node:path";
import { shellWord } from "../../../core/text/quote.ts";
import { directoriesBetween, within } from "../../../core/paths.ts";
import type { RunPlan } from "../../../core/types.ts";
import { FILES, NOTES, SECRETS } from "./guest.ts";
import { COPIES, type Layout } from "../sync/layout.ts";
import type { Record } from "../record.ts";

/** What stands around the machine's answer: warnings of flyctl's may stand before and behind it. */
const MARK = "-----silo-----";

/** What runs the script below, as one command of Fly's console; the plain name of a shell would get a terminal. */
export const SETUP_COMMAND = "/bin/bash -s";

/** What a machine says of itself when it is set up. */
export type SetUp = { readonly hostKey: string; readonly login: string };

/** What the set-up printed; undefined where it did not come to its end. */
export function setUpOf(stdout: string): SetUp | undefined {
  const [, inner] = stdout.replaceAll("\r", "").split(`${MARK}\n`);
  const [hostKey, login] = (inner ?? "").split("\n");
  const whole = /^ssh-\S+ \S+$/.test(hostKey ?? "") && /^[a-z_][\w.-]*$/i.test(login ?? "");
  return whole ? { hostKey: hostKey ?? "", login: login ?? "" } : undefined;
}

function writeFiles(): readonly string[] {
  return Object.entries(FILES).flatMap(([path, { text, mode }]) => [
    `mkdir -p ${dirname(path)}`,
    `printf %s ${shellWord(text)} >${path}.new; chmod ${mode} ${path}.new; mv ${path}.new ${path}`,
  ]);
}

/** Opens the door for one key. It may be done again, by another laptop too. */
function openDoor(
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
    // A locked account is refused where PAM is not asked.
    `for name in root "$login"; do usermod -p '*' "$name"; done`,
  ];
}

/** Directories on the way to a path: below the home they are the user's, as on the host. */
function parents(path: string, { uid, gid, home }: RunPlan["user"]): readonly string[] {
  if (!within(home, path)) return [`mkdir -p ${shellWord(dirname(path))}`];
  return directoriesBetween(home, path).map(
    (directory) => `own ${shellWord(directory)} ${uid} ${gid}`,
  );
}

/** What the image has left where a synchronised path goes, which would be taken for a change of the user's. */
function setAside(path: string, index: number): string {
  return `aside ${shellWord(path)} ${index}`;
}

function places({ syncs, links }: Layout, user: RunPlan["user"]): readonly string[] {
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

/** Shows read-only copies where the tool looks for them: no program without privileges can write through a read-only mount. */
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

const FUNCTIONS = `own() { [ -d "$1" ] || { mkdir -p "$1"; chown "$2:$3" "$1"; }; }
aside() { [ -e "$1" ] && [ ! -e /var/lib/silo/ready ] || return 0; kept="/var/lib/silo/image/$2"; mkdir -p "$kept"
  if [ -d "$1" ]; then find "$1" -mindepth 1 -maxdepth 1 -exec mv -t "$kept" -- {} +; else mv -- "$1" "$kept/"; fi; }
show() { mkdir -p "$2"; grep -qF " $(printf %s "$2" | sed 's/ /\\\\040/g') " /proc/self/mountinfo || { mount --bind "$1" "$2"; mount -o remount,ro,bind "$2"; }; }`;

function nulSeparated(words: readonly string[], file: string): string {
  return `printf '%s\\0'${words.map((word) => ` ${shellWord(word)}`).join("")} >${file}`;
}

/** What every machine gets besides the plan's own variables. */
const FIXED = {
  LANG: "C.UTF-8",
  // A host's editor that refreshes the index would fight with the tool's git over it.
  GIT_OPTIONAL_LOCKS: "0",
};

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
 * The script that makes a fresh machine silo's: it comes on the console's standard input, so that the variables in it
 * stand in no argument list, no image and no machine configuration.
 * @param record what another laptop needs to come back to the machine.
 */
export function setupScript(
  plan: RunPlan,
  { layout, name }: Pick<Record, "layout" | "name">,
  publicKey: string,
  record: string,
): string {
  return [
    "set -eu; umask 022",
    FUNCTIONS,
    ...openDoor(publicKey, name, plan.user),
    ...places(layout, plan.user),
    ...readOnly(layout),
    ...secrets(plan),
    `printf %s ${shellWord(record)} >/var/lib/silo/run.json; chmod 0600 /var/lib/silo/run.json`,
    ...END,
    "",
  ].join("\n");
}

/** Opens the door for another key, or again after a restart, and shows what is read-only; all else stays. */
export function returnScript(
  { user, layout, name }: Pick<Record, "user" | "layout" | "name">,
  publicKey: string,
): string {
  return [
    "set -eu; umask 022",
    FUNCTIONS,
    ...openDoor(publicKey, name, user),
    ...readOnly(layout),
    ...END,
    "",
  ].join("\n");
}
