#!/usr/bin/env bash
# Makes the base image of the end-to-end tests where no image registry is in reach: packages by mmdebstrap (half the
# time of debootstrap), node and npm from the npm registry. It carries this machine's own package settings, with any
# credentials in them: it is for this machine alone and must never be pushed.
#   base-image.sh [TAG]   (default silo-test-base:latest); an image made from the same inputs is left as it is
set -euo pipefail
umask 022 # every user in a container reads the settings

tag=${1:-silo-test-base:latest}
suite=trixie # Python 3.13: Vibe needs 3.12 or newer
node=26 npm=11
packages=ca-certificates,build-essential,curl,git,iproute2,jq,libatomic1,libssl-dev,ncurses-base,pkg-config,procps
packages+=,python3,python3-pip,python3-venv,socat,unzip,xz-utils,zsh,zstd
bundle=/etc/ssl/certs/ca-certificates.crt
state=${XDG_CACHE_HOME:-$HOME/.cache}/silo-test

say() { printf 'base image: %s\n' "$*" >&2; }
bash "$(dirname "$0")/engine.sh"
if [ "$(id -u)" != 0 ] || ! command -v mmdebstrap >/dev/null; then
  if docker image inspect "$tag" >/dev/null 2>&1; then say "$tag is taken as it is"; exit; fi
  say "THE END-TO-END TESTS CANNOT RUN HERE: only root, with mmdebstrap, can make $tag"
  exit 3
fi
exec 9>"$state/base-image.lock"
flock 9
work=$(mktemp -d "${TMPDIR:-/tmp}/silo-base.XXXXXX")
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
settings=$work/settings
mkdir -p "$settings/etc" "$settings/usr/local/share/ca-certificates" "$work/tmp"

# --- what this machine knows of the way to its packages ---

apt_settings() { apt-config dump | grep -E '^Acquire::(https?::|Retries|Check-|ForceIPv|Allow)' || :; }

# "<address> <suite>" of the machine's own distribution; apt knows it only after an update.
apt_source() {
  apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(CODENAME) $(COMPONENT)' 'Created-By: Packages' |
    awk -v own="$(. /etc/os-release && echo "$VERSION_CODENAME")" \
      '($2 == own || $3 == own) && $4 == "main" && !found++ { print $1, $2 }'
}

# Certificates that are trusted here beyond the distribution's own.
extra_certificates() {
  find /usr/local/share/ca-certificates -name '*.crt' 2>/dev/null || :
  printf '%s\n' "${NODE_EXTRA_CA_CERTS:-}" "${SSL_CERT_FILE:-}" "${PIP_CERT:-}" | sort -u | grep -vxF "$bundle" || :
}

npm_settings() {
  npm config list --long --json 2>/dev/null | node -e '
    const { existsSync, readFileSync } = require("node:fs");
    const config = JSON.parse(readFileSync(0, "utf8"));
    const wanted = /^(registry|proxy|https-proxy|noproxy|strict-ssl|replace-registry-host|@.+:registry)$/;
    for (const [key, value] of Object.entries(config))
      if (wanted.test(key) && value !== null && `${value}` !== "") console.log(`${key}=${value}`);
    for (const file of [config.globalconfig, config.userconfig].filter(existsSync))
      for (const line of readFileSync(file, "utf8").split("\n"))
        if (line.startsWith("//")) console.log(line.replace(/\$\{(\w+)\}/g, (all, name) => process.env[name] ?? all));'
  printf '%s\n' "cafile=$bundle" audit=false fund=false update-notifier=false
}

# Folders of packages on this machine (find-links) mean nothing in a container.
pip_settings() {
  printf '[global]\ncert = %s\ndisable-pip-version-check = 1\n' "$bundle"
  { python3 -m pip config list 2>/dev/null || :; } | sort -r |
    sed -nE "s/^[^.]+\.(index-url|extra-index-url|trusted-host|proxy|retries)='(.*)'$/\1 = \2/p" |
    awk '{ last[$1] = $0 } END { for (key in last) print last[key] }' | sort
}

