import { SUPERVISE } from "../../../core/guest/perl.ts";
import entry from "./guest/entry.sh" with { type: "text" };
import keepAlive from "./guest/keep-alive.sh" with { type: "text" };
import launch from "./guest/launch.pl" with { type: "text" };
import sshd from "./guest/sshd.conf" with { type: "text" };
import tmux from "./guest/tmux.conf" with { type: "text" };

/** Path of the guest entry point (guest/entry.sh) in a machine. */
export const GUEST = "/usr/local/lib/silo/guest";
/** Directory with the plan's variables. It is in memory, so that no value is written to the machine's disk. */
export const SECRETS = "/dev/shm/silo";
/** Directory with the pid and exit status of the tool, written by its supervisor. */
export const NOTES = "/run/silo/tool";
/** The machine's own copy of its record, for other laptops. */
export const RECORD = "/var/lib/silo/run.json";

/** Files that the set-up writes into a machine, by path. */
export const FILES: Readonly<Record<string, { readonly text: string; readonly mode: string }>> = {
  [GUEST]: { text: entry, mode: "0755" },
  "/usr/local/lib/silo/launch": { text: `${SUPERVISE}${launch}`, mode: "0755" },
  "/etc/silo/sshd_config": { text: sshd, mode: "0644" },
  "/etc/silo/tmux.conf": { text: tmux, mode: "0644" },
};

/** Command of the inetd-style sshd that the provider starts for each connection. */
export const SSHD_COMMAND = "/usr/sbin/sshd -i -e -f /etc/silo/sshd_config";

/** The machine's main process (guest/keep-alive.sh), as one line for `sh -c`. */
export const KEEP_ALIVE = keepAlive.replaceAll(/^#.*\n/gm, "").trim();

/** Dockerfile lines that install sshd and tmux. The machine's main process runs as root. */
export const LAYER = `USER 0:0
RUN set -e; export DEBIAN_FRONTEND=noninteractive; missing=; \\
    for package in openssh-server tmux; do \\
      dpkg-query -W -f='\${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"; \\
    done; \\
    [ -n "$missing" ] || exit 0; \\
    apt-get update; apt-get install -y --no-install-recommends $missing; rm -rf /var/lib/apt/lists/* /etc/ssh/ssh_host_*
`;
