#!/usr/bin/env bash
# Makes small root file systems in dist/roots, in which the release's binaries for other Linux systems can start: Debian's
# glibc and musl, unpacked but not configured, and an emulator for the other CPU architecture. musl's C++ library is in no
# Debian package, so it is taken from a Python wheel for musl. An existing root is kept.
set -euo pipefail
cd "$(dirname "$0")/../.."
say() { printf 'roots: %s\n' "$*" >&2; }
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  say "BINARIES OF OTHER SYSTEMS ARE NOT STARTED HERE: that takes root on Debian or Ubuntu"
  exit 0
fi

missing=()
command -v mmdebstrap >/dev/null || missing+=(mmdebstrap)
command -v unzip >/dev/null || missing+=(unzip)
command -v pip3 >/dev/null || missing+=(python3-pip)
command -v qemu-aarch64-static >/dev/null || missing+=(qemu-user-static)
if [ ${#missing[@]} -gt 0 ]; then
  say "installing ${missing[*]}"
  apt-get update >/dev/null 2>&1 || :
  DEBIAN_FRONTEND=noninteractive \
    apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=300 "${missing[@]}" >/dev/null
fi

# musl of trixie, because earlier ones cannot load binaries with packed relocations. Ubuntu's own mirror has neither
# Debian packages nor other architectures.
own=$(dpkg --print-architecture)
mirror=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(CODENAME) $(COMPONENT)' 'Created-By: Packages' |
  awk -v own="$(. /etc/os-release && echo "$VERSION_CODENAME")" \
    '($2 == own || $3 == own) && $4 == "main" && !found++ { print $1 }')
if grep -q '^ID=debian' /etc/os-release; then
  suite=trixie foreign=yes
  source="deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main"
else
  suite=$(. /etc/os-release && echo "$VERSION_CODENAME") foreign=
  source="deb $mirror $suite main universe"
fi
mkdir -p dist/roots
work=$(mktemp -d "$PWD/dist/roots/.making.XXXXXX")
trap 'rm -rf "$work"' EXIT

# unpack ROOT ARCHITECTURE PACKAGES
unpack() {
  mmdebstrap --quiet --variant=extract --architectures="$2" --include="$3" "$suite" "$1" "$source"
  for name in bin lib lib64 sbin; do [ -e "$1/$name" ] || ln -s "usr/$name" "$1/$name"; done
  mkdir -p "$1/proc" "$1/tmp" "$1/root"
  # Commands of a minimal system.
  [ "$2" != "$own" ] || chroot "$1" /usr/bin/busybox --install -s /usr/bin
}

# make NAME ARCHITECTURE MACHINE PACKAGE
make() {
  [ ! -d "dist/roots/$1" ] || return 0
  if [ "$2" != "$own" ] && [ -z "$foreign" ]; then say "$1 IS NOT STARTED HERE: that takes Debian"; return 0; fi
  say "making $1"
  local root=$work/$1
  unpack "$root" "$2" "$4,busybox-static"
  [ "$4" != musl ] || add_cxx "$root/usr/lib/$3-linux-musl" "$3"
  [ "$3" = "$(uname -m)" ] || cp "$(command -v "qemu-$3-static")" "$root/qemu"
  mv "$root" "dist/roots/$1"
}

# add_cxx FOLDER MACHINE
add_cxx() {
  pip3 download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --python-version 3.12 \
    --platform "musllinux_1_2_$2" -d "$work/wheel-$2" greenlet==3.5.6
  unzip -q "$work/wheel-$2"/*.whl 'greenlet.libs/*' -d "$work/wheel-$2"
  cp "$work/wheel-$2"/greenlet.libs/* "$1"
  ln -s "$(basename "$1"/libstdc++-*)" "$1/libstdc++.so.6"
}

make linux-x64 amd64 x86_64 libc6
make linux-arm64 arm64 aarch64 libc6
make linux-x64-musl amd64 x86_64 musl
make linux-arm64-musl arm64 aarch64 musl