apt_settings >"$work/apt.conf"
npm_settings >"$settings/etc/npmrc"
pip_settings >"$settings/etc/pip.conf"
count=0
extra_certificates | while read -r file; do
  [ ! -f "$file" ] || cp "$file" "$settings/usr/local/share/ca-certificates/host-$((count += 1)).crt"
done
source=$(apt_source)
[ -n "$source" ] || { apt-get update -qq && source=$(apt_source); }
[ -n "$source" ] || { say "THE END-TO-END TESTS CANNOT RUN HERE: apt knows no source of this distribution"; exit 3; }

key=$({ cat "$0" "$work/apt.conf"; echo "$source"; cd "$settings"; find . -type f -exec sha256sum {} + | sort; } |
  sha256sum | cut -c1-16)
old=$(docker image inspect "$tag" --format '{{.Id}} {{index .Config.Labels "silo.test.key"}}' 2>/dev/null || :)
if [ "${old#* }" = "$key" ]; then say "$tag is current"; exit; fi

# --- the image ---

mirror=${source% *} components=main options=
if /usr/lib/apt/apt-helper download-file "${mirror}dists/$suite/InRelease" "$work/InRelease" >/dev/null 2>&1; then
  options='[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]'
else
  suite=${source#* } components='main universe'
  say "this machine's mirror has no Debian trixie, so this is $suite: Vibe may find no Python that is new enough"
  grep -q '^ID=ubuntu' /etc/os-release || components=main
fi

say "node and npm"
case $(uname -m) in aarch64 | arm64) arch=arm64 ;; *) arch=x64 ;; esac
(cd "$work" && npm pack --silent "node-linux-$arch@$node" "npm@$npm" >/dev/null)
cat >"$work/finish" <<'END'
set -euo pipefail
root=$1 work=$2
rm -rf "$root"/usr/share/{doc,man,locale,info}/*
local=$root/usr/local
mkdir -p "$local/lib/node_modules/npm"
tar -xzf "$work"/node-linux-*.tgz -C "$local" --strip-components=1 --no-same-owner package/bin
tar -xzf "$work"/npm-*.tgz -C "$local/lib/node_modules/npm" --strip-components=1 --no-same-owner
chmod 755 "$local/bin/node" "$local"/lib/node_modules/npm/bin/*-cli.js
for name in npm npx; do ln -s "../lib/node_modules/npm/bin/$name-cli.js" "$local/bin/$name"; done
chroot "$root" npm --version >/dev/null
chroot "$root" useradd --create-home --shell /bin/bash ubuntu # uid 1000, as in ubuntu:24.04
END

say "packages of $suite"
# dpkg waits for the disk most of its time, so this happens in memory where there is enough; the mount is nobody else's.
# shellcheck disable=SC2016
in_memory='if awk "/^MemAvailable/ { exit \$2 < 4000000 }" /proc/meminfo; then mount -t tmpfs silo "$TMPDIR" || :; fi
  exec "$@"'
image=$(TMPDIR=$work/tmp unshare --mount bash -c "$in_memory" bash \
  mmdebstrap --variant=minbase --format=tar --include="$packages" \
    --dpkgopt=force-unsafe-io --aptopt="$work/apt.conf" \
    --essential-hook="cp -r '$settings/.' \"\$1\"" --customize-hook="bash '$work/finish' \"\$1\" '$work'" \
    "$suite" - "deb $options $mirror $suite $components" 2>"$state/base-image.log" |
  docker import --change "LABEL silo.test.key=$key" --change 'CMD ["/bin/bash"]' \
    --change "ENV LANG=C.UTF-8 NPM_CONFIG_GLOBALCONFIG=/etc/npmrc NODE_EXTRA_CA_CERTS=$bundle" \
    --change "ENV SSL_CERT_FILE=$bundle REQUESTS_CA_BUNDLE=$bundle" -) ||
  { tail -n 20 "$state/base-image.log" >&2; say "failed; the whole log is $state/base-image.log"; exit 1; }
docker tag "$image" "$tag"
[ -z "${old% *}" ] || docker image rm "${old% *}" >/dev/null 2>&1 || : # it stays while something is built on it
size=$(docker image inspect "$tag" --format '{{.Size}}')
say "$tag is made in $SECONDS s, $((size / 1000000)) MB"
