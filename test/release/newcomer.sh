#!/usr/bin/env bash
# The installation on a plain Debian without Node, Bun, an engine or root: installs the result of `npm run release` with
# install.sh from a local server, in a container.
set -euo pipefail
cd "$(dirname "$0")/../.."
image=silo-newcomer:latest
say() { printf 'newcomer: %s\n' "$*" >&2; }

bash test/e2e/engine.sh 2>/dev/null || { say "NOT TESTED HERE: there is no Docker engine"; exit 0; }
if ! docker image inspect "$image" >/dev/null 2>&1; then
  say "making $image"
  suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
  # On a tmpfs, because dpkg mostly waits for the disk; the mount is in its own namespace.
  # shellcheck disable=SC2016
  unshare --mount bash -c 'mount -t tmpfs newcomer /mnt && TMPDIR=/mnt exec "$@"' bash \
    mmdebstrap --quiet --variant=minbase --dpkgopt=force-unsafe-io --include=ca-certificates,curl \
    --format=tar "$suite" - 2>/dev/null | docker import - "$image" >/dev/null
fi

exec {server}< <(exec bun test/release/serve.ts)
pid=$!
trap 'kill "$pid"' EXIT
read -r address <&"$server"

docker run --rm -i --network host --user 1000:1000 --env HOME=/tmp/new --env SILO_RELEASES="$address" "$image" bash <<'END'
set -euo pipefail
mkdir "$HOME" && cd "$HOME"
for name in node bun npm docker; do ! command -v "$name" >/dev/null || { echo "this machine has $name"; exit 1; }; done
now() { date +%s%3N; }
began=$(now)
curl -fsSL "$SILO_RELEASES/latest/download/install.sh" | sh
installed=$(now)
PATH=$HOME/.local/bin:$PATH
version=$(silo --version)
first=$(now)
for _ in 1 2 3 4 5 6 7 8 9 10; do silo --version >/dev/null; done
ten=$(now)
code=0
doctor=$(silo doctor) || code=$?
asked=$(now)
# No backend is installed, and doctor prints the install command of each.
[ "$code" = 1 ] || { echo "silo doctor ended with $code"; exit 1; }
for word in 'install Docker' 'apt-get install bubblewrap'; do
  case $doctor in *"$word"*) ;; *) echo "silo doctor does not say: $word"; echo "$doctor"; exit 1 ;; esac
done
case $(silo version) in *'installed  install.sh (~/.local/bin)'*) ;; *) silo version; exit 1 ;; esac
silo completion bash | bash -n
echo "newcomer: $version, installed in $((installed - began)) ms, first start $((first - installed)) ms," \
  "then $(((ten - first) / 10)) ms, doctor $((asked - ten)) ms"
END
