#!/usr/bin/env bash
# Makes sure that a Docker engine answers: uses the one that does, else installs Debian's docker.io and starts it.
#   engine.sh         exit 0 when an engine answers, 3 where none can be had here
#   engine.sh stop    ends the engine that this script started, and no other
set -euo pipefail

state=${XDG_CACHE_HOME:-$HOME/.cache}/silo-test
mkdir -p "$state"
pidfile=$state/dockerd.pid
log=$state/dockerd.log
exec 9>"$state/engine.lock"
flock 9

say() { printf 'engine: %s\n' "$*" >&2; }
cannot() { say "THE END-TO-END TESTS CANNOT RUN: $*"; exit 3; }
answers() { docker version --format '{{.Server.Version}}' >/dev/null 2>&1; }

if [ "${1:-}" = stop ]; then
  [ -s "$pidfile" ] && kill "$(cat "$pidfile")" 2>/dev/null || say "nothing of ours runs"
  rm -f "$pidfile"
  exit 0
fi

install_packages() {
  local missing=()
  command -v dockerd >/dev/null || missing+=(docker.io iptables)
  command -v debootstrap >/dev/null || missing+=(debootstrap)
  command -v setpriv >/dev/null || missing+=(util-linux)
  [ ${#missing[@]} -gt 0 ] || return 0
  say "installing ${missing[*]}"
  # No service manager here, so the package must not try to start its daemon.
  local policy=/usr/sbin/policy-rc.d made=
  if [ ! -e "$policy" ]; then printf '#!/bin/sh\nexit 101\n' >"$policy"; chmod +x "$policy"; made=1; fi
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
      apt-get install -y -qq --no-install-recommends ca-certificates "${missing[@]}"; } >"$state/apt.log" 2>&1 ||
    { tail -20 "$state/apt.log" >&2; cannot "apt-get failed"; }
  [ -z "$made" ] || rm -f "$policy"
}

wait_for_engine() {
  local limit=$((SECONDS + 60))
  until answers; do
    if [ $SECONDS -ge $limit ] || ! kill -0 "$1" 2>/dev/null; then
      tail -20 "$log" >&2
      cannot "dockerd does not answer"
    fi
    sleep 0.2
  done
}

if ! answers || ! command -v debootstrap >/dev/null; then
  [ "$(id -u)" = 0 ] || cannot "no Docker engine answers, and only root may install and start one"
  command -v apt-get >/dev/null || cannot "no Docker engine answers, and there is no apt-get to install one"
  install_packages
fi
if ! answers; then
  say "starting dockerd"
  # The daemon must neither keep the lock nor end with this shell.
  setsid dockerd >"$log" 2>&1 </dev/null 9>&- &
  echo $! >"$pidfile"
  wait_for_engine "$!"
fi
say "engine $(docker version --format '{{.Server.Version}}') answers"
