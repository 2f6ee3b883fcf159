import { SUPERVISE } from "../../../core/guest/perl.ts";

/** Where silo's part of a machine lies. */
export const GUEST = "/usr/local/lib/silo/guest";
/** In memory alone, so that no value of a variable ever stands on the machine's disk. */
export const SECRETS = "/dev/shm/silo";
/** What the tool's supervisor leaves for silo. */
export const NOTES = "/run/silo/tool";

/** Every door of a machine for the laptop's silo, by its first word. It runs as root and gives that up where it can. */
const DOORS = `#!/bin/bash
# One door of this machine for silo: enter, attach, launch, state, signal, screen.
set -u
secrets=${SECRETS} notes=${NOTES}
uid=$(cat /run/silo/uid) gid=$(cat /run/silo/gid)
drop=(setpriv --reuid="$uid" --regid="$gid" --clear-groups --inh-caps=-all --bounding-set=-all --no-new-privs --)
tmux=(tmux -u -L silo -f /etc/silo/tmux.conf)
surroundings() {
  while IFS= read -r -d '' entry; do
    case "$entry" in FLY_*|PRIMARY_REGION=*|HOSTNAME=*|PWD=*|SHLVL=*|_=*|OLDPWD=*) ;; *=*) export "$entry" ;; esac
  done </run/silo/image-env
  while IFS= read -r -d '' entry; do export "$entry"; done <"$secrets/env"
  unset SSH_CLIENT SSH_CONNECTION SSH_TTY MAIL OLDPWD
  cd "$(cat "$secrets/workdir")"
}
lives() { [ -s "$notes/pid" ] && kill -0 "$(cat "$notes/pid")" 2>/dev/null; }
verb=$1; shift
case "$verb" in
  enter) surroundings; exec "\${drop[@]}" "$@" ;;
  launch) surroundings; exec "\${drop[@]}" perl /usr/local/lib/silo/launch ;;
  attach)
    infocmp "\${TERM:-}" >/dev/null 2>&1 || export TERM=xterm-256color
    outer=$TERM
    surroundings
    export TERM=$outer
    if [ ! -e "$notes/exit" ] && ! lives; then
      "\${drop[@]}" "\${tmux[@]}" new-session -d -s silo -x "$1" -y "$2" perl /usr/local/lib/silo/launch silo
    fi
    exec "\${drop[@]}" "\${tmux[@]}" attach-session -d -t silo ;;
  state)
    if [ -s "$notes/exit" ]; then echo "exit $(cat "$notes/exit")"
    elif [ ! -e "$secrets/env" ]; then echo lost
    elif lives; then echo running
    else echo waiting; fi ;;
  signal)
    lives || exit 0
    pid=$(cat "$notes/pid")
    if [ "$1" = KILL ]; then for child in $(cat /proc/"$pid"/task/"$pid"/children); do kill -KILL "$child"; done
    else kill -"$1" "$pid"; fi ;;
  screen) cat "$notes/screen" 2>/dev/null || : ;;
esac
`;

/**
 * Runs the tool and leaves its exit code, before anyone is told of the end. In tmux it hands what was on the screen
 * to the terminal outside, which would show nothing of it otherwise.
 */
const LAUNCH = `${SUPERVISE}
my ($secrets, $notes) = ("${SECRETS}", "${NOTES}"); my $session = shift @ARGV;
open my $in, "<", "$secrets/argv" or die "silo: argv: $!\\n"; my @argv;
{ local $/ = "\\0"; while (my $word = <$in>) { chomp $word; push @argv, $word; } }
sub note { my ($name, $text) = @_; open my $out, ">", "$notes/$name.new" or return; print $out $text; close $out; rename "$notes/$name.new", "$notes/$name"; }
note("pid", $$);
my $code = supervise(sub { select undef, undef, undef, 0.2; }, @argv);
if (defined $session) {
  my @tmux = ("tmux", "-u", "-L", "silo");
  sub said { open my $from, "-|", @_ or return ""; local $/; my $text = <$from>; return defined $text ? $text : ""; }
  my $screen = said(@tmux, "display-message", "-p", "-t", $session, "#{alternate_on}") =~ /^1/ ? ""
    : said(@tmux, "capture-pane", "-p", "-e", "-J", "-S", "-1000", "-t", $session);
  $screen =~ s/\\s+\\z//; note("screen", $screen eq "" ? "" : "$screen\\n");
  note("exit", $code);
  system { $tmux[0] } @tmux, "detach-client", "-s", $session, "-E", "cat $notes/screen";
} else { note("exit", $code); }
exit $code;
`;

/** The door that fly's console opens: no port, no password, the laptop's key alone. */
const SSHD = `HostKey /var/lib/silo/host_key
AuthorizedKeysFile /var/lib/silo/authorized_keys
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
AllowTcpForwarding local
AllowAgentForwarding no
X11Forwarding no
PermitTunnel no
AcceptEnv none
MaxSessions 64
ClientAliveInterval 30
ClientAliveCountMax 4
Subsystem sftp internal-sftp
`;

/** A terminal that nobody notices: no status line, no key of its own. */
const TMUX = `set -g status off
set -g prefix None
set -g prefix2 None
unbind-key -a
unbind-key -a -T root
set -g escape-time 0
set -g set-clipboard on
set -g allow-passthrough on
set -g extended-keys on
set -as terminal-features ',*:RGB:extkeys:clipboard'
set -g focus-events on
set -g default-terminal tmux-256color
set -g history-limit 50000
set -g window-size latest
set -g remain-on-exit off
set -g destroy-unattached off
set -g exit-empty on
set -g mouse on
bind-key -T root WheelUpPane if-shell -F '#{||:#{pane_in_mode},#{mouse_any_flag}}' 'send-keys -M' 'copy-mode -e'
bind-key -T root WheelDownPane send-keys -M
`;

export const FILES: Readonly<Record<string, { readonly text: string; readonly mode: string }>> = {
  [GUEST]: { text: DOORS, mode: "0755" },
  "/usr/local/lib/silo/launch": { text: LAUNCH, mode: "0755" },
  "/etc/silo/sshd_config": { text: SSHD, mode: "0644" },
  "/etc/silo/tmux.conf": { text: TMUX, mode: "0644" },
};

/** What fly's console starts as the far end of ssh. */
export const SSHD_COMMAND = "/usr/sbin/sshd -i -e -f /etc/silo/sshd_config";
