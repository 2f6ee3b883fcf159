#!/usr/bin/env bash
# Installs the requirements of the Fly backend: an OpenSSH client, tmux, and a real mutagen with its agents.
#   fly-tools.sh   0: installed, the last line of stdout is mutagen's directory; 3: not available here; 1: a step failed
set -euo pipefail

version=0.18.1
state=${XDG_CACHE_HOME:-$HOME/.cache}/silo-test
# Not in the home directory, because the tests also run mutagen as another user.
shared=/var/tmp/silo-test-$(id -u)
folder=$shared/mutagen-$version
export PATH="$PATH:/usr/local/go/bin"

say() { printf 'fly-tools: %s\n' "$*" >&2; }
cannot() { say "THE TESTS OF FLY CANNOT RUN HERE: $*"; exit 3; }
fails() { tail -n 20 "$1" >&2; say "$2; the whole log is $1"; exit 1; }
has() { command -v "$1" >/dev/null; }

install_packages() {
  local packages=()
  # Only the client, because the server's package would start an sshd.
  has ssh && has ssh-keygen || packages+=(openssh-client)
  has tmux || packages+=(tmux)
  [ ${#packages[@]} -gt 0 ] || return 0
  [ "$(id -u)" = 0 ] && has apt-get || cannot "only root on Debian or Ubuntu can install ${packages[*]}"
  say "installing ${packages[*]}"
  {
    apt-get update || : # an unreachable source matters only if a package is missing below
    DEBIAN_FRONTEND=noninteractive \
      apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=300 "${packages[@]}"
  } >"$state/fly-apt.log" 2>&1 || fails "$state/fly-apt.log" "apt-get failed"
}

is_whole() {
  [ "$("$folder/mutagen" version 2>/dev/null)" = "$version" ] &&
    tar -tzf "$folder/mutagen-agents.tar.gz" 2>/dev/null | grep -qx "linux_$(go env GOARCH)"
}

build() {
  local work log=$state/mutagen-build.log arch
  local package=github.com/mutagen-io/mutagen
  arch=$(go env GOARCH)
  work=$(mktemp -d "$shared/mutagen-build.XXXXXX")
  chmod 755 "$work"
  # The path is expanded now, because the local variable does not exist when the trap runs.
  # shellcheck disable=SC2064
  trap "rm -rf '$work'" EXIT
  mkdir "$work/module" "$work/out" "$work/agents"
  say "building mutagen $version"
  (
    cd "$work/module"
    # The module requires an exact version, because not every proxy serves lists of versions.
    go mod init silo-test-mutagen
    go mod edit "-require=$package@v$version"
    # Static, so that the agent runs in any image; each program requires its own build tag.
    export CGO_ENABLED=0 GOFLAGS=
    go build -mod=mod -tags mutagencli -trimpath -ldflags='-s -w' -o "$work/out/" "$package/cmd/mutagen"
    go build -mod=mod -tags mutagenagent -trimpath -ldflags='-s -w' -o "$work/agents/linux_$arch" "$package/cmd/mutagen-agent"
  ) >"$log" 2>&1 || fails "$log" "go build failed"
  tar -C "$work/agents" -czf "$work/out/mutagen-agents.tar.gz" "linux_$arch"
  # Renamed, so that an existing directory is complete.
  rm -rf "$folder"
  mv "$work/out" "$folder"
}

mkdir -p "$state"
[ -d "$shared" ] || mkdir -m 755 "$shared"
[ -O "$shared" ] && [ ! -L "$shared" ] || cannot "$shared belongs to another user"
exec 9>"$state/fly-tools.lock"
flock 9
install_packages
has go || cannot "there is no go to build mutagen with"
is_whole || build
# OpenSSH requires the user to have an account.
getent passwd 12345 >/dev/null || useradd --uid 12345 --no-create-home --home-dir /nonexistent silo-tester
is_whole || cannot "mutagen was built in $folder, but does not run"
say "mutagen $version is in $folder"
printf '%s\n' "$folder"
