#!/usr/bin/env bash
# Prepares Debian's podman for the tests, for root and an ordinary user, and prints the path of its settings. Exits with 3
# if podman is not available here.
set -euo pipefail

uid=12345
base=silo-test-base:latest
state=${XDG_CACHE_HOME:-$HOME/.cache}/silo-test
settings=/tmp/silo-test-containers.conf

say() { printf 'podman: %s\n' "$*" >&2; }
cannot() { say "THE PODMAN TESTS DO NOT RUN HERE: $*"; exit 3; }

[ "$(id -u)" = 0 ] || cannot "only root can prepare it"
mkdir -p "$state"
if ! command -v podman >/dev/null || ! command -v runc >/dev/null; then
  command -v apt-get >/dev/null || cannot "there is no apt-get to install it with"
  say "installing podman"
  {
    apt-get update || :
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=300 \
      podman runc uidmap slirp4netns catatonit netavark aardvark-dns containernetworking-plugins
  } >"$state/podman-apt.log" 2>&1 || { tail -n 5 "$state/podman-apt.log" >&2; cannot "apt-get failed"; }
fi

# In a nested container limits cannot be raised, and crun does not support its mixture of cgroup versions.
printf '[containers]\ndefault_ulimits = ["nofile=1024:4096", "nproc=1024:4096"]\n[engine]\nruntime = "runc"\n' >"$settings"
chmod 644 "$settings"
export CONTAINERS_CONF=$settings STORAGE_DRIVER=overlay

# Rootless podman requires an account with subordinate ids, and a network device that otherwise udev makes accessible.
# Another script may have created the account with another name.
getent passwd "$uid" >/dev/null || useradd --uid "$uid" --no-create-home tester
user=$(getent passwd "$uid" | cut -d: -f1)
mkdir -p "/tmp/silo-podman-$uid"
chown "$uid:$uid" "/tmp/silo-podman-$uid"
# Podman uses $USER, and newuidmap the account.
for file in /etc/subuid /etc/subgid; do
  for name in tester "$user"; do
    grep -q "^$name:" "$file" 2>/dev/null || echo "$name:200000:65536" >>"$file"
  done
done
[ ! -e /dev/net/tun ] || chmod a+rw /dev/net/tun
as_user() { setpriv --reuid=$uid --regid=$uid --clear-groups env -i PATH="$PATH" HOME="/tmp/silo-podman-$uid" CONTAINERS_CONF=$settings STORAGE_DRIVER=overlay "$@"; }

archive=$(mktemp --suffix=.tar)
trap 'rm -f "$archive"' EXIT
wanted=$(docker image inspect --format '{{.Id}}' $base)
has() { "$@" podman image inspect --format 'sha256:{{.Id}}' $base 2>/dev/null | grep -q "$wanted"; }
if ! has env || ! (cd / && has as_user); then
  say "handing over the base image"
  docker save -o "$archive" $base
  chmod 644 "$archive"
  podman load -q -i "$archive" >/dev/null 2>&1
  (cd / && as_user podman load -q -i "$archive" >/dev/null 2>&1)
fi
(cd / && as_user podman run --rm --pull=never $base true) 2>"$state/podman.log" || { tail -n 5 "$state/podman.log" >&2; cannot "it does not start a container without root"; }
echo "$settings"
