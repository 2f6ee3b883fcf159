#!/usr/bin/env bash
# Ensures that a Docker engine is running: an existing one, else Debian's, which is installed and started.
#   engine.sh        0: an engine is running; 3: none is available here; 1: it fails to start
#   engine.sh stop   stops the engine that this script started, and no other
set -euo pipefail

state=${XDG_CACHE_HOME:-$HOME/.cache}/silo-test
pidfile=$state/dockerd.pid
log=$state/dockerd.log

say() { printf 'engine: %s\n' "$*" >&2; }
cannot() { say "THE END-TO-END TESTS CANNOT RUN HERE: $*"; exit 3; }
fails() { tail -n 20 "$1" >&2; say "$2; the whole log is $1"; exit 1; }
has() { command -v "$1" >/dev/null; }
answers() { docker version --format '{{.Server.Version}}' 2>/dev/null; }
# Process ids are reused, so the process of a pid file must have the expected name.
runs() { [ -s "$1" ] && [ "$(cat "/proc/$(cat "$1")/comm" 2>/dev/null)" = "$2" ]; }

can_install() { [ "$(id -u)" = 0 ] && has apt-get; }

install_packages() {
  local policy=/usr/sbin/policy-rc.d packages=()
  has mmdebstrap || packages+=(mmdebstrap)
  answers >/dev/null || has dockerd || packages+=(docker.io iptables ca-certificates)
  [ ${#packages[@]} -gt 0 ] || return 0
  say "installing ${packages[*]}"
  # The package must not start its service, because there may be no service manager; this script starts it.
  if [ -e "$policy" ]; then policy=; else
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
  fi
  {
    apt-get update || : # an unreachable source matters only if a package is missing below
    # Since Debian 13 the command has its own package.
    has docker || ! apt-cache show docker-cli || packages+=(docker-cli)
    DEBIAN_FRONTEND=noninteractive \
      apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=300 "${packages[@]}"
  } >"$state/apt.log" 2>&1 || { [ -z "$policy" ] || rm -f "$policy"; fails "$state/apt.log" "apt-get failed"; }
  [ -z "$policy" ] || rm -f "$policy"
}

start() {
  local limit=$((SECONDS + 60)) pid
  if ! pid=$(pidof -s dockerd); then
    say "starting dockerd"
    # Leftovers of a killed engine would prevent the start.
    runs /run/docker/containerd/containerd.pid containerd || rm -f /run/docker/containerd/containerd.pid
    rm -f /run/docker.pid
    # The engine must outlive this shell, and must not inherit its lock.
    setsid dockerd >"$log" 2>&1 </dev/null 9>&- &
    pid=$!
    echo "$pid" >"$pidfile"
  fi
  until answers >/dev/null; do
    kill -0 "$pid" 2>/dev/null || fails "$log" "dockerd has ended"
    [ $SECONDS -lt $limit ] || fails "$log" "dockerd does not answer within a minute"
    sleep 0.1
  done
}

stop() {
  if runs "$pidfile" dockerd; then
    local pid
    pid=$(cat "$pidfile")
    kill "$pid"
    timeout 60 tail --pid="$pid" -f /dev/null || fails "$log" "dockerd $pid does not end"
    say "dockerd $pid has ended"
  else
    say "no engine of ours runs"
  fi
  rm -f "$pidfile"
}

mkdir -p "$state"
exec 9>"$state/engine.lock"
flock 9
if [ "${1:-}" = stop ]; then stop; exit; fi

# Also installs mmdebstrap for the base image, so that one call of apt-get suffices.
if can_install; then install_packages; fi
if ! answers >/dev/null; then
  [ -z "${DOCKER_HOST:-}" ] || cannot "nothing answers at DOCKER_HOST=$DOCKER_HOST"
  can_install || cannot "no Docker engine answers; only root on Debian or Ubuntu can install and start one"
  start
fi
say "Docker $(answers) answers"
