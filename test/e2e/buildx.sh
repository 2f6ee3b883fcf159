#!/usr/bin/env bash
# Prints the path of a real buildx, with which docker builds with BuildKit: an installed one, else Debian's, else one built
# with Go. Exits with 3 if none is available here.
set -euo pipefail

version=v0.19.3
own=${XDG_CACHE_HOME:-$HOME/.cache}/silo-test/buildx/docker-buildx
places=(/usr/libexec/docker/cli-plugins /usr/lib/docker/cli-plugins /usr/local/lib/docker/cli-plugins)

say() { printf 'buildx: %s\n' "$*" >&2; }
find_one() {
  local path
  for path in "$own" "${places[@]/%//docker-buildx}"; do
    if [ -x "$path" ]; then echo "$path"; exit 0; fi
  done
}

find_one
mkdir -p "$(dirname "$own")"
if [ "$(id -u)" = 0 ] && apt-cache show docker-buildx >/dev/null 2>&1; then
  say "installing docker-buildx"
  DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends docker-buildx >&2 || :
  find_one
fi
if command -v go >/dev/null; then
  say "making buildx $version with Go, which takes some minutes"
  made=$(mktemp -d)
  trap 'rm -rf "$made"' EXIT
  if GOBIN=$made go install "github.com/docker/buildx/cmd/buildx@$version" >"$made/log" 2>&1; then
    mv "$made/buildx" "$own"
    find_one
  fi
  tail -n 5 "$made/log" >&2
fi
say "THE BUILDKIT TESTS DO NOT RUN HERE: there is no buildx, and neither apt-get nor Go can bring it"
exit 3
