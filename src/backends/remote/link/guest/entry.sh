#!/bin/bash
# Guest entry point for silo, called over SSH as root: enter, launch, attach, state, signal, screen.
# Drops root privileges before it runs the tool or a user's command.
set -u
secrets=/dev/shm/silo notes=/run/silo/tool
uid=$(cat /run/silo/uid) gid=$(cat /run/silo/gid)
drop=(setpriv --reuid="$uid" --regid="$gid" --clear-groups --inh-caps=-all --bounding-set=-all --no-new-privs --)
tmux=(tmux -u -L silo -f /etc/silo/tmux.conf)
# Exports the image's environment, then the plan's, and enters the working directory, if the tool has not deleted it.
# shellcheck disable=SC2163,SC2164
use_environment() {
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
  enter) use_environment; exec "${drop[@]}" "$@" ;;
  launch) use_environment; exec "${drop[@]}" perl /usr/local/lib/silo/launch ;;
  attach)
    infocmp "${TERM:-}" >/dev/null 2>&1 || export TERM=xterm-256color
    outer=$TERM
    use_environment
    export TERM=$outer
    if [ ! -e "$notes/exit" ] && ! lives; then
      "${drop[@]}" "${tmux[@]}" new-session -d -s silo -x "$1" -y "$2" perl /usr/local/lib/silo/launch silo
    fi
    exec "${drop[@]}" "${tmux[@]}" attach-session -d -t silo ;;
  state)
    if [ -s "$notes/exit" ]; then echo "exit $(cat "$notes/exit")"
    elif [ ! -e "$secrets/env" ]; then echo lost
    elif lives; then echo running
    else echo waiting; fi ;;
  signal)
    lives || exit 0
    pid=$(cat "$notes/pid")
    # shellcheck disable=SC2013 # the file is one line of words
    if [ "$1" = KILL ]; then for child in $(cat /proc/"$pid"/task/"$pid"/children); do kill -KILL "$child"; done
    else kill -"$1" "$pid"; fi ;;
  screen) cat "$notes/screen" 2>/dev/null || : ;;
esac
